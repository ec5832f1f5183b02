import { power } from "../base/power.ts";
import { studentQuantile } from "./distributions.ts";
import { CONFIDENCE, type Interval, studentInterval } from "./interval.ts";
import { sum, variance } from "./mean.ts";
import { influences, relativeWeights } from "./weights.ts";

/** Skewness under which a distribution is symmetric for all that can be seen. */
const SYMMETRIC = 1e-6;

/**
 * The interval of a mean length by Hall's transformed t (Hall 1992): lengths are skewed, and Student's interval lies too low.
 *
 * @param lengths one a question
 * @param weights what a question stands for. @default 1 each
 * @returns null of fewer than two values
 */
export function lengthInterval(
  lengths: readonly number[],
  { confidence = CONFIDENCE, weights }: WeightedOptions = {},
): Interval | null {
  const n = lengths.length;
  if (n < 2) return null;
  const values = influences(lengths, weights);
  const mean = sum(values) / n;
  const spread = Math.sqrt(variance(values) ?? 0);
  if (spread === 0) return { low: mean, high: mean };
  const t = studentQuantile(1 - (1 - confidence) / 2, n - 1);
  const error = spread / Math.sqrt(n);
  const skewness =
    n < 3 ? 0 : (n / ((n - 1) * (n - 2))) * sum(values.map((value) => power((value - mean) / spread, 3)));
  if (Math.abs(skewness) < SYMMETRIC) return { low: Math.max(0, mean - t * error), high: mean + t * error };
  const transformed = (x: number): number => {
    const inner = 1 + (skewness * (x - skewness / (6 * Math.sqrt(n)))) / Math.sqrt(n);
    return ((3 * Math.sqrt(n)) / skewness) * (Math.cbrt(inner) - 1);
  };
  return { low: Math.max(0, mean - transformed(t) * error), high: mean - transformed(-t) * error };
}

/** How an interval over questions is made. */
export interface WeightedOptions {
  readonly confidence?: number;
  /** What each question stands for where it was drawn from a stratum. @default 1 each */
  readonly weights?: readonly number[] | undefined;
}

/** A ratio with its interval; null where the data allow none. */
export interface Ratio {
  readonly ratio: number;
  readonly interval: Interval | null;
}

/**
 * The ratio of two means over the same questions, by Fieller (1954): what the point costs over what the baseline costs.
 *
 * @returns null where the baseline costs nothing
 */
export function ratioOfMeans(
  pointLengths: readonly number[],
  baselineLengths: readonly number[],
  { confidence = CONFIDENCE, weights }: WeightedOptions = {},
): Ratio | null {
  const n = pointLengths.length;
  const share = relativeWeights(n, weights);
  const [point, baseline] = [pointLengths, baselineLengths].map((lengths) => lengths.map((x, i) => x * share(i)));
  if (point === undefined || baseline === undefined) return null;
  const [b, a] = [sum(point) / n, sum(baseline) / n];
  if (!(a > 0)) return null;
  if (n < 2) return { ratio: b / a, interval: null };
  const t2 = studentQuantile(1 - (1 - confidence) / 2, n - 1) ** 2;
  const covariance = sum(point.map((value, i) => (value - b) * ((baseline[i] ?? 0) - a))) / (n - 1);
  const A = a * a - (t2 * (variance(baseline) ?? 0)) / n;
  const B = a * b - (t2 * covariance) / n;
  const C = b * b - (t2 * (variance(point) ?? 0)) / n;
  const root = B * B - A * C;
  if (A <= 0 || root < 0) return { ratio: b / a, interval: null };
  return { ratio: b / a, interval: { low: Math.max(0, (B - Math.sqrt(root)) / A), high: (B + Math.sqrt(root)) / A } };
}

/**
 * How many times as long the answers of a point are, question by question: exp of the mean logarithm, with Student's interval
 * on the logarithms. Questions with an empty answer have no ratio and are left out.
 *
 * @returns null if no question is left
 */
export function ratioOfQuestions(
  point: readonly number[],
  baseline: readonly number[],
  { confidence = CONFIDENCE, weights }: WeightedOptions = {},
): (Ratio & { readonly questions: number }) | null {
  const kept = point.flatMap((value, i) => (value > 0 && (baseline[i] ?? 0) > 0 ? [i] : []));
  if (kept.length === 0) return null;
  const logs = influences(
    kept.map((i) => Math.log((point[i] ?? 0) / (baseline[i] ?? 0))),
    weights && kept.map((i) => weights[i] ?? 1),
  );
  const interval = studentInterval(logs, confidence);
  return {
    ratio: Math.exp(sum(logs) / logs.length),
    interval: interval && { low: Math.exp(interval.low), high: Math.exp(interval.high) },
    questions: logs.length,
  };
}
