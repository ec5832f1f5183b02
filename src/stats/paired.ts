import { type RandomSource, seededRandom } from "../base/random.ts";
import { logChoose, normalQuantile, studentQuantile } from "./distributions.ts";
import { CONFIDENCE, type Interval, studentInterval } from "./interval.ts";
import { mean, standardError } from "./mean.ts";
import { quantile } from "./quantile.ts";

/**
 * McNemar's exact test: of the questions that two models answer differently, is the split one that a fair coin gives?
 *
 * @param wins questions that only the first answers
 * @param losses questions that only the second answers
 * @returns the two-sided p-value; 1 where the two never differ
 */
export function mcnemarExact(wins: number, losses: number): number {
  const differing = wins + losses;
  const fewer = Math.min(wins, losses);
  let tail = 0;
  if (differing <= 1000) {
    // 2^-1000 is still a normal number; this way small cases come out exact.
    let term = 2 ** -differing;
    for (let i = 0; i <= fewer; i++) {
      tail += term;
      term *= (differing - i) / (i + 1);
    }
  } else {
    for (let i = 0; i <= fewer; i++) tail += Math.exp(logChoose(differing, i) - differing * Math.LN2);
  }
  return Math.min(1, 2 * tail);
}

/**
 * The interval of Bonett and Price (2012) for the difference of two paired rates: one pseudo-question is added to each kind
 * of disagreement, so that it holds for few questions and does not shrink to nothing where two models never differ.
 */
export function pairedRateInterval(
  wins: number,
  losses: number,
  samples: number,
  confidence: number = CONFIDENCE,
): Interval | null {
  if (samples === 0) return null;
  const z = normalQuantile(1 - (1 - confidence) / 2);
  const [up, down] = [(wins + 1) / (samples + 2), (losses + 1) / (samples + 2)];
  const half = z * Math.sqrt((up + down - (up - down) ** 2) / (samples + 2));
  return { low: Math.max(-1, up - down - half), high: Math.min(1, up - down + half) };
}

/** A geometric mean ratio of paired positive values, with its t interval on the logarithms. */
export interface PairedRatio {
  readonly ratio: number;
  readonly interval: Interval | null;
}

/**
 * How many times as large the first values are as the second, question by question: exp(mean(log(a / b))). Pairs with a zero
 * have no ratio and are left out.
 *
 * @returns null if no pair is left
 */
export function pairedRatio(a: readonly number[], b: readonly number[]): PairedRatio | null {
  const logs = a.flatMap((value, i) => {
    const other = b[i] ?? 0;
    return value > 0 && other > 0 ? [Math.log(value / other)] : [];
  });
  const center = mean(logs);
  if (center === null) return null;
  const interval = studentInterval(logs);
  return {
    ratio: Math.exp(center),
    interval: interval && { low: Math.exp(interval.low), high: Math.exp(interval.high) },
  };
}

/**
 * The paired permutation test: the p-value of the mean difference when each question's difference may as well have had the
 * other sign. Exact up to 16 differing questions, else by `draws` seeded draws (and then never 0).
 */
export function signFlipTest(differences: readonly number[], seed = 0, draws = 9999): number {
  const differing = differences.filter((difference) => difference !== 0);
  const observed = Math.abs(differing.reduce((total, value) => total + value, 0));
  // Sums of the same terms in another order may differ in the last bits; those are ties.
  const limit = observed - 1e-9 * Math.max(1, observed);
  if (differing.length <= 16) return exactSignFlip(differing, limit);
  const random = seededRandom(seed);
  let asFar = 1;
  for (let draw = 0; draw < draws; draw++) {
    if (Math.abs(flippedSum(differing, random)) >= limit) asFar++;
  }
  return asFar / (draws + 1);
}

function exactSignFlip(differing: readonly number[], limit: number): number {
  const patterns = 2 ** differing.length;
  let asFar = 0;
  for (let pattern = 0; pattern < patterns; pattern++) {
    const total = differing.reduce((partial, value, i) => partial + ((pattern >> i) & 1 ? -value : value), 0);
    if (Math.abs(total) >= limit) asFar++;
  }
  return asFar / patterns;
}

function flippedSum(values: readonly number[], random: RandomSource): number {
  let total = 0;
  for (const value of values) total += random() < 0.5 ? value : -value;
  return total;
}

/**
 * A percentile interval of the mean by resampling questions with a seed; for means whose t interval is doubtful (few,
 * skewed). Null of fewer than two values.
 */
export function bootstrapInterval(values: readonly number[], seed = 0, draws = 10_000): Interval | null {
  if (values.length < 2) return null;
  const random = seededRandom(seed);
  const means = Array.from({ length: draws }, () => {
    let total = 0;
    for (let i = 0; i < values.length; i++) total += values[Math.floor(random() * values.length)] ?? 0;
    return total / values.length;
  });
  const [low, high] = [quantile(means, (1 - CONFIDENCE) / 2), quantile(means, 1 - (1 - CONFIDENCE) / 2)];
  return low === null || high === null ? null : { low, high };
}

/**
 * The smallest true difference of paired means that a two-sided 5% test on these questions would have found four times out
 * of five. Printed beside every difference that was not found. Null where no spread is known.
 */
export function minimumDetectableDifference(differences: readonly number[], power = 0.8): number | null {
  const error = standardError(differences);
  if (error === null || error === 0) return null;
  const degrees = differences.length - 1;
  return (studentQuantile(1 - (1 - CONFIDENCE) / 2, degrees) + studentQuantile(power, degrees)) * error;
}
