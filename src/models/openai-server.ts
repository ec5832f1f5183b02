import { z } from "zod";
import { WorkError } from "../base/errors.ts";
import { askServer, type ServerConnection, type ServerQuestion, textOf } from "./ask-server.ts";
import type {
  ChatFormat,
  Completion,
  CompletionRequest,
  FinishReason,
  LoadedModel,
  LoadOptions,
  ModelRuntime,
} from "./runtime.ts";

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

const completionSchema = z.object({
  choices: z.array(z.object({ text: z.string(), finish_reason: z.string().nullish() })).min(1),
  usage: z.object({ prompt_tokens: z.int().nonnegative(), completion_tokens: z.int().nonnegative() }),
});

/** What vLLM and SGLang answer (`count`), and what llama-server does (`tokens`). */
const tokenizeSchema = z.union([
  z.object({ count: z.int().nonnegative() }).transform(({ count }) => count),
  z.object({ tokens: z.array(z.unknown()) }).transform(({ tokens }) => tokens.length),
]);

const modelsSchema = z.object({ data: z.array(z.object({ id: z.string() })).min(1) });

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
  const model = options.model?.replaceAll("{name}", name) ?? (await firstModel(options, signal));
  const countTokens = (text: string, abort?: AbortSignal): Promise<number> =>
    // vLLM reads `prompt`, llama-server `content`; both have the route beside the versioned ones.
    ask(
      options,
      { url: new URL("/tokenize", options.url), body: { model, prompt: text, content: text }, signal: abort },
      tokenizeSchema,
    );
  return {
    chat,
    sequences: sequences ?? options.concurrency ?? DEFAULT_CONCURRENCY,
    countTokens: (text) => countTokens(text),
    complete: (request, abort) => complete(options, { model, chat, contextTokens, countTokens }, request, abort),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function firstModel(options: OpenAiServerOptions, signal: AbortSignal | undefined): Promise<string> {
  const { data } = await ask(options, { url: route(options, "models"), signal }, modelsSchema);
  return data[0]?.id ?? "";
}

/** A route beside the others of the protocol. */
function route({ url }: OpenAiServerOptions, name: string): URL {
  return new URL(`${url.replace(/\/$/, "")}/${name}`);
}

interface ServedModel {
  readonly model: string;
  readonly chat: ChatFormat;
  readonly contextTokens: number;
  readonly countTokens: (text: string, signal?: AbortSignal) => Promise<number>;
}

async function complete(
  options: OpenAiServerOptions,
  { model, chat, contextTokens, countTokens }: ServedModel,
  { prompt, sampling }: CompletionRequest,
  signal: AbortSignal | undefined,
): Promise<Completion> {
  if (sampling.maxThinkingTokens !== null) {
    throw new WorkError("Expected no thinking budget, found one: the completions protocol has no word for it");
  }
  const startedAt = performance.now();
  const body = {
    model,
    prompt,
    temperature: sampling.temperature,
    top_p: sampling.topP,
    // Keeps all tokens, for each of the servers.
    top_k: sampling.topK === 0 ? -1 : sampling.topK,
    min_p: sampling.minP,
    repetition_penalty: sampling.repetitionPenalty,
    repeat_penalty: sampling.repetitionPenalty,
    max_tokens: sampling.maxTokens,
    ...(sampling.stop.length === 0 ? {} : { stop: sampling.stop }),
    seed: sampling.seed,
    // Where the template writes the first token itself, vLLM would put another in front.
    ...(chat.bosToken !== undefined && prompt.startsWith(chat.bosToken) ? { add_special_tokens: false } : {}),
  };
  const answer = await ask(options, { url: route(options, "completions"), body, signal }, completionSchema);
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
  const end = text.indexOf("</think>");
  return {
    text,
    finishReason: finishReasonOf(choice?.finish_reason),
    promptTokens,
    completionTokens,
    thinkingTokens: end < 0 ? null : await countTokens(text.slice(0, end + "</think>".length), signal),
    milliseconds: Math.round(performance.now() - startedAt),
  };
}

function finishReasonOf(reason: string | null | undefined): FinishReason {
  if (reason === "length" || reason === "stop") return reason;
  throw new WorkError(`Expected the server's finish_reason to be stop or length, found ${JSON.stringify(reason)}`);
}

/** Asks, and reads JSON of a certain form. */
async function ask<Schema extends z.ZodType>(
  options: OpenAiServerOptions,
  question: ServerQuestion,
  schema: Schema,
): Promise<z.output<Schema>> {
  return await askServer(options, question, async (answer) => {
    const text = await textOf(answer);
    const parsed = schema.safeParse(parseJson(text));
    if (parsed.success) return parsed.data;
    throw new WorkError(
      `${answer.url.href}: expected an answer of the completions protocol, found ${text.slice(0, 300)}`,
      { cause: parsed.error },
    );
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
