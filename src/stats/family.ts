import { type QuestionStrata, stratumWeights } from "../base/stratum-weights.ts";
import { type ContrastTest, contrastSums, contrastT, normalOfT, testContrast } from "./contrast.ts";
import { studentQuantile } from "./distributions.ts";
import { CONFIDENCE } from "./interval.ts";
import { drawSigns, flippedSums, type SignFlips } from "./sign-flips.ts";

/** A measure at the points of a benchmark: a column a point, a value a question, NaN where a question was not asked. */
export interface MeasureColumns {
  readonly columns: readonly Float64Array[];
  /** Where a sample of the questions was asked. @default every question stands for itself */
  readonly strata?: QuestionStrata | undefined;
}

/** What the questions stand for of which some values of a measure are: those of a point, or of a contrast. */
export function weightsOfValues(
  { strata }: Pick<MeasureColumns, "strata">,
  values: ArrayLike<number>,
): Float64Array | undefined {
  return stratumWeights(strata, (q) => !Number.isNaN(values[q] ?? Number.NaN));
}

/** The questions that every point of a measure was asked, and what each of them stands for. */
export function sharedQuestions(measure: MeasureColumns): {
  readonly asked: readonly number[];
  readonly weights: Float64Array | undefined;
} {
  const { columns } = measure;
  const questions = columns[0]?.length ?? 0;
  const all = Float64Array.from({ length: questions }, (_, q) =>
    columns.reduce((sum, column) => sum + (column[q] ?? Number.NaN), 0),
  );
  const asked = Array.from(all.keys()).filter((q) => !Number.isNaN(all[q] ?? Number.NaN));
  const weights = weightsOfValues(measure, all);
  return { asked, weights: weights && Float64Array.from(asked, (q) => weights[q] ?? 1) };
}

/** A contrast of points: what is estimated is the sum over points of coefficient times mean. The coefficients add up to 0. */
export interface Contrast {
  readonly points: readonly number[];
  readonly coefficients: readonly number[];
  /** The largest value that a question can have; 0 for lengths, `runBound` for whole runs. */
  readonly bound: number;
}

/** A contrast that was tested, with its statistic under every sign flip. */
export interface FlippedContrast {
  readonly test: ContrastTest;
  /** Wallace's z of its t. */
  readonly z: number;
  /** The same under each draw. */
  readonly draws: Float64Array;
  /** Of the t: questions less one. */
  readonly degrees: number;
}

/** The value of a contrast for each question; NaN where a point was not asked. */
export function contrastValues({ columns }: MeasureColumns, { points, coefficients }: Contrast): Float64Array {
  const questions = columns[0]?.length ?? 0;
  const values = new Float64Array(questions);
  points.forEach((point, i) => {
    const column = columns[point];
    const coefficient = coefficients[i] ?? 0;
    for (let q = 0; q < questions; q++) values[q] = (values[q] ?? 0) + coefficient * (column?.[q] ?? Number.NaN);
  });
  return values;
}

/** The sign flips of one benchmark, shared by all its measures and points. */
export class BenchmarkFlips {
  readonly signs: SignFlips;
  readonly #sums = new Map<Float64Array, Float64Array>();

  constructor(seed: string, questions: number, draws: number, exhaustive: boolean) {
    this.signs = drawSigns(seed, questions, draws, exhaustive);
  }

  /** Tests a contrast of a measure, and again under every draw. */
  flip(measure: MeasureColumns, contrast: Contrast): FlippedContrast {
    const values = contrastValues(measure, contrast);
    const sums = contrastSums(values, contrast.bound, weightsOfValues(measure, values));
    const test = testContrast(sums, contrast.bound);
    const degrees = Math.max(1, sums.questions - 1);
    const draws = new Float64Array(this.signs.draws);
    if (sums.questions < 2) return { test, z: 0, draws, degrees };
    const flipped = this.#flippedSums(measure, contrast, values, sums.questions);
    for (let draw = 0; draw < draws.length; draw++) {
      draws[draw] = normalOfT(contrastT(sums, flipped[draw] ?? 0, contrast.bound).t, degrees);
    }
    return { test, z: normalOfT(test.t, degrees), draws, degrees };
  }

  /** The sums of a contrast under every draw. */
  flippedSums(measure: MeasureColumns, contrast: Contrast): Float64Array {
    const values = contrastValues(measure, contrast);
    const questions = values.reduce((asked, value) => asked + (Number.isNaN(value) ? 0 : 1), 0);
    return this.#flippedSums(measure, contrast, values, questions);
  }

  /** By the points' own flipped sums, which many contrasts share; where questions are missing or weighted, by the contrast's. */
  #flippedSums(
    measure: MeasureColumns,
    { points, coefficients }: Contrast,
    values: Float64Array,
    questions: number,
  ): Float64Array {
    const total = new Float64Array(this.signs.draws);
    const weights = weightsOfValues(measure, values);
    if (questions < values.length || weights !== undefined) {
      flippedSums(this.signs, weightedValues(values, weights, questions), total);
      return total;
    }
    points.forEach((point, i) => {
      const column = measure.columns[point];
      if (column === undefined) return;
      const sums = this.columnSums(column);
      const coefficient = coefficients[i] ?? 0;
      for (let draw = 0; draw < total.length; draw++)
        total[draw] = (total[draw] ?? 0) + coefficient * (sums[draw] ?? 0);
    });
    return total;
  }

  /** The sums of a point's column under every draw; made once. */
  columnSums(column: Float64Array): Float64Array {
    const known = this.#sums.get(column);
    if (known !== undefined) return known;
    const sums = new Float64Array(this.signs.draws);
    flippedSums(this.signs, column, sums);
    this.#sums.set(column, sums);
    return sums;
  }
}

/** Values whose plain sum is their weighted mean times so many questions. */
function weightedValues(values: Float64Array, weights: Float64Array | undefined, questions: number): Float64Array {
  if (weights === undefined) return values;
  const total = values.reduce((sum, value, q) => sum + (Number.isNaN(value) ? 0 : (weights[q] ?? 1)), 0);
  return values.map((value, q) => (value * (weights[q] ?? 1) * questions) / total);
}

/**
 * Adjusts the p-values of all that a report claims: step-down max-t over sign flips (Westfall and Young 1993; Romano and Wolf
 * 2005). With at most the chance of its level any claim of the report is false, whatever the others are. No adjusted p is
 * smaller than the contrast's own, nor than what all questions leaning one way have among all sign vectors.
 *
 * @param family of one or several benchmarks with the same number of draws
 * @returns in their order; null where a contrast has no test
 */
export function adjustFamily(
  family: readonly Pick<FlippedContrast, "test" | "z" | "draws">[],
  exhaustive: boolean,
): (number | null)[] {
  const adjusted: (number | null)[] = family.map(() => null);
  const ranked = family
    .map(({ test, z }, index) => ({ index, p: test.p, size: Math.abs(z) }))
    .filter(({ p }) => p !== null)
    .toSorted((a, b) => b.size - a.size || a.index - b.index);
  const draws = family[0]?.draws.length ?? 0;
  const largest = new Float64Array(draws);
  const stepwise = ranked.map(() => 1);
  for (let rank = ranked.length - 1; rank >= 0; rank--) {
    const { index = 0, size = 0 } = ranked[rank] ?? {};
    const own = family[index]?.draws;
    let asFar = 0;
    for (let draw = 0; draw < draws; draw++) {
      const most = Math.max(largest[draw] ?? 0, Math.abs(own?.[draw] ?? 0));
      largest[draw] = most;
      if (most >= size - TIE) asFar++;
    }
    // All sign vectors hold the data's own; a draw does not.
    stepwise[rank] = exhaustive ? asFar / draws : (asFar + 1) / (draws + 1);
  }
  let floor = 0;
  ranked.forEach(({ index, p }, rank) => {
    floor = Math.max(floor, stepwise[rank] ?? 1);
    const fewest = 2 ** (1 - (family[index]?.test.questions ?? 0));
    adjusted[index] = Math.min(1, Math.max(floor, p ?? 1, fewest));
  });
  return adjusted;
}

/** Sums of the same numbers in another order differ by less. */
const TIE = 1e-9;

/**
 * The critical value of a simultaneous band over contrasts: the quantile of the largest |z| under the flips, and never less
 * than Student's for one contrast: where few questions differ flips alone are too narrow.
 */
export function bandCritical(
  contrasts: readonly Pick<FlippedContrast, "draws" | "degrees">[],
  confidence: number = CONFIDENCE,
): number {
  const draws = contrasts[0]?.draws.length ?? 0;
  const largest = new Float64Array(draws);
  for (const { draws: own } of contrasts) {
    for (let draw = 0; draw < draws; draw++) largest[draw] = Math.max(largest[draw] ?? 0, Math.abs(own[draw] ?? 0));
  }
  const degrees = Math.min(...contrasts.map((contrast) => contrast.degrees));
  return Math.max(upperQuantile(largest, confidence), studentQuantile(1 - (1 - confidence) / 2, degrees));
}

/** The value that so large a part of the draws does not exceed. */
export function upperQuantile(values: Float64Array, part: number): number {
  return rankedQuantile(values.toSorted(), part);
}

/** The same of values in rising order. */
export function rankedQuantile(ranked: Float64Array, part: number): number {
  return ranked[Math.min(ranked.length - 1, Math.ceil(part * (ranked.length + 1)) - 1)] ?? 0;
}

/** How many draws a benchmark gets: more where they are cheap. */
export function drawsFor(questions: number, columns: number): number {
  return questions * columns < 1e7 ? 4999 : 1999;
}
