import { z } from "zod";
import { WorkError } from "../../base/errors.ts";
import type { ChatFormat } from "../../checkpoints/tokenizer/chat-format.ts";
import { readJson } from "./answer-body.ts";
import { isPlausibleCount } from "./answer-limits.ts";
import { askServer, mayPass, type ServerConnection } from "./ask-server.ts";
import type { ServedCompletion } from "./completion-answer.ts";
import { unversionedRoute } from "./server-url.ts";

/** What vLLM and SGLang answer (`count`), and what llama-server does (`tokens`). */
const tokenizeSchema = z.union([
  z.object({ count: z.int().nonnegative() }).transform(({ count }) => count),
  z.object({ tokens: z.array(z.unknown()) }).transform(({ tokens }) => tokens.length),
]);

/** A model on a server that may be able to count tokens. */
export interface TokenCounter {
  readonly options: ServerConnection & { readonly url: string };
  readonly model: string;
  readonly isLlamaCpp: boolean;
  readonly chat: ChatFormat;
  /** Whether the server has a route that counts; true until it turns out not to. */
  countsTokens: boolean;
  /** Whether llama-server puts its model's first token in front of every prompt; asked once, where a prompt has it. */
  addsFirstToken?: Promise<boolean>;
}

/** Whether vLLM puts a first token in front. */
export interface SpecialTokens {
  readonly add_special_tokens?: false;
}

const NONE: SpecialTokens = { add_special_tokens: false };

/** Where the template writes the first token itself, vLLM would put another in front. */
export function specialTokens({ bosToken }: ChatFormat, prompt: string): SpecialTokens {
  return bosToken !== undefined && prompt.startsWith(bosToken) ? NONE : {};
}

/**
 * Counts as the server does, vLLM with a token of its own in front unless told not to.
 *
 * @returns undefined if the server cannot count
 */
export async function countTokens(
  served: TokenCounter,
  text: string,
  special: SpecialTokens,
  { signal, retries }: { signal?: AbortSignal | undefined; retries?: number | undefined } = {},
): Promise<number | undefined> {
  if (!served.countsTokens) return undefined;
  const { options, model } = served;
  // vLLM reads `prompt`, llama-server `content`; both have the route beside the versioned ones.
  const body = { model, prompt: text, content: text, ...special };
  try {
    return await askServer(
      retries === undefined ? options : { ...options, retries: Math.min(retries, options.retries ?? retries) },
      { url: unversionedRoute(options.url, "tokenize"), body, signal },
      readJson(tokenizeSchema),
    );
  } catch (error) {
    if (!(error instanceof WorkError) || mayPass(error)) throw error;
    served.countsTokens = false;
    return undefined;
  }
}

/** The number of sampled tokens that a server tells, or what it counts when asked where that cannot be. */
export async function believedCount(
  served: TokenCounter,
  { usage }: ServedCompletion,
  text: string,
  maxTokens: number,
): Promise<number> {
  const told = usage.completion_tokens;
  if (isPlausibleCount(told, text.length, maxTokens)) return told;
  const counted = await countTokens(served, text, NONE);
  if (counted !== undefined && isPlausibleCount(counted, text.length, maxTokens)) return counted;
  throw new WorkError(
    `The server counted ${told} tokens in an answer of ${text.length} characters, of which at most ${maxTokens} were asked for`,
    { hint: "Its token counts are no good, and it cannot be asked for others." },
  );
}

/** The answer is there; that it cannot be counted, or that the run is ended meanwhile, must not cost it. */
export async function countThinking(
  served: TokenCounter,
  text: string,
  signal: AbortSignal | undefined,
): Promise<number | null> {
  return (await countTokens(served, text, NONE, { signal, retries: 2 }).catch(() => undefined)) ?? null;
}

/** llama-server puts the first token in front where its model has one, and cannot be told not to. */
export async function withoutDoubledToken(
  served: TokenCounter,
  prompt: string,
  signal: AbortSignal | undefined,
): Promise<string> {
  const { bosToken } = served.chat;
  if (!served.isLlamaCpp || bosToken === undefined || bosToken === "" || !prompt.startsWith(bosToken)) return prompt;
  served.addsFirstToken ??= addsFirstToken(served, signal);
  return (await served.addsFirstToken) ? prompt.slice(bosToken.length) : prompt;
}

/** Whether nothing has a token: the first. A llama-server that does not say adds one: it does for every model that has one. */
async function addsFirstToken({ options }: TokenCounter, signal: AbortSignal | undefined): Promise<boolean> {
  const url = unversionedRoute(options.url, "tokenize");
  const question = { url, body: { content: "", add_special: true }, signal };
  return await askServer(options, question, readJson(tokenizeSchema)).then(
    (count) => count > 0,
    () => {
      signal?.throwIfAborted();
      return true;
    },
  );
}
