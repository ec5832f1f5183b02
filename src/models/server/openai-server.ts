import { z } from "zod";
import { WorkError } from "../../base/errors.ts";
import type { ChatFormat } from "../../checkpoints/tokenizer/chat-format.ts";
import type {
  Completion,
  CompletionRequest,
  FinishReason,
  LoadedModel,
  LoadOptions,
  ModelRuntime,
} from "../runtime.ts";
import { OtherProtocol, readJson, type ServerAnswer } from "./answer-body.ts";
import { isPlausiblePrompt } from "./answer-limits.ts";
import { askServer, mayPass, type ServerConnection, type ServerQuestion, ServerRefusal } from "./ask-server.ts";
import { readStreamed, readWhole, type ServedCompletion } from "./completion-answer.ts";
import {
  believedCount,
  countThinking,
  countTokens,
  specialTokens,
  type TokenCounter,
  withoutDoubledToken,
} from "./served-tokens.ts";
import { suggestVersion, versionedRoute } from "./server-url.ts";

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

const THINK_START = "<think>";
const THINK_END = "</think>";

const modelsSchema = z.object({ data: z.array(z.object({ id: z.string(), owned_by: z.unknown().optional() })).min(1) });

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
  const served: ServedModel = { options, model, isLlamaCpp, chat, contextTokens, countsTokens: true, streams: true };
  return {
    chat,
    sequences: sequences ?? options.concurrency ?? DEFAULT_CONCURRENCY,
    countTokens: async (text) =>
      (await countTokens(served, text, specialTokens(chat, text))) ?? (await countByCompleting(served, text)),
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
    return (await ask(options, { route: "models", signal }, readJson(modelsSchema))).data;
  } catch (error) {
    if (options.model === undefined || !(error instanceof WorkError) || mayPass(error)) throw error;
    return [];
  }
}

interface ServedModel extends TokenCounter {
  readonly contextTokens: number;
  /** Whether the server can stream answers with their usage; true until it turns out not to. */
  streams: boolean;
}

/** The prompt of any completion is counted. */
async function countByCompleting({ options, model, chat }: ServedModel, prompt: string): Promise<number> {
  const body = { model, prompt, ...specialTokens(chat, prompt), max_tokens: 1 };
  const question = { route: "completions", mayQueue: true, maxTokens: 1, body } as const;
  const { usage } = await ask(options, question, (answer) => readWhole(answer, 1));
  return usage.prompt_tokens;
}

async function complete(
  served: ServedModel,
  { prompt, sampling }: CompletionRequest,
  signal: AbortSignal | undefined,
): Promise<Completion> {
  const { model, isLlamaCpp, chat, contextTokens } = served;
  const { maxTokens } = sampling;
  if (sampling.maxThinkingTokens !== null) {
    throw new WorkError("Expected no thinking budget, found one: the completions protocol has no word for it");
  }
  const startedAt = performance.now();
  const body = {
    model,
    prompt: await withoutDoubledToken(served, prompt, signal),
    temperature: sampling.temperature,
    top_p: sampling.topP,
    // What keeps all tokens: each of the others takes -1, llama-server 0.
    top_k: sampling.topK === 0 && !isLlamaCpp ? -1 : sampling.topK,
    min_p: sampling.minP,
    repetition_penalty: sampling.repetitionPenalty,
    repeat_penalty: sampling.repetitionPenalty,
    max_tokens: maxTokens,
    ...(sampling.stop.length === 0 ? {} : { stop: sampling.stop }),
    seed: sampling.seed,
    ...(isLlamaCpp ? {} : specialTokens(chat, prompt)),
    // Its penalty is over the last 64 tokens otherwise. (-1 is the whole context in older ones, an error in newer ones.)
    ...(isLlamaCpp ? { samplers: SAMPLERS, repeat_last_n: contextTokens } : {}),
  };
  const answer = await generate(served, body, maxTokens, signal);
  const text = withReasoning(answer, prompt);
  const { prompt_tokens: promptTokens } = answer.usage;
  if (!isPlausiblePrompt(promptTokens, prompt)) {
    throw new WorkError(
      `The server counted a prompt of ${promptTokens} tokens, found one of ${Buffer.byteLength(prompt)} bytes`,
    );
  }
  if (promptTokens + maxTokens > contextTokens) {
    throw new WorkError(
      `Expected prompt and answer to fit the context of ${contextTokens} tokens; the server counted a prompt of ` +
        `${promptTokens}, with max_tokens ${maxTokens}`,
      { hint: "Lower max_tokens, or give the model a larger context." },
    );
  }
  const end = text.indexOf(THINK_END);
  return {
    text,
    finishReason: finishReasonOf(answer.finishReason),
    promptTokens,
    completionTokens: await believedCount(served, answer, text, maxTokens),
    thinkingTokens: end < 0 ? null : await countThinking(served, text.slice(0, end + THINK_END.length), signal),
    milliseconds: Math.round(performance.now() - startedAt),
  };
}

/** The answer to a prompt, as a stream: so it is heard all the time that the server is at work. */
async function generate(
  served: ServedModel,
  body: object,
  maxTokens: number,
  signal: AbortSignal | undefined,
): Promise<ServedCompletion> {
  const { options } = served;
  const question = { route: "completions", mayQueue: true, maxTokens, signal } as const;
  if (served.streams) {
    const streamed = { ...body, stream: true, stream_options: { include_usage: true } };
    try {
      const { usage, ...answer } = await ask(options, { ...question, body: streamed }, (found) =>
        readStreamed(found, maxTokens),
      );
      if (usage !== undefined) return { ...answer, usage };
    } catch (error) {
      if (!(error instanceof ServerRefusal && !mayPass(error) && error.message.includes("stream"))) throw error;
    }
    // It knows nothing of usage in streams, or refuses the wish for it: token counts are worth a second answer.
    served.streams = false;
  }
  return await ask(options, { ...question, body }, (found) => readWhole(found, maxTokens));
}

/** The text with the thinking that the server took out of it. */
function withReasoning({ text, reasoning, finishReason }: ServedCompletion, prompt: string): string {
  if (reasoning === "") return text;
  const opened = /<think>\s*$/.test(prompt) ? "" : THINK_START;
  const closed = text === "" && finishReason === "length" ? "" : THINK_END;
  return `${opened}${reasoning}${closed}${text}`;
}

function finishReasonOf(reason: string): FinishReason {
  if (reason === "length" || reason === "stop") return reason;
  throw new WorkError(`Expected the server's finish_reason to be stop or length, found ${JSON.stringify(reason)}`);
}

interface ProtocolQuestion extends Omit<ServerQuestion, "url"> {
  readonly route: "completions" | "models";
}

async function ask<Result>(
  options: OpenAiServerOptions,
  { route, ...question }: ProtocolQuestion,
  read: (answer: ServerAnswer) => Promise<Result>,
): Promise<Result> {
  const url = versionedRoute(options.url, route);
  try {
    return await askServer(options, { url, ...question }, read);
  } catch (error) {
    const unknown = error instanceof OtherProtocol || (error instanceof ServerRefusal && error.status === 404);
    const suggestion = suggestVersion(options.url);
    if (!unknown || suggestion === "") throw error;
    throw new WorkError(`${error.message}${suggestion}`, { cause: error });
  }
}
