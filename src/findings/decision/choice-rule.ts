import { losesAtMost, mayBeBest, type Pairwise } from "../../stats/choice/best.ts";
import type { RateId } from "../evidence.ts";

/** What a rule chooses among. */
export interface Choice {
  readonly kept: readonly { readonly measure: RateId; readonly pairwise: Pairwise; readonly margin: number }[];
  /** Tokens of each point; equal for all where nothing is to be made small. */
  readonly cost: readonly number[];
  /** The points that count as something to lose against. */
  readonly against: readonly number[];
}

/** What it comes to. */
export interface RuleResult {
  /** The cheapest point that is safe in every measure. */
  readonly safe: number | undefined;
  /** Points that are not out of the race, cheapest first, up to the safe one. */
  readonly race: readonly number[];
}

/** Sums of floats in another order. */
const ROUNDING = 1e-9;

/**
 * The cheapest point that loses at most the margin in every measure that is kept, as an intersection-union test (Berger 1982)
 * of comparisons with the best; and what is still in the race: points that lose more for sure are out. The cheapest point that
 * qualifies in truth is left out, or undercut by one that is called safe, with the error of the decision each.
 */
export function applyRule({ kept, cost, against }: Choice): RuleResult {
  const byCost = cost.map((_, i) => i).toSorted((a, b) => (cost[a] ?? 0) - (cost[b] ?? 0) || a - b);
  const losses = kept.map(({ pairwise }) => losesAtMost(pairwise, against));
  const possible = kept.map(({ pairwise, margin }) => mayBeBest(pairwise, against, margin, kept.length));
  const isSafe = (i: number): boolean => kept.every(({ margin }, m) => (losses[m]?.[i] ?? 0) <= margin + ROUNDING);
  const isOut = (i: number): boolean => possible.some((may) => may[i] === false);
  const safe = byCost.find(isSafe);
  const first = byCost.findIndex((i) => !isOut(i));
  const last = safe === undefined ? byCost.length - 1 : byCost.indexOf(safe);
  return { safe, race: first < 0 ? [] : byCost.slice(first, last + 1).filter((i) => i === safe || !isOut(i)) };
}

/** The points that may still be the highest, the highest first. */
export function highestRace(pairwise: Pairwise, means: readonly number[]): number[] {
  const all = means.map((_, i) => i);
  const may = mayBeBest(pairwise, all);
  return all.filter((i) => may[i]).toSorted((a, b) => (means[b] ?? 0) - (means[a] ?? 0) || a - b);
}
