import { decisionCritical } from "../../stats/choice/best.ts";
import { type MeasureColumns, sharedQuestions } from "../../stats/family.ts";
import { attemptsForPair, type OpenPair, questionsForPair } from "../../stats/needed.ts";
import { relativeWeights } from "../../stats/weights.ts";
import type { RateId } from "../evidence.ts";
import type { Choice } from "./choice-rule.ts";
import type { Contenders } from "./contenders.ts";

/** Whether attempts or questions are worth buying, for the pair of points that a decision hangs on. */
export interface MoreAttempts {
  /** `greedy`: attempts cannot differ. `unknown`: one attempt each, so the two cannot be told apart. */
  readonly kind: "greedy" | "unknown" | "known";
  /** What the pair is compared in: points of the sweep. */
  readonly pair: readonly [string, string];
  /** Attempts each at today's questions that would decide this pair; null where none would. */
  readonly attempts: number | null;
  /** Questions that this pair would take with today's attempts, and with four times as many. */
  readonly questions: number | null;
  readonly questionsWithMore: number | null;
}

/** Looks at the point and what it is hardest to tell from. */
export function moreAttempts(
  contenders: Contenders,
  {
    main,
    shown,
    choice,
    context,
  }: { main: RateId; shown: number; choice: Choice; context: { readonly greedy: boolean } },
): MoreAttempts | null {
  const kept = choice.kept.find(({ measure }) => measure === main);
  const [one] = contenders.benchmarks;
  if (kept === undefined || one === undefined || contenders.benchmarks.length > 1) return null;
  const critical = decisionCritical(kept.pairwise, choice.against);
  const hardest = choice.against.filter((j) => j !== shown).toSorted((a, b) => lossAgainst(b) - lossAgainst(a))[0];
  function lossAgainst(j: number): number {
    return critical * (kept?.pairwise.errors[shown]?.[j] ?? 0) - (kept?.pairwise.differences[shown]?.[j] ?? 0);
  }
  if (hardest === undefined || hardest >= contenders.names.length) return null;
  const pair = [contenders.names[shown] ?? "", contenders.names[hardest] ?? ""] as const;
  if (context.greedy) return { kind: "greedy", pair, attempts: null, questions: null, questionsWithMore: null };
  const { columns, strata } = contenders.columns(one, main);
  const places = [shown, hardest];
  const attempts = places.map((i) => one.attempts[one.place(contenders.names[i] ?? "") ?? 0] ?? new Int32Array());
  const open = openPair({ columns: places.map((i) => columns[i] ?? new Float64Array()), strata }, attempts);
  if (open === undefined) return { kind: "unknown", pair, attempts: null, questions: null, questionsWithMore: null };
  const hard: OpenPair = { ...open, margin: kept.margin, critical };
  return {
    kind: "known",
    pair,
    attempts: attemptsForPair(hard, open.questions),
    questions: questionsForPair(hard, open.each),
    questionsWithMore: questionsForPair(hard, 4 * open.each),
  };
}

/** The variance of a pair's difference between questions and within them; undefined with one attempt each. */
function openPair(
  pair: MeasureColumns,
  [ka, kb]: readonly Int32Array[],
): { difference: number; between: number; within: number; each: number; questions: number } | undefined {
  const [a, b] = pair.columns;
  const { asked, weights } = sharedQuestions(pair);
  const n = asked.length;
  const share = relativeWeights(n, weights);
  let [sum, squares, within, each] = [0, 0, 0, 0];
  for (const [i, q] of asked.entries()) {
    const [x, y, kx, ky] = [a?.[q] ?? 0, b?.[q] ?? 0, ka?.[q] ?? 0, kb?.[q] ?? 0];
    if (kx < 2 || ky < 2) return undefined;
    sum += share(i) * (x - y);
    squares += share(i) * (x - y) ** 2;
    within += share(i) * ((x * (1 - x) * kx) / (kx - 1) + (y * (1 - y) * ky) / (ky - 1));
    each += (kx + ky) / 2;
  }
  if (n < 2) return undefined;
  const total = (squares - sum ** 2 / n) / (n - 1);
  const perAttempt = within / n;
  return {
    difference: sum / n,
    between: Math.max(0, total - perAttempt / (each / n)),
    within: perAttempt,
    each: each / n,
    questions: n,
  };
}
