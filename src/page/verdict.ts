import type { Attempt } from "./scores.ts";

/** In the order of OUTCOMES. */
const OUTCOMES = [
  ["✓", "right"],
  ["✗", "wrong"],
  ["?", "not readable"],
  ["–", "no answer"],
  ["…", "cut off"],
  ["⏱", "not graded in time"],
  ["·", "not known"],
] as const;

/** A verdict as a sign and a word: never by colour alone. */
export function verdictOf(attempt: Attempt | null): { sign: string; word: string } {
  const [sign, word] = attempt === null ? ["·", "not asked"] : (OUTCOMES[attempt.outcome] ?? ["·", "not known"]);
  return { sign, word };
}
