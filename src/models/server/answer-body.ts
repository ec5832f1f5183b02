import { createParser } from "eventsource-parser";
import type { z } from "zod";
import { WorkError } from "../../base/errors.ts";

/** An answer that is no refusal. */
export interface ServerAnswer {
  readonly url: URL;
  /** Whether it comes as Server-Sent Events. */
  readonly isEventStream: boolean;
  /** The text, in pieces as they come. */
  readonly pieces: AsyncIterable<string>;
}

/** An answer that is not what the protocol says. */
export class OtherProtocol extends WorkError {
  constructor({ url }: ServerAnswer, text: string, cause?: unknown) {
    const found = text.slice(0, SHOWN_CHARACTERS);
    super(`${url.href}: expected an answer of the completions protocol, found ${found}`, { cause });
  }
}

/** Of a text that is not ours, in a message. */
export const SHOWN_CHARACTERS = 300;

/** Longer than any answer; a server that sends more is none of this protocol. */
const MAX_ANSWER_CHARACTERS = 64 * 1024 * 1024;

/** The whole text of an answer, of so many characters at the most. */
export async function textOf(answer: ServerAnswer, most: number = MAX_ANSWER_CHARACTERS): Promise<string> {
  let text = "";
  for await (const piece of answer.pieces) {
    text += piece;
    if (text.length > most) throw new OtherProtocol(answer, `${text.slice(0, 80)}... without end`);
  }
  return text;
}

/** The data of each event of an event stream. */
export async function* eventsOf(answer: ServerAnswer): AsyncGenerator<string> {
  const events: string[] = [];
  let endless = false;
  const parser = createParser({
    onEvent: ({ data }) => events.push(data),
    onError: ({ type, field, value }) => {
      // Older ones of llama-server say `error: {...}` where others say `data: {"error": {...}}`.
      if (field === "error") events.push(`{"error": ${value}}`);
      if (type === "max-buffer-size-exceeded") endless = true;
    },
    maxBufferSize: MAX_ANSWER_CHARACTERS,
  });
  for await (const piece of answer.pieces) {
    parser.feed(piece);
    yield* events.splice(0);
    if (endless) throw new OtherProtocol(answer, "an event without end");
  }
}

/** @throws OtherProtocol for what is no JSON, or another */
export function parseAnswer<Schema extends z.ZodType>(
  answer: ServerAnswer,
  text: string,
  schema: Schema,
): z.output<Schema> {
  const parsed = schema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new OtherProtocol(answer, text, parsed.error);
}

/** Reads an answer that comes as a whole, as JSON of this shape. */
export function readJson<Schema extends z.ZodType>(
  schema: Schema,
): (answer: ServerAnswer) => Promise<z.output<Schema>> {
  return async (answer) => parseAnswer(answer, await textOf(answer), schema);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
