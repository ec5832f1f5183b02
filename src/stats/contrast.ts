import { studentCdf, studentQuantile } from "./distributions.ts";
import { CONFIDENCE, type Interval } from "./interval.ts";
import { clamp, weightsOf } from "./weights.ts";

/** The bound of a contrast of scores within 0..1 of one point against another, or of any whose coefficients add up to 1 each way. */
export const RATE_BOUND = 1;
/** Lengths have no bound: no pseudo-questions are added to them. */
export const NO_BOUND = 0;

/**
 * The bound of a contrast of means over whole runs: no pseudo-questions, but the means are multiples of a step (one question of
 * so many), so that their differences vary by no less than that rounding does, whatever few runs show.
 *
 * @param questions of a run
 */
export function runBound(questions: number): number {
  return -1 / questions;
}

/** The least variance of a difference: that of two values rounded to a step. */
export function leastVariance(bound: number): number {
  return bound < 0 ? bound ** 2 / 6 : 0;
}

/** A difference that is only rounding. */
const SAME = 1e-12;

/** Sums over the questions of a contrast, from which all else follows; sign flips change `sum` alone. */
export interface ContrastSums {
  /** Questions that were asked at every point of the contrast. */
  readonly questions: number;
  /** Of the values. */
  readonly sum: number;
  /** Of their squares, about the mean where questions have weights. */
  readonly squares: number;
  /** Questions whose value is not 0. */
  readonly differing: number;
  /** The square of the pseudo-questions' value. */
  readonly pseudo: number;
}

/** What one contrast says, adjusted for nothing. */
export interface ContrastTest extends ContrastSums {
  /** The mean over questions. */
  readonly estimate: number;
  /** With the two pseudo-questions: the middle of the interval. */
  readonly centre: number;
  readonly error: number;
  readonly t: number;
  /** Two-sided. Null with fewer than two questions. */
  readonly p: number | null;
  readonly interval: Interval | null;
}

/**
 * The sums of a contrast.
 *
 * @param values one a question: the sum over points of coefficient times the question's mean; NaN where it was not asked at one of them
 * @param bound the largest value that a question can have; 0 for lengths, `runBound` for whole runs
 * @param weights what a question stands for. @default 1 each
 */
export function contrastSums(values: ArrayLike<number>, bound: number, weights?: ArrayLike<number>): ContrastSums {
  const weightOf = weightsOf(weights);
  let [questions, total, weighted, plain, differing] = [0, 0, 0, 0, 0];
  for (let q = 0; q < values.length; q++) {
    const value = values[q] ?? Number.NaN;
    if (Number.isNaN(value)) continue;
    questions++;
    total += weightOf(q);
    weighted += weightOf(q) * value;
    plain += value * value;
    if (Math.abs(value) > SAME) differing++;
  }
  if (questions === 0) return { questions, sum: 0, squares: 0, differing: 0, pseudo: bound ** 2 };
  const mean = weighted / total;
  const sum = mean * questions;
  const squares = weights === undefined ? plain : weightedSquares(values, weightOf, { mean, total, questions });
  return { questions, sum, squares, differing, pseudo: (squares + bound ** 2) / (differing + 1) };
}

/** About the weighted mean (Cochran 1977), written so that equal weights give the plain sum of squares. */
function weightedSquares(
  values: ArrayLike<number>,
  weightOf: (question: number) => number,
  { mean, total, questions }: { mean: number; total: number; questions: number },
): number {
  let squares = questions * mean ** 2;
  for (let q = 0; q < values.length; q++) {
    const value = values[q] ?? Number.NaN;
    if (!Number.isNaN(value)) squares += (((weightOf(q) * questions) / total) * (value - mean)) ** 2;
  }
  return squares;
}

/**
 * The pseudo-pair t: two questions are added, one at plus and one at minus a typical difference, so that few differing
 * questions neither give an interval without width nor a small p. With one attempt it is Bonett and Price (2012) with
 * Student's quantile; it generalises them to means over attempts and to any contrast.
 */
export function testContrast(sums: ContrastSums, bound: number, confidence: number = CONFIDENCE): ContrastTest {
  const { questions } = sums;
  const estimate = questions === 0 ? 0 : sums.sum / questions;
  const centre = centreOf(sums, bound);
  if (questions < 2) return { ...sums, estimate, centre, error: 0, t: 0, p: null, interval: null };
  const { error, t } = contrastT(sums, sums.sum, bound);
  const half = studentQuantile(1 - (1 - confidence) / 2, questions - 1) * error;
  return { ...sums, estimate, centre, error, t, p: pOf(t, questions), interval: around(sums, half, bound) };
}

/** The t of a contrast whose sum is another: that of a sign flip. */
export function contrastT(
  { questions, squares, pseudo }: ContrastSums,
  sum: number,
  bound: number,
): { readonly error: number; readonly t: number } {
  const added = bound > 0 ? 2 : 0;
  const n = questions + added;
  const variance = Math.max(leastVariance(bound), (squares + added * pseudo - (sum * sum) / n) / (n - 1));
  const error = Math.sqrt(variance / n);
  if (error === 0) return { error, t: sum === 0 ? 0 : Math.sign(sum) * Number.MAX_VALUE };
  return { error, t: sum / n / error };
}

/** The middle of the interval of a contrast. */
export function centreOf({ sum, questions }: ContrastSums, bound: number): number {
  return sum / (questions + (bound > 0 ? 2 : 0));
}

/** An interval of so much to both sides of the middle, within what is possible. */
function around(sums: ContrastSums, half: number, bound: number): Interval {
  const middle = centreOf(sums, bound);
  const most = bound > 0 ? bound : Number.POSITIVE_INFINITY;
  return { low: clamp(middle - half, -most, most), high: clamp(middle + half, -most, most) };
}

function pOf(t: number, questions: number): number {
  // The lower tail: one less the upper end would be 0 far out.
  return Math.min(1, 2 * studentCdf(-Math.abs(t), questions - 1));
}

/** The t that has a z, by the inverse of `normalOfT`. */
export function tOfNormal(z: number, degrees: number): number {
  const scaled = (z * (8 * degrees + 3)) / (8 * degrees + 1);
  return Math.sign(z) * Math.sqrt(degrees * Math.expm1(scaled ** 2 / degrees));
}

/** Puts t values of different degrees of freedom on one scale, the normal's (Wallace 1959). */
export function normalOfT(t: number, degrees: number): number {
  const size = ((8 * degrees + 1) / (8 * degrees + 3)) * Math.sqrt(degrees * Math.log1p((t * t) / degrees));
  return Math.sign(t) * size;
}
