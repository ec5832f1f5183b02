import { type MeasureColumns, sharedQuestions } from "./family.ts";
import { relativeWeights } from "./weights.ts";

/** Where the spread of single answers on a benchmark comes from; the three add up to 1. */
interface VarianceShares {
  /** Some questions are harder than others, at every point alike. */
  readonly questions: number;
  /** The same question is answered otherwise at another point. */
  readonly points: number;
  /** The same question at the same point is answered otherwise in another attempt; null with one sampled attempt. */
  readonly attempts: number | null;
}

/** Variance components of a measure on one benchmark. */
export interface VarianceComponents extends VarianceShares {
  /** Between questions at one point, without the attempts. */
  readonly between: number;
  /** Between attempts at one question. */
  readonly within: number | null;
  /** Mean attempts a question. */
  readonly attemptsEach: number;
}

/**
 * Splits the variance of a measure in 0..1 by questions, points and attempts (moments over the questions that every point was asked).
 *
 * @param measure the questions' means at each point
 * @param attempts of a question
 * @param greedy whether attempts cannot differ
 * @returns null where nothing varies or there is one question
 */
export function varianceComponents(
  measure: MeasureColumns,
  attempts: ArrayLike<number> | number,
  greedy: boolean,
): VarianceComponents | null {
  const { columns } = measure;
  const { asked, weights } = sharedQuestions(measure);
  const n = asked.length;
  if (n < 2) return null;
  const share = relativeWeights(n, weights);
  const each = (q: number): number => (typeof attempts === "number" ? attempts : (attempts[q] ?? 1));
  const attemptsEach = asked.reduce((total, q) => total + each(q), 0) / n;
  const known = greedy || attemptsEach > 1;
  let [within, total] = [0, 0];
  const centred = columns.map((column) => {
    const mean = asked.reduce((sum, q, i) => sum + share(i) * (column[q] ?? 0), 0) / n;
    // The squares of these have the weights of their questions.
    return asked.map((q, i) => Math.sqrt(share(i)) * ((column[q] ?? 0) - mean));
  });
  columns.forEach((column, j) => {
    total += variance(centred[j] ?? [], n);
    if (greedy) return;
    asked.forEach((q, i) => {
      const [y, k] = [column[q] ?? 0, each(q)];
      if (k > 1) within += (share(i) * y * (1 - y) * k) / (k - 1) / n;
    });
  });
  const points = columns.length;
  const spread = total / points;
  const attempt = known ? within / points : 0;
  const between = Math.max(0, spread - attempt / attemptsEach);
  const common = points < 2 ? between : Math.max(0, Math.min(between, commonVariance(centred, n)));
  const whole = between + attempt;
  if (whole === 0) return null;
  return {
    questions: common / whole,
    points: (between - common) / whole,
    attempts: known ? attempt / whole : null,
    between,
    within: known ? attempt : null,
    attemptsEach,
  };
}

function variance(centred: readonly number[], n: number): number {
  return centred.reduce((sum, value) => sum + value ** 2, 0) / (n - 1);
}

/** The mean covariance of two points: what all points have in common. */
function commonVariance(centred: readonly (readonly number[])[], n: number): number {
  const points = centred.length;
  const sums = Array.from({ length: n }, (_, q) => centred.reduce((sum, column) => sum + (column[q] ?? 0), 0));
  const ofSums = variance(sums, n);
  const own = centred.reduce((sum, column) => sum + variance(column, n), 0);
  return (ofSums - own) / (points * (points - 1));
}
