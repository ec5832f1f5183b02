import { type ContrastSums, centreOf, contrastSums, contrastT, RATE_BOUND } from "./contrast.ts";
import { studentQuantile } from "./distributions.ts";
import { type BenchmarkFlips, contrastValues, type MeasureColumns, upperQuantile } from "./family.ts";

/** A measure on one benchmark, with the sign flips of its questions. */
export interface FlippedMeasure {
  readonly measure: MeasureColumns;
  readonly flips: BenchmarkFlips;
}

/** Every point against every other on one measure; over several benchmarks, the mean of the benchmarks. */
export interface Pairwise {
  /** differences[i][j]: the mean of i less that of j, with the pseudo-questions. */
  readonly differences: readonly Float64Array[];
  /** Their standard errors; 0 on the diagonal. */
  readonly errors: readonly Float64Array[];
  /** For every j the critical value of the largest t of any i against it. */
  readonly criticals: Float64Array;
  /** Student's degrees of freedom of the pair that has the fewest. */
  readonly degrees: number;
}

/** The error of a decision about one measure. */
const ERROR = 0.05;

/**
 * Multiple comparisons with the best (Hsu 1981, 1984): all ordered pairs of points, with critical values from sign flips. With
 * several benchmarks their differences are averaged, and their draws joined.
 *
 * @param benchmarks the same points on each, at least two; all with the same number of draws
 */
export function comparePairwise(benchmarks: readonly FlippedMeasure[], bound: number = RATE_BOUND): Pairwise {
  const size = benchmarks[0]?.measure.columns.length ?? 0;
  const draws = benchmarks[0]?.flips.signs.draws ?? 0;
  const square = (): Float64Array[] => Array.from({ length: size }, () => new Float64Array(size));
  const [differences, errors] = [square(), square()];
  const largest = Array.from({ length: size }, () => new Float64Array(draws).fill(Number.NEGATIVE_INFINITY));
  let degrees = Number.POSITIVE_INFINITY;
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < i; j++) {
      const contrast = { points: [i, j], coefficients: [1, -1], bound };
      const parts = benchmarks.map(({ measure, flips }) => ({
        sums: contrastSums(contrastValues(measure, contrast), bound, measure.weights),
        flipped: flips.flippedSums(measure, contrast),
      }));
      const all = parts.map(({ sums }) => sums);
      const found = averageContrasts(all, undefined, bound);
      degrees = Math.min(degrees, found.degrees);
      set(differences, i, j, found.centre, -found.centre);
      set(errors, i, j, found.error, found.error);
      raiseLargest(largest[i], largest[j], flippedT(parts, draws, bound));
    }
  }
  const floor = studentQuantile(1 - ERROR, Math.max(1, Math.min(degrees, 1e6)));
  const criticals = Float64Array.from(largest, (values) => Math.max(upperQuantile(values, 1 - ERROR), floor));
  return { differences, errors, criticals, degrees };
}

/** The t of a pair under every draw, as `averageContrasts` gives it. */
function flippedT(
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
    for (let draw = 0; draw < draws; draw++) {
      const sum = flipped[draw] ?? 0;
      centres[draw] = (centres[draw] ?? 0) + sum / n;
      variances[draw] = (variances[draw] ?? 0) + Math.max(0, squares - (sum * sum) / n) / (n - 1) / n;
    }
  }
  for (let draw = 0; draw < draws; draw++) {
    const variance = variances[draw] ?? 0;
    centres[draw] = variance > 0 ? (centres[draw] ?? 0) / Math.sqrt(variance) : 0;
  }
  return centres;
}

function raiseLargest(ofI: Float64Array | undefined, ofJ: Float64Array | undefined, t: Float64Array): void {
  if (ofI === undefined || ofJ === undefined) return;
  for (let draw = 0; draw < t.length; draw++) {
    const value = t[draw] ?? 0;
    if (value > (ofJ[draw] ?? 0)) ofJ[draw] = value;
    if (-value > (ofI[draw] ?? 0)) ofI[draw] = -value;
  }
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
 * The mean of a contrast over benchmarks, with independent questions.
 *
 * @param flipped the sums in place of the data's own, under a sign flip
 */
export function averageContrasts(
  parts: readonly ContrastSums[],
  flipped: readonly number[] | undefined,
  bound: number,
): AveragedContrast {
  let [total, variance, fourth] = [0, 0, 0];
  parts.forEach((sums, b) => {
    const sum = flipped?.[b] ?? sums.sum;
    const { error } = sums.questions < 2 ? { error: 0 } : contrastT(sums, sum, bound);
    total += centreOf({ ...sums, sum }, bound);
    variance += error ** 2;
    fourth += error ** 4 / Math.max(1, sums.questions - 1);
  });
  const error = Math.sqrt(variance) / parts.length;
  const centre = total / parts.length;
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
 * where it is better than all of them for sure. A point that loses at most the margin is safe.
 *
 * @param against the points that count: all for the best, one for an end or a reference
 */
export function losesAtMost(pairwise: Pairwise, against: readonly number[]): number[] {
  const critical = decisionCritical(pairwise, against);
  return pairwise.differences.map((row, i) => {
    const losses = against.filter((j) => j !== i).map((j) => critical * (pairwise.errors[i]?.[j] ?? 0) - (row[j] ?? 0));
    return losses.length === 0 ? 0 : Math.max(...losses);
  });
}

/** The critical value of a decision against these points. */
export function decisionCritical({ criticals }: Pairwise, against: readonly number[]): number {
  return Math.max(...against.map((j) => criticals[j] ?? 0));
}

/**
 * Whether each point may still be the best, or within the margin of it: no other beats it for sure (Gupta 1965).
 */
export function mayBeBest(
  { differences, errors, criticals }: Pairwise,
  against: readonly number[],
  margin = 0,
): boolean[] {
  return differences.map((_, i) =>
    against.every(
      (j) =>
        j === i ||
        (differences[j]?.[i] ?? 0) - margin <= (criticals[i] ?? 0) * (errors[j]?.[i] ?? 0) ||
        (errors[j]?.[i] ?? 0) === 0,
    ),
  );
}
