import { normalQuantile, studentQuantile } from "./distributions.ts";
import { CONFIDENCE, type Interval, studentInterval } from "./interval.ts";
import { sum } from "./mean.ts";
import { clamp, weightsOf } from "./weights.ts";

/** The rate of one point: the questions' own rates, each a mean over its attempts. */
export interface RateSample {
  /** In 0..1, a value a question; NaN where a question was not asked: it does not count. */
  readonly rates: ArrayLike<number>;
  /** Attempts of each question; one number for all. */
  readonly attempts: ArrayLike<number> | number;
  /** What a question stands for where it was drawn from a stratum. @default 1 */
  readonly weights?: ArrayLike<number> | undefined;
}

/** What the interval of a rate rests on. */
interface RateFacts {
  readonly mean: number;
  /** Questions that were asked. */
  readonly questions: number;
  /** How many independent answers the attempts at these questions are worth. */
  readonly effective: number;
}

/** Under so many questions the normal quantile is exchanged for Student's. */
const FEW_QUESTIONS = 30;

/**
 * The interval of a rate over questions by Agresti and Coull (1998) with an effective number of answers (Korn and Graubard
 * 1998) whose design effect is shrunk towards 1 by one pseudo-question: attempts at one question are alike, and where few
 * questions were solved their spread says little. With one attempt each it is Agresti and Coull's own.
 *
 * @param z the critical value; by default the normal quantile for the confidence. A simultaneous band has a larger one
 * @returns null of no question
 */
export function rateInterval(
  sample: RateSample,
  { confidence = CONFIDENCE, z }: { readonly confidence?: number; readonly z?: number } = {},
): Interval | null {
  return rateBounds(sample, { confidence, low: z, high: z });
}

/**
 * The interval of a rate over whole runs of the same questions, by Student's t of the runs' means: it says how other seeds
 * would come out, and nothing of other questions.
 *
 * @param rates a mean a run; NaN where a run was not made
 * @param questions of a run: its mean is no finer, and so is no interval
 * @returns null of fewer than two runs
 */
export function runsInterval(rates: ArrayLike<number>, questions: number): Interval | null {
  const known = Array.from(rates).filter((rate) => !Number.isNaN(rate));
  const interval = studentInterval(known);
  if (interval === null) return null;
  const middle = sum(known) / known.length;
  const least = studentQuantile(1 - (1 - CONFIDENCE) / 2, known.length - 1) / questions / Math.sqrt(12 * known.length);
  const half = Math.max(interval.high - middle, least);
  return { low: clamp(middle - half, 0, 1), high: clamp(middle + half, 0, 1) };
}

/** The interval with critical values of its own for each end, as the winner of a comparison needs. */
export function rateBounds(
  sample: RateSample,
  {
    confidence = CONFIDENCE,
    low,
    high,
  }: { readonly confidence?: number; readonly low?: number | undefined; readonly high?: number | undefined },
): Interval | null {
  const facts = rateFacts(sample);
  if (facts === null) return null;
  const p = 1 - (1 - confidence) / 2;
  const z = normalQuantile(p);
  return {
    low: rateEnd(facts, p, z, -(low ?? z)),
    high: rateEnd(facts, p, z, high ?? z),
  };
}

/** Below or above the middle of the interval, by the sign of the critical value. */
function rateEnd({ mean, questions, effective }: RateFacts, p: number, normal: number, critical: number): number {
  let n = effective;
  if (questions === 1) n = 1;
  else if (questions < FEW_QUESTIONS) n *= (normal / studentQuantile(p, questions - 1)) ** 2;
  const total = n + critical ** 2;
  const middle = (mean * n + critical ** 2 / 2) / total;
  return clamp(middle + critical * Math.sqrt((middle * (1 - middle)) / total), 0, 1);
}

/** @returns null of no question */
export function rateFacts({ rates, attempts, weights }: RateSample): RateFacts | null {
  const weightOf = weightsOf(weights);
  let [questions, total, squares, weighted, some, none, once] = [0, 0, 0, 0, 0, 0, 0];
  for (let q = 0; q < rates.length; q++) {
    const rate = rates[q] ?? Number.NaN;
    if (Number.isNaN(rate)) continue;
    const weight = weightOf(q);
    questions++;
    total += weight;
    squares += weight ** 2;
    weighted += weight * rate;
    if (rate > 0) some++;
    if (rate < 1) none++;
    once += weight / (typeof attempts === "number" ? attempts : (attempts[q] ?? 1));
  }
  if (questions === 0 || total === 0) return null;
  const mean = clamp(weighted / total, 0, 1);
  let spread = 0;
  for (let q = 0; q < rates.length; q++) {
    const rate = rates[q] ?? Number.NaN;
    if (!Number.isNaN(rate)) spread += weightOf(q) * (rate - mean) ** 2;
  }
  const variance = (spread / total) * (questions / Math.max(1, questions - 1));
  const certain = mean === 0 || mean === 1 || questions === 1;
  const ratio = certain ? 1 : clamp(variance / (mean * (1 - mean)), once / total, 1);
  const differing = Math.min(some, none);
  const shrunk = (differing * ratio + 1) / (differing + 1);
  // Kish's effective number where weights differ.
  return { mean, questions, effective: total ** 2 / squares / shrunk };
}
