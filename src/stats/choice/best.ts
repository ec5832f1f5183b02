import { power } from "../../base/power.ts";
import { type ContrastSums, centreOf, contrastSums, contrastT, leastVariance, RATE_BOUND } from "../contrast.ts";
import { studentQuantile } from "../distributions.ts";
import {
  type BenchmarkFlips,
  contrastValues,
  type MeasureColumns,
  rankedQuantile,
  weightsOfValues,
} from "../family.ts";

/** A measure on one benchmark, with the sign flips of its questions. */
export interface FlippedMeasure {
  readonly measure: MeasureColumns;
  readonly flips: BenchmarkFlips;
}

/** Every point against every other on one measure; over several benchmarks, the mean of the benchmarks. */
export interface Pairwise {
  /** differences[i][j]: the mean of i less that of j, with the pseudo-questions. */
  readonly differences: readonly Float64Array[];
  /** Their standard errors; 0 on the diagonal, infinite where two points share fewer than two questions of a benchmark. */
  readonly errors: readonly Float64Array[];
  /** For every j the largest t of any candidate against it under each sign flip, in rising order. */
  readonly largest: readonly Float64Array[];
  /** Student's degrees of freedom of the pair that has the fewest. */
  readonly degrees: number;
  /** The largest difference that there can be; 0 or less where none is taken into account. */
  readonly bound: number;
}

/** The error of a decision about one measure. */
const ERROR = 0.05;

/**
 * Multiple comparisons with the best (Hsu 1981, 1984): all ordered pairs of points, with critical values from sign flips. With
 * several benchmarks their differences are averaged, and their draws joined.
 *
 * @param benchmarks the same points on each, at least two; all with the same number of draws
 * @param candidates how many of the points, the first ones, are to be chosen from; the others are only compared with
 */
export function comparePairwise(
  benchmarks: readonly FlippedMeasure[],
  candidates: number = Number.POSITIVE_INFINITY,
  bound: number = RATE_BOUND,
): Pairwise {
  const size = benchmarks[0]?.measure.columns.length ?? 0;
  const draws = benchmarks[0]?.flips.signs.draws ?? 0;
  const square = (): Float64Array[] => Array.from({ length: size }, () => new Float64Array(size));
  const [differences, errors] = [square(), square()];
  const largest = Array.from({ length: size }, () => new Float64Array(draws).fill(Number.NEGATIVE_INFINITY));
  let degrees = Number.POSITIVE_INFINITY;
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < i; j++) {
      const contrast = { points: [i, j], coefficients: [1, -1], bound };
      const parts = benchmarks.map(({ measure, flips }) => {
        const values = contrastValues(measure, contrast);
        return {
          sums: contrastSums(values, bound, weightsOfValues(measure, values)),
          flipped: flips.flippedSums(measure, contrast),
        };
      });
      const all = parts.map(({ sums }) => sums);
      const found = averageContrasts(all, undefined, bound);
      degrees = Math.min(degrees, found.degrees);
      set(differences, i, j, found.centre, -found.centre);
      set(errors, i, j, found.error, found.error);
      const t = flippedT(parts, draws, bound);
      if (i < candidates) raise(largest[j], t, 1);
      if (j < candidates) raise(largest[i], t, -1);
    }
  }
  return { differences, errors, largest: largest.map((values) => values.toSorted()), degrees, bound };
}

/**
 * For every point the value that the largest t of the others against it exceeds in so large a part of the flips, and never
 * less than Student's for one comparison.
 */
function criticalsOf({ largest, degrees }: Pairwise, error: number): number[] {
  const floor = studentQuantile(1 - error, Math.max(1, Math.min(degrees, 1e6)));
  return largest.map((values) => Math.max(rankedQuantile(values, 1 - error), floor));
}

/** The t of a pair under every draw, as `averageContrasts` gives it. */
export function flippedT(
  parts: readonly { readonly sums: ContrastSums; readonly flipped: Float64Array }[],
  draws: number,
  bound: number,
): Float64Array {
  const [centres, variances] = [new Float64Array(draws), new Float64Array(draws)];
  for (const { sums, flipped } of parts) {
    if (sums.questions < 2) continue;
    const added = bound > 0 ? 2 : 0;
    const n = sums.questions + added;
    const squares = sums.squares + added * sums.pseudo;
    const least = leastVariance(bound);
    for (let draw = 0; draw < draws; draw++) {
      const sum = flipped[draw] ?? 0;
      centres[draw] = (centres[draw] ?? 0) + sum / n;
      variances[draw] = (variances[draw] ?? 0) + Math.max(least, (squares - (sum * sum) / n) / (n - 1)) / n;
    }
  }
  for (let draw = 0; draw < draws; draw++) {
    const variance = variances[draw] ?? 0;
    centres[draw] = variance > 0 ? (centres[draw] ?? 0) / Math.sqrt(variance) : 0;
  }
  return centres;
}

function raise(most: Float64Array | undefined, t: Float64Array, sign: number): void {
  if (most === undefined) return;
  for (let draw = 0; draw < t.length; draw++) most[draw] = Math.max(most[draw] ?? 0, sign * (t[draw] ?? 0));
}

/** A contrast averaged over benchmarks: each counts the same, whatever its number of questions. */
export interface AveragedContrast {
  readonly centre: number;
  readonly error: number;
  readonly t: number;
  /** By Satterthwaite. */
  readonly degrees: number;
}

/**
 * The mean of a contrast over benchmarks, with independent questions. Where one of them has fewer than two, nothing is known of
 * its error, nor of that of the mean: it is infinite.
 *
 * @param flipped the sums in place of the data's own, under a sign flip
 */
export function averageContrasts(
  parts: readonly ContrastSums[],
  flipped: readonly number[] | undefined,
  bound: number,
): AveragedContrast {
  let [total, variance, fourth] = [0, 0, 0];
  let known = true;
  parts.forEach((sums, b) => {
    const sum = flipped?.[b] ?? sums.sum;
    total += centreOf({ ...sums, sum }, bound);
    if (sums.questions < 2) known = false;
    const { error } = contrastT(sums, sum, bound);
    variance += error ** 2;
    fourth += power(error, 4) / Math.max(1, sums.questions - 1);
  });
  const centre = total / parts.length;
  if (!known) return { centre, error: Number.POSITIVE_INFINITY, t: 0, degrees: 1 };
  const error = Math.sqrt(variance) / parts.length;
  const t = error > 0 ? centre / error : 0;
  const degrees = fourth > 0 ? variance ** 2 / fourth : Math.max(1, (parts[0]?.questions ?? 2) - 1);
  return { centre, error, t, degrees };
}

function set(matrix: readonly Float64Array[], i: number, j: number, value: number, turned: number): void {
  matrix[i]?.fill(value, j, j + 1);
  matrix[j]?.fill(turned, i, i + 1);
}

/**
 * The most that every point can lose against those it is held against, with 95% confidence for all points at once; negative
 * where it is better than all of them for sure, and never more than there is to lose. A point that loses at most the margin is
 * safe.
 *
 * @param against the points that count: all for the best, one for an end or a reference
 */
export function losesAtMost(pairwise: Pairwise, against: readonly number[]): number[] {
  const critical = decisionCritical(pairwise, against);
  const most = pairwise.bound > 0 ? pairwise.bound : Number.POSITIVE_INFINITY;
  return pairwise.differences.map((row, i) => {
    const losses = against.filter((j) => j !== i).map((j) => critical * (pairwise.errors[i]?.[j] ?? 0) - (row[j] ?? 0));
    return losses.length === 0 ? 0 : Math.min(most, Math.max(...losses));
  });
}

/** The critical value of a decision against these points. */
export function decisionCritical(pairwise: Pairwise, against: readonly number[]): number {
  const criticals = criticalsOf(pairwise, ERROR);
  return Math.max(...against.map((j) => criticals[j] ?? 0));
}

/**
 * Whether each point may still be the best, or within the margin of it: no other beats it for sure (Gupta 1965).
 *
 * @param measures how many measures a point must qualify in: it is out where it fails in one, so each gets its share of the error
 */
export function mayBeBest(pairwise: Pairwise, against: readonly number[], margin = 0, measures = 1): boolean[] {
  const { differences, errors } = pairwise;
  const criticals = criticalsOf(pairwise, ERROR / measures);
  return differences.map((_, i) =>
    against.every((j) => j === i || (differences[j]?.[i] ?? 0) - margin <= (criticals[i] ?? 0) * (errors[j]?.[i] ?? 0)),
  );
}
