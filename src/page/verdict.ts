import type { Outcome } from "../runs/tables/score-table.ts";
import type { Attempt } from "./scores.ts";

const VERDICTS: Readonly<Record<Outcome, { readonly sign: string; readonly word: string }>> = {
  correct: { sign: "✓", word: "right" },
  wrong: { sign: "✗", word: "wrong" },
  unparsed: { sign: "?", word: "not readable" },
  no_answer: { sign: "–", word: "no answer" },
  truncated: { sign: "…", word: "cut off" },
  timeout: { sign: "⏱", word: "not graded in time" },
  unknown: { sign: "·", word: "not known" },
};

/** A verdict as a sign and a word: never by colour alone. */
export function verdictOf(attempt: Attempt | null): { readonly sign: string; readonly word: string } {
  return attempt === null ? { sign: "·", word: "not asked" } : VERDICTS[attempt.outcome];
}
