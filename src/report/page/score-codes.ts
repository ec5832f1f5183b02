import { OUTCOMES, type Outcome } from "../../runs/tables/score-table.ts";

/** An attempt as one letter: what became of it, whether it is strictly right, whether its format holds. */
export interface ScoreCode {
  readonly outcome: Outcome;
  /** Null where it is not known, here and below. */
  readonly strict: boolean | null;
  readonly format: boolean | null;
}

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/** In the place of an attempt that was not made. */
const NONE = "-";

export function encodeScore(score: ScoreCode | null): string {
  if (score === null) return NONE;
  return (
    LETTERS[OUTCOMES.indexOf(score.outcome) + OUTCOMES.length * (place(score.strict) + 3 * place(score.format))] ?? NONE
  );
}

export function decodeScore(letter: string | undefined): ScoreCode | null {
  const code = letter === undefined ? -1 : LETTERS.indexOf(letter);
  const outcome = OUTCOMES[code % OUTCOMES.length];
  if (outcome === undefined) return null;
  const rest = Math.floor(code / OUTCOMES.length);
  return { outcome, strict: valueAt(rest % 3), format: valueAt(Math.floor(rest / 3)) };
}

function place(value: boolean | null): number {
  return value === null ? 2 : Number(value);
}

function valueAt(at: number): boolean | null {
  return at === 2 ? null : at === 1;
}
