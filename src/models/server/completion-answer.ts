import { z } from "zod";
import { eventsOf, parseAnswer, type ServerAnswer, textOf } from "./answer-body.ts";
import { AnswerLimits } from "./answer-limits.ts";
import { BrokenConnection, ServerRefusal } from "./ask-server.ts";

/** What a server answers to a prompt. */
export interface ServedCompletion {
  readonly text: string;
  /** Thinking that the server keeps apart from the text. */
  readonly reasoning: string;
  readonly finishReason: string;
  readonly usage: Usage;
}

/** A server that streams may keep the token counts to itself. */
export type StreamedCompletion = Omit<ServedCompletion, "usage"> & { readonly usage: Usage | undefined };

type Usage = z.output<typeof usageSchema>;

const usageSchema = z.object({
  prompt_tokens: z.int().nonnegative(),
  completion_tokens: z.int().nonnegative(),
});

const choiceSchema = z.object({
  text: z.string().nullish(),
  reasoning_content: z.string().nullish(),
  /** The same, as newer ones of vLLM call it. */
  reasoning: z.string().nullish(),
  finish_reason: z.string().nullish(),
});

const wholeSchema = z.object({
  choices: z.tuple([choiceSchema.extend({ text: z.string() })], z.unknown()),
  usage: usageSchema,
});

/** A piece, or what went wrong after the stream had begun. */
const eventSchema = z.union([
  z.object({ choices: z.array(choiceSchema), usage: usageSchema.nullish() }),
  z.object({ error: z.object({ code: z.unknown().optional() }) }).transform(({ error: { code } }) => ({ code })),
  z.object({ error: z.string() }).transform(() => ({ code: undefined })),
  z.object({ object: z.literal("error"), code: z.unknown().optional() }),
]);

const END = "[DONE]";

/** Reads an answer that comes as a whole, of so many tokens at the most. */
export async function readWhole(answer: ServerAnswer, maxTokens: number): Promise<ServedCompletion> {
  const limits = new AnswerLimits(maxTokens, answer.url.href);
  const { choices, usage } = parseAnswer(answer, await textOf(answer, limits.transferredCharacters), wholeSchema);
  const [choice] = choices;
  limits.add(choice.text);
  return { text: choice.text, reasoning: reasoningOf(choice), finishReason: choice.finish_reason ?? "", usage };
}

/** Reads an answer that was asked for as a stream, which a server need not care about. */
export async function readStreamed(answer: ServerAnswer, maxTokens: number): Promise<StreamedCompletion> {
  if (!answer.isEventStream) return await readWhole(answer, maxTokens);
  const limits = new AnswerLimits(maxTokens, answer.url.href);
  let text = "";
  let reasoning = "";
  let finishReason: string | undefined;
  let usage: Usage | undefined;
  for await (const data of eventsOf(answer)) {
    if (data === END) continue;
    const event = parseAnswer(answer, data, eventSchema);
    if (!("choices" in event)) throw refusal(answer, event.code, data);
    const [choice] = event.choices;
    const [shown, thought] = [choice?.text ?? "", choice === undefined ? "" : reasoningOf(choice)];
    limits.add(shown + thought);
    text += shown;
    reasoning += thought;
    finishReason = choice?.finish_reason ?? finishReason;
    usage = event.usage ?? usage;
  }
  if (finishReason === undefined) {
    throw new BrokenConnection(`No whole answer from ${answer.url.href}: its stream ended in the middle`);
  }
  return { text, reasoning, finishReason, usage };
}

function refusal({ url }: ServerAnswer, code: unknown, text: string): ServerRefusal {
  const status = typeof code === "number" && code >= 400 && code < 600 ? code : 500;
  return new ServerRefusal(url, { status, retryAfter: undefined }, text);
}

function reasoningOf({ reasoning_content: content, reasoning }: z.output<typeof choiceSchema>): string {
  return content ?? reasoning ?? "";
}
