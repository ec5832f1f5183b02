import { InputError } from "../../base/errors.ts";
import { isRecord } from "../../base/is-record.ts";
import { at, listOf, messageText, numberOrNull, positiveOrNull, recordOf, textOrNull, textsOf } from "../fields.ts";
import type { ImportedAnswer } from "../imported-run.ts";

/** Values that Inspect's scorers write in letters and words. */
const LETTERS: Readonly<Record<string, number>> = { C: 1, P: 0.5, I: 0, N: 0, yes: 1, true: 1, no: 0, false: 0 };

/** Why a model stopped, as Inspect has called it over time. */
const STOPPED: Readonly<Record<string, "stop" | "length">> = {
  stop: "stop",
  length: "length",
  max_tokens: "length",
  model_length: "length",
};

/**
 * One sample of a log: one attempt at one question.
 *
 * @throws InputError for a sample without id and epoch
 */
export function readSample(
  sample: unknown,
  where: string,
  { maxTokens, countsPadding }: { readonly maxTokens: number | null; readonly countsPadding: boolean },
): ImportedAnswer {
  const [id] = textsOf(at(sample, "id"));
  const epoch = positiveOrNull(at(sample, "epoch"));
  if (id === undefined || epoch === null) {
    throw new InputError(
      `${where}: expected a sample with an id and an epoch, found ${JSON.stringify(Object.keys(recordOf(sample)).slice(0, 8))}`,
    );
  }
  const attachments = recordOf(at(sample, "attachments"));
  const { scores, extracted } = scoresOf(sample);
  const tokens = countsPadding ? null : numberOrNull(at(sample, "output", "usage", "output_tokens"));
  const stopped = STOPPED[String(at(sample, "output", "choices", 0, "stop_reason"))] ?? null;
  return {
    id,
    question: inputText(at(sample, "input"), attachments),
    golds: textsOf(at(sample, "target")),
    attempt: epoch - 1,
    completion: completionOf(sample, attachments),
    tokens,
    finish: stopped ?? (tokens !== null && maxTokens !== null && tokens >= maxTokens ? "length" : null),
    extracted,
    scores,
  };
}

/** Old logs have no `completion`; reasoning is no part of it. */
function completionOf(sample: unknown, attachments: Readonly<Record<string, unknown>>): string | null {
  const output = at(sample, "output");
  const text = textOrNull(at(output, "completion")) ?? messageText(at(output, "choices", 0, "message", "content"));
  return text === null ? null : resolved(text, attachments);
}

function inputText(input: unknown, attachments: Readonly<Record<string, unknown>>): string | null {
  if (typeof input === "string") return resolved(input, attachments);
  const texts = listOf(input)
    .filter((message) => at(message, "role") === "user")
    .flatMap((message) => messageText(at(message, "content")) ?? []);
  return texts.length === 0 ? null : resolved(texts.join("\n"), attachments);
}

/** Long texts stand elsewhere in the sample. */
function resolved(text: string, attachments: Readonly<Record<string, unknown>>): string {
  return text.replaceAll(/attachment:\/\/(\w+)/g, (whole, key: string) => textOrNull(attachments[key]) ?? whole);
}

/** By scorer; a scorer of several values has one score each, called `scorer/value`. */
function scoresOf(sample: unknown): { scores: Record<string, number>; extracted: Record<string, string> } {
  const [scores, extracted]: [Record<string, number>, Record<string, string>] = [{}, {}];
  const single = at(sample, "score");
  const all = isRecord(single) ? { score: single } : recordOf(at(sample, "scores"));
  for (const [scorer, score] of Object.entries(all)) {
    const value = at(score, "value");
    const parts: readonly [string, unknown][] = isRecord(value)
      ? Object.entries(value).map(([name, part]) => [`${scorer}/${name}`, part])
      : [[scorer, value]];
    for (const [name, part] of parts) {
      const number = scoreNumber(part);
      if (number !== null) scores[name] = number;
    }
    const answer = at(score, "answer");
    if (typeof answer === "string") extracted[scorer] = answer;
  }
  return { scores, extracted };
}

function scoreNumber(value: unknown): number | null {
  if (typeof value !== "string") return numberOrNull(value);
  const letter = LETTERS[value] ?? LETTERS[value.toLowerCase()];
  if (letter !== undefined) return letter;
  return value.trim() === "" ? null : numberOrNull(Number(value));
}
