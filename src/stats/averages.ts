import { incompleteBeta } from "./distributions.ts";
import type { Interval } from "./interval.ts";

/** An estimate with its interval. */
export interface Bounded {
  readonly value: number;
  readonly interval: Interval;
}

/** The mean of independent estimates, each counting the same, with the interval of Zou and Donner (2008). */
export function macroAverage(parts: readonly Bounded[]): Bounded {
  const n = parts.length;
  const value = parts.reduce((total, part) => total + part.value, 0) / n;
  const side = (distance: (part: Bounded) => number): number =>
    Math.sqrt(parts.reduce((total, part) => total + distance(part) ** 2, 0)) / n;
  return {
    value,
    interval: {
      low: value - side((part) => part.value - part.interval.low),
      high: value + side((part) => part.interval.high - part.value),
    },
  };
}

/**
 * Whether the same contrast differs between benchmarks: Welch's F (1951).
 *
 * @returns the p-value; null where it cannot be told
 */
export function differsBetween(
  parts: readonly { readonly centre: number; readonly error: number; readonly questions: number }[],
): number | null {
  const known = parts.filter(({ error, questions }) => error > 0 && questions > 1);
  if (known.length < 2) return null;
  const weights = known.map(({ error }) => 1 / error ** 2);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const level = known.reduce((sum, { centre }, i) => sum + (weights[i] ?? 0) * centre, 0) / total;
  const groups = known.length;
  const between =
    known.reduce((sum, { centre }, i) => sum + (weights[i] ?? 0) * (centre - level) ** 2, 0) / (groups - 1);
  const uncertain = known.reduce(
    (sum, { questions }, i) => sum + (1 - (weights[i] ?? 0) / total) ** 2 / (questions - 1),
    0,
  );
  const f = between / (1 + ((2 * (groups - 2)) / (groups ** 2 - 1)) * uncertain);
  const degrees = (groups ** 2 - 1) / (3 * uncertain);
  // The upper tail of F is an incomplete beta function.
  return incompleteBeta(degrees / (degrees + (groups - 1) * f), degrees / 2, (groups - 1) / 2);
}
