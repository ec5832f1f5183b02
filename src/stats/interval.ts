import { studentQuantile } from "./distributions.ts";
import { mean, standardError } from "./mean.ts";

/** An interval for an aggregate, with its confidence named by whoever made it (95% everywhere in reports). */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** The confidence of every interval in a report. */
export const CONFIDENCE = 0.95;

/** Student's t interval for a mean; null of fewer than two values, for which no spread is known. */
export function studentInterval(values: readonly number[], confidence: number = CONFIDENCE): Interval | null {
  const center = mean(values);
  const error = standardError(values);
  if (center === null || error === null) return null;
  const half = studentQuantile(1 - (1 - confidence) / 2, values.length - 1) * error;
  return { low: center - half, high: center + half };
}
