import { z } from "zod";
import { WorkError } from "../base/errors.ts";
import {
  askServer,
  mayPass,
  type ServerAnswer,
  type ServerConnection,
  type ServerQuestion,
  ServerRefusal,
  textOf,
} from "./ask-server.ts";
import type {
  ChatFormat,
  Completion,
  CompletionRequest,
  FinishReason,
  LoadedModel,
  LoadOptions,
  ModelRuntime,
} from "./runtime.ts";
import { suggestVersion, unversionedRoute, versionedRoute } from "./server-url.ts";

/** What is known of a server, wherever it is. */
export interface OpenAiServerOptions extends ServerConnection {
  /** Up to and with the version: `http://localhost:8000/v1`. */
  readonly url: string;
  /** The server's name of the model; `{name}` in it stands for `LoadOptions.name`. What the server lists first if left out. */
  readonly model?: string | undefined;
  /** Completions to keep in flight if `load` does not say. */
  readonly concurrency?: number | undefined;
}

const NO_TEMPLATE: ChatFormat = { template: undefined, bosToken: undefined, eosToken: undefined };

/** A batching server is busy with about this many; more wait in its queue. */
const DEFAULT_CONCURRENCY = 32;

const THINK_END = "</think>";

const completionSchema = z.object({
  choices: z.array(z.object({ text: z.string(), finish_reason: z.string().nullish() })).min(1),
  usage: z.object({ prompt_tokens: z.int().nonnegative(), completion_tokens: z.int().nonnegative() }),
});

/** What vLLM and SGLang answer (`count`), and what llama-server does (`tokens`). */
const tokenizeSchema = z.union([
  z.object({ count: z.int().nonnegative() }).transform(({ count }) => count),
  z.object({ tokens: z.array(z.unknown()) }).transform(({ tokens }) => tokens.length),
]);

const modelsSchema = z.object({ data: z.array(z.object({ id: z.string(), owned_by: z.unknown() })).min(1) });

/** What llama-server says its models are owned by. */
const LLAMA_CPP = "llamacpp";

/** llama-server samples in another order if it is not told, temperature last; the others know no such field. */
const SAMPLERS = ["penalties", "temperature", "top_k", "top_p", "min_p"];

/**
 * A server that speaks OpenAI's completions protocol: llama-server, vLLM, SGLang. It gets the rendered prompt as it is, and
 * its usage numbers are the token counts. Busy and broken answers are tried again.
 *
 * `load` loads nothing: the server has its model already.
 */
export function createOpenAiRuntime(options: OpenAiServerOptions): ModelRuntime {
  return {
    build: describeServer(options.model),
    load: (_path, load) => connect(options, load),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** The part of a unit's identity that tells servers apart. Where one is does not matter, only what it was asked to run. */
export function describeServer(what: string | undefined): string {
  return what === undefined ? "openai-server" : `openai-server (${what})`;
}

/** A model that a server has. @throws WorkError if the server does not answer */
export async function connect(
  options: OpenAiServerOptions,
  { contextTokens, sequences, chat = NO_TEMPLATE, name = "", signal }: LoadOptions,
): Promise<LoadedModel> {
  const models = await listModels(options, signal);
  const model = options.model?.replaceAll("{name}", name) ?? models[0]?.id ?? "";
  const isLlamaCpp = models.some((listed) => listed.owned_by === LLAMA_CPP);
  const served: ServedModel = { options, model, isLlamaCpp, chat, contextTokens, countsTokens: true };
  return {
    chat,
    sequences: sequences ?? options.concurrency ?? DEFAULT_CONCURRENCY,
    countTokens: async (text) => (await countTokens(served, text)) ?? (await countByCompleting(served, text)),
    complete: (request, abort) => complete(served, request, abort),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** What the server says it has: it may say nothing if the model's name is known. */
async function listModels(
  options: OpenAiServerOptions,
  signal: AbortSignal | undefined,
): Promise<z.output<typeof modelsSchema>["data"]> {
  try {
    return (await ask(options, { route: "models", signal }, modelsSchema)).data;
  } catch (error) {
    if (options.model === undefined || !(error instanceof WorkError) || mayPass(error)) throw error;
    return [];
  }
}

interface ServedModel {
  readonly options: OpenAiServerOptions;
  readonly model: string;
  readonly isLlamaCpp: boolean;
  readonly chat: ChatFormat;
  readonly contextTokens: number;
  /** Whether the server has a route that counts; true until it turns out not to. */
  countsTokens: boolean;
}

/** Undefined if the server cannot count. */
async function countTokens(served: ServedModel, text: string, signal?: AbortSignal): Promise<number | undefined> {
  if (!served.countsTokens) return undefined;
  const { options, model } = served;
  // vLLM reads `prompt`, llama-server `content`; both have the route beside the versioned ones.
  const body = { model, prompt: text, content: text };
  try {
    return await askServer(options, { url: unversionedRoute(options.url, "tokenize"), body, signal }, (answer) =>
      readJson(answer, tokenizeSchema),
    );
  } catch (error) {
    if (!(error instanceof WorkError) || mayPass(error)) throw error;
    served.countsTokens = false;
    return undefined;
  }
}

/** The prompt of any completion is counted. */
async function countByCompleting({ options, model, chat }: ServedModel, prompt: string): Promise<number> {
  const body = { model, prompt, ...specialTokens(chat, prompt), max_tokens: 1 };
  const { usage } = await ask(options, { route: "completions", body, signal: undefined }, completionSchema);
  return usage.prompt_tokens;
}

/** Where the template writes the first token itself, vLLM would put another in front. */
function specialTokens({ bosToken }: ChatFormat, prompt: string): { add_special_tokens?: false } {
  return bosToken !== undefined && prompt.startsWith(bosToken) ? { add_special_tokens: false } : {};
}

async function complete(
  served: ServedModel,
  { prompt, sampling }: CompletionRequest,
  signal: AbortSignal | undefined,
): Promise<Completion> {
  const { options, model, isLlamaCpp, chat, contextTokens } = served;
  if (sampling.maxThinkingTokens !== null) {
    throw new WorkError("Expected no thinking budget, found one: the completions protocol has no word for it");
  }
  const startedAt = performance.now();
  const body = {
    model,
    prompt,
    temperature: sampling.temperature,
    top_p: sampling.topP,
    // What keeps all tokens: each of the others takes -1, llama-server 0.
    top_k: sampling.topK === 0 && !isLlamaCpp ? -1 : sampling.topK,
    min_p: sampling.minP,
    repetition_penalty: sampling.repetitionPenalty,
    repeat_penalty: sampling.repetitionPenalty,
    max_tokens: sampling.maxTokens,
    ...(sampling.stop.length === 0 ? {} : { stop: sampling.stop }),
    seed: sampling.seed,
    ...specialTokens(chat, prompt),
    // Its penalty is over the last 64 tokens otherwise. (-1 is the whole context in older ones, an error in newer ones.)
    ...(isLlamaCpp ? { samplers: SAMPLERS, repeat_last_n: contextTokens } : {}),
  };
  const answer = await ask(options, { route: "completions", body, signal }, completionSchema);
  const [choice] = answer.choices;
  const { prompt_tokens: promptTokens, completion_tokens: completionTokens } = answer.usage;
  if (promptTokens + sampling.maxTokens > contextTokens) {
    throw new WorkError(
      `Expected prompt and answer to fit the context of ${contextTokens} tokens; the server counted a prompt of ` +
        `${promptTokens}, with max_tokens ${sampling.maxTokens}`,
      { hint: "Lower max_tokens, or give the model a larger context." },
    );
  }
  const text = choice?.text ?? "";
  const end = text.indexOf(THINK_END);
  return {
    text,
    finishReason: finishReasonOf(choice?.finish_reason),
    promptTokens,
    completionTokens,
    thinkingTokens:
      end < 0 ? null : ((await countTokens(served, text.slice(0, end + THINK_END.length), signal)) ?? null),
    milliseconds: Math.round(performance.now() - startedAt),
  };
}

function finishReasonOf(reason: string | null | undefined): FinishReason {
  if (reason === "length" || reason === "stop") return reason;
  throw new WorkError(`Expected the server's finish_reason to be stop or length, found ${JSON.stringify(reason)}`);
}

interface ProtocolQuestion extends Omit<ServerQuestion, "url"> {
  readonly route: "completions" | "models";
}

/** Asks for JSON of a certain form. */
async function ask<Schema extends z.ZodType>(
  options: OpenAiServerOptions,
  { route, ...question }: ProtocolQuestion,
  schema: Schema,
): Promise<z.output<Schema>> {
  const url = versionedRoute(options.url, route);
  try {
    return await askServer(options, { url, ...question }, (answer) => readJson(answer, schema));
  } catch (error) {
    const unknown = error instanceof OtherProtocol || (error instanceof ServerRefusal && error.status === 404);
    const suggestion = suggestVersion(options.url);
    if (!unknown || suggestion === "") throw error;
    throw new WorkError(`${error.message}${suggestion}`, { cause: error });
  }
}

/** An answer that is not what the protocol says. */
class OtherProtocol extends WorkError {}

async function readJson<Schema extends z.ZodType>(answer: ServerAnswer, schema: Schema): Promise<z.output<Schema>> {
  const text = await textOf(answer);
  const parsed = schema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new OtherProtocol(
    `${answer.url.href}: expected an answer of the completions protocol, found ${text.slice(0, 300)}`,
    { cause: parsed.error },
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
