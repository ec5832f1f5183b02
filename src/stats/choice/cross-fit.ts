import { createHash } from "node:crypto";
import { type MeasureColumns, weightsOfValues } from "../family.ts";
import { weightsOf } from "../weights.ts";

/** Twenty folds, five ways to make them: with fewer folds a rule sees so little less that it chooses otherwise where a peak is narrow. */
export const FOLDS = 20;
export const SALTS = 5;

/** The fold of each question, by the hash of its name: the same in every run that asks it. */
export function foldsOf(questions: readonly string[], salt: number): Uint8Array {
  return Uint8Array.from(questions, (name) => {
    const digest = createHash("sha256").update(`${salt}\n${name}`).digest();
    return digest.readUInt32LE(0) % FOLDS;
  });
}

/** Sums by fold, so that those without a fold are a subtraction. */
interface FoldSums {
  readonly count: Float64Array;
  readonly sum: Float64Array;
}

/** The differences of all pairs of points of a measure, fold by fold. */
export class FoldedPairs {
  readonly #pairs: readonly (readonly FoldSums[])[];

  constructor(measure: MeasureColumns, folds: Uint8Array) {
    this.#pairs = measure.columns.map((a, i) =>
      measure.columns.slice(0, i).map((b) => {
        const differences = a.map((value, q) => value - (b[q] ?? Number.NaN));
        return foldSums(differences, folds, weightsOfValues(measure, differences));
      }),
    );
  }

  /** The mean of point i less point j, without the questions of a fold; 0 where none is left. */
  without(fold: number, i: number, j: number): number {
    const pair = i < j ? this.#pairs[j]?.[i] : this.#pairs[i]?.[j];
    const difference = meanWithout(pair, fold);
    if (Number.isNaN(difference)) return 0;
    return i < j ? -difference : difference;
  }
}

/** NaN where a question was not asked. */
function foldSums(values: Float64Array, folds: Uint8Array, weights: Float64Array | undefined): FoldSums {
  const weightOf = weightsOf(weights);
  const [sum, count] = [new Float64Array(FOLDS), new Float64Array(FOLDS)];
  values.forEach((value, q) => {
    if (Number.isNaN(value)) return;
    add(sum, folds[q] ?? 0, weightOf(q) * value);
    add(count, folds[q] ?? 0, weightOf(q));
  });
  return { sum, count };
}

function meanWithout(sums: FoldSums | undefined, fold: number): number {
  let [total, n] = [0, 0];
  sums?.sum.forEach((value, k) => {
    if (k === fold) return;
    total += value;
    n += sums.count[k] ?? 0;
  });
  return n === 0 ? Number.NaN : total / n;
}

function add(values: Float64Array, at: number, value: number): void {
  values[at] = (values[at] ?? 0) + value;
}

/** Mean of a point over the questions of one fold and of the others. */
export class FoldedMeans {
  readonly #sums: readonly FoldSums[];

  constructor(measure: MeasureColumns, folds: Uint8Array) {
    this.#sums = measure.columns.map((column) => foldSums(column, folds, weightsOfValues(measure, column)));
  }

  /** The mean of a point without the questions of a fold; NaN where none is left. */
  without(fold: number, point: number): number {
    return meanWithout(this.#sums[point], fold);
  }

  /** The sum and number of a point's values in a fold, by their weights. */
  within(fold: number, point: number): { readonly sum: number; readonly count: number } {
    return { sum: this.#sums[point]?.sum[fold] ?? 0, count: this.#sums[point]?.count[fold] ?? 0 };
  }
}

/**
 * The figure of a point that was chosen by a rule, without the luck that it was chosen for: in every fold the rule chooses on
 * the other nine, and the fold's questions are scored at that choice; averaged over ways to make the folds.
 *
 * @param choose the point that the rule takes without a fold; undefined where it takes none
 * @returns the mean over questions; null where the rule never chooses
 */
export function crossFit(
  means: readonly FoldedMeans[],
  choose: (salt: number, fold: number) => number | undefined,
): number | null {
  let [total, n] = [0, 0];
  means.forEach((folded, salt) => {
    for (let fold = 0; fold < FOLDS; fold++) {
      const chosen = choose(salt, fold);
      if (chosen === undefined) continue;
      const { sum, count } = folded.within(fold, chosen);
      total += sum;
      n += count;
    }
  });
  return n === 0 ? null : total / n;
}
