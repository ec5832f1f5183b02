import { findBoxes } from "./accuracy/extract/boxes.ts";
import { splitReasoning } from "./split-reasoning.ts";

/** The format of a completion: the headline, and each component that it was judged by. */
export interface FormatScore {
  /** The Open-RS reward: `\n</think>\n` exactly once. */
  readonly format: 0 | 1;
  readonly parts: Readonly<Record<(typeof FORMAT_PARTS)[number], number>>;
}

/** The names of the components. */
export const FORMAT_PARTS = [
  "openrs_format",
  "think_closed_once",
  "think_then_boxed",
  "tag_count",
  "tag_count_answer",
  "answer_tags",
  "boxed_after_think",
  "final_line",
  "english_only",
] as const;

const FINAL_LINE = /Therefore, the final answer is: \$\\boxed\{.*\}\$\. I hope it is correct/;
/** A letter of a script other than Latin. Greek is left out: it is how mathematics is written. */
const OTHER_SCRIPT = /(?!\p{Script=Latin}|\p{Script=Greek}|\p{Script=Common}|\p{Script=Inherited})\p{L}/u;

/**
 * Scores the format of prefill and completion together, so that a `<think>` that the chat template wrote counts as written.
 * Components are 0 or 1; tag counts are sums of halves (Open-RS) or quarters (its fork with answer tags).
 */
export function scoreFormat(completion: string, prefill = ""): FormatScore {
  const text = prefill + completion;
  const { answer } = splitReasoning(completion, prefill);
  const closed = count(text, "\n</think>\n") === 1;
  const opened = count(text, "<think>\n") === 1;
  const boxedAfter = answer !== null && answer !== completion && findBoxes(answer).length > 0;
  const thinkOnce = count(text, "<think>") === 1 && count(text, "</think>") === 1;
  return {
    format: closed ? 1 : 0,
    parts: {
      openrs_format: bit(closed),
      think_closed_once: bit(count(text, "</think>") === 1),
      think_then_boxed: bit(thinkOnce && text.indexOf("<think>") < text.indexOf("</think>") && boxedAfter),
      tag_count: bit(opened) * 0.5 + bit(closed) * 0.5,
      tag_count_answer:
        (bit(opened) + bit(closed) + bit(count(text, "\n<answer>\n") === 1) + bit(count(text, "\n</answer>") === 1)) *
        0.25,
      answer_tags: bit(hasAnswerTags(text)),
      boxed_after_think: bit(boxedAfter),
      final_line: bit(FINAL_LINE.test(text)),
      english_only: bit(!OTHER_SCRIPT.test(text)),
    },
  };
}

function hasAnswerTags(text: string): boolean {
  if (count(text, "<answer>") !== 1 || count(text, "</answer>") !== 1) return false;
  const [think, open] = [text.lastIndexOf("</think>"), text.indexOf("<answer>")];
  return think >= 0 && think < open && open < text.indexOf("</answer>");
}

function bit(value: boolean): 0 | 1 {
  return value ? 1 : 0;
}

function count(text: string, part: string): number {
  let found = 0;
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length)) found++;
  return found;
}
