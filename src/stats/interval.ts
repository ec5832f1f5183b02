import { normalQuantile, studentQuantile } from "./distributions.ts";
import { mean, standardError } from "./mean.ts";

/** An interval for an aggregate, with its confidence named by whoever made it (95% everywhere in reports). */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** The confidence of every interval in a report. */
export const CONFIDENCE = 0.95;

/**
 * Wilson's score interval for a rate. Unlike mean +/- 1.96 standard errors it holds for 30 questions and at 0% and 100%.
 * Fractional successes are allowed (a mean over attempts).
 *
 * @returns null of no trials
 */
export function wilsonInterval(successes: number, trials: number, confidence: number = CONFIDENCE): Interval | null {
  if (trials <= 0) return null;
  const z = normalQuantile(1 - (1 - confidence) / 2);
  const rate = successes / trials;
  const shrink = 1 + (z * z) / trials;
  const center = (rate + (z * z) / (2 * trials)) / shrink;
  const half = (z * Math.sqrt((rate * (1 - rate)) / trials + (z * z) / (4 * trials * trials))) / shrink;
  // At 0% and 100% the end is exactly there; rounding would leave it at 1e-17.
  return {
    low: successes === 0 ? 0 : Math.max(0, center - half),
    high: successes === trials ? 1 : Math.min(1, center + half),
  };
}

/** Student's t interval for a mean; null of fewer than two values, for which no spread is known. */
export function studentInterval(values: readonly number[], confidence: number = CONFIDENCE): Interval | null {
  const center = mean(values);
  const error = standardError(values);
  if (center === null || error === null) return null;
  const half = studentQuantile(1 - (1 - confidence) / 2, values.length - 1) * error;
  return { low: center - half, high: center + half };
}

/**
 * The interval of a rate from the rates of single questions: questions are what was drawn, so attempts at the same question
 * do not count as more questions. One attempt each: Wilson. More: t over the questions' means, within 0..1; where all the
 * questions agree, which says nothing about their spread, Wilson with a trial a question.
 *
 * @param rates a question's mean over its attempts, each in 0..1
 * @param attempts how many attempts a question had
 */
export function rateInterval(
  rates: readonly number[],
  attempts: number,
  confidence: number = CONFIDENCE,
): Interval | null {
  const successes = rates.reduce((total, rate) => total + rate, 0);
  const clustered = attempts > 1 && rates.some((rate) => rate !== rates[0]);
  if (!clustered) return wilsonInterval(successes, rates.length, confidence);
  const interval = studentInterval(rates, confidence);
  return interval && { low: Math.max(0, interval.low), high: Math.min(1, interval.high) };
}
