import { isRecord } from "../../base/is-record.ts";
import type { Manifest } from "../../runs/schema.ts";
import type { ScoreTable } from "../../runs/tables/score-table.ts";

/** Our accuracy at a point, with the parts of its variance. */
export interface OwnRate {
  readonly mean: number;
  /** A mean a question. */
  readonly rates: Float64Array;
  readonly attempts: Int32Array;
  readonly completions: number;
  /** Of the mean, over other seeds and the same questions. */
  readonly seedVariance: number;
  /** Infinite where the variance is a bound. */
  readonly seedDegrees: number;
  /** Of the mean, over other questions. */
  readonly questionVariance: number;
}

/**
 * The accuracy of a table. Over other seeds it varies by what the attempts at a question differ; with one attempt each at most by
 * p (1 - p) / n; by nothing where generation is greedy, and by no less than one answer of all, where none differed.
 */
export function ownRate({ samples, starts, columns }: ScoreTable, { plan }: Pick<Manifest, "plan">): OwnRate {
  const n = samples.length;
  const rates = new Float64Array(n);
  const attempts = new Int32Array(n);
  let [within, degrees, completions, total] = [0, 0, 0, 0];
  for (let q = 0; q < n; q++) {
    const values = columns.accuracy.subarray(starts[q] ?? 0, starts[q + 1] ?? 0);
    const k = values.length;
    const mean = values.reduce((sum, value) => sum + value, 0) / k;
    rates[q] = mean;
    attempts[q] = k;
    completions += k;
    total += mean;
    if (k < 2) continue;
    within += values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (k - 1) / k;
    degrees += k - 1;
  }
  const mean = total / n;
  const spread = rates.reduce((sum, rate) => sum + (rate - mean) ** 2, 0);
  const generation = isRecord(plan.generation) ? plan.generation : {};
  const greedy = generation.temperature === 0;
  const repeated = degrees > 0;
  const bound = (mean * (1 - mean)) / n;
  const estimated = repeated ? Math.max(within / n ** 2, 1 / completions ** 2) : Math.max(bound, 1 / completions ** 2);
  return {
    mean,
    rates,
    attempts,
    completions,
    seedVariance: greedy ? 0 : estimated,
    seedDegrees: greedy || !repeated ? Number.POSITIVE_INFINITY : degrees,
    questionVariance: n < 2 ? bound : spread / (n - 1) / n,
  };
}

/** Our answers less published ones, on the questions that both have. */
export interface Pairs {
  readonly differences: Float64Array;
  readonly own: number;
  readonly published: number;
}

/**
 * @param right a 0 or 1 for each of the first questions of the benchmark
 * @param questions the benchmark's questions by name, in its order
 * @returns undefined where no question is in both
 */
export function pairedDifference(
  { samples, starts, columns }: ScoreTable,
  right: string,
  questions: readonly string[],
): Pairs | undefined {
  const published = new Map(questions.slice(0, right.length).map((name, i) => [name, right[i] === "1" ? 1 : 0]));
  const pairs = samples.flatMap((name, q) => {
    const theirs = published.get(name);
    const values = columns.accuracy.subarray(starts[q] ?? 0, starts[q + 1] ?? 0);
    return theirs === undefined || values.length === 0 ? [] : [{ own: meanOf([...values]), theirs }];
  });
  if (pairs.length === 0) return undefined;
  return {
    differences: Float64Array.from(pairs, ({ own, theirs }) => own - theirs),
    own: meanOf(pairs.map(({ own }) => own)),
    published: meanOf(pairs.map(({ theirs }) => theirs)),
  };
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
