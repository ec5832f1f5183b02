import { createHash } from "node:crypto";
import { type ContrastSums, NO_BOUND } from "./contrast.ts";
import type { MeasureColumns } from "./family.ts";

/** Ten folds, ten ways to make them. */
export const FOLDS = 10;
export const SALTS = 10;

/** The fold of each question, by the hash of its name: the same in every run that asks it. */
export function foldsOf(questions: readonly string[], salt: number): Uint8Array {
  return Uint8Array.from(questions, (name) => {
    const digest = createHash("sha256").update(`${salt}\n${name}`).digest();
    return digest.readUInt32LE(0) % FOLDS;
  });
}

/** Sums by fold, so that those without a fold are a subtraction. */
interface FoldSums {
  readonly questions: Float64Array;
  readonly sum: Float64Array;
  readonly squares: Float64Array;
  readonly differing: Float64Array;
}

/** The differences of all pairs of points of a measure, fold by fold. */
export class FoldedPairs {
  readonly #pairs: readonly (readonly FoldSums[])[];
  readonly #bound: number;

  constructor({ columns }: MeasureColumns, folds: Uint8Array, bound: number) {
    this.#bound = bound;
    this.#pairs = columns.map((a, i) => columns.slice(0, i).map((b) => foldSums(a, b, folds)));
  }

  /** The sums of point i less point j, without the questions of a fold. */
  without(fold: number, i: number, j: number): ContrastSums {
    const turned = i < j;
    const pair = this.#pairs[turned ? j : i]?.[turned ? i : j];
    if (pair === undefined) return { questions: 0, sum: 0, squares: 0, differing: 0, pseudo: this.#bound ** 2 };
    const rest = (values: Float64Array): number =>
      values.reduce((total, value, k) => (k === fold ? total : total + value), 0);
    const [questions, squares, differing] = [rest(pair.questions), rest(pair.squares), rest(pair.differing)];
    return {
      questions,
      sum: rest(pair.sum) * (turned ? -1 : 1),
      squares,
      differing,
      pseudo: this.#bound === NO_BOUND ? 0 : (squares + this.#bound ** 2) / (differing + 1),
    };
  }
}

function perFold(): Float64Array {
  return new Float64Array(FOLDS);
}

function foldSums(a: Float64Array, b: Float64Array, folds: Uint8Array): FoldSums {
  const sums = { questions: perFold(), sum: perFold(), squares: perFold(), differing: perFold() };
  for (let q = 0; q < a.length; q++) {
    const value = (a[q] ?? Number.NaN) - (b[q] ?? Number.NaN);
    if (Number.isNaN(value)) continue;
    const fold = folds[q] ?? 0;
    add(sums.questions, fold, 1);
    add(sums.sum, fold, value);
    add(sums.squares, fold, value * value);
    if (Math.abs(value) > 1e-12) add(sums.differing, fold, 1);
  }
  return sums;
}

function add(values: Float64Array, at: number, value: number): void {
  values[at] = (values[at] ?? 0) + value;
}

/** Mean of a point over the questions of one fold and of the others. */
export class FoldedMeans {
  readonly #sums: readonly { readonly sum: Float64Array; readonly count: Float64Array }[];

  constructor({ columns }: MeasureColumns, folds: Uint8Array) {
    this.#sums = columns.map((column) => {
      const [sum, count] = [new Float64Array(FOLDS), new Float64Array(FOLDS)];
      column.forEach((value, q) => {
        if (Number.isNaN(value)) return;
        add(sum, folds[q] ?? 0, value);
        add(count, folds[q] ?? 0, 1);
      });
      return { sum, count };
    });
  }

  /** The mean of a point without the questions of a fold. */
  without(fold: number, point: number): number {
    let [total, n] = [0, 0];
    this.#sums[point]?.sum.forEach((value, k) => {
      if (k === fold) return;
      total += value;
      n += this.#sums[point]?.count[k] ?? 0;
    });
    return n === 0 ? Number.NaN : total / n;
  }

  /** The sum and number of a point's values in a fold. */
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
