import { roundAll, roundTo } from "../../../tensors/convert.ts";
import type { FloatDtype } from "../../../tensors/dtype.ts";
import { step } from "./step.ts";
import { contiguousSum } from "./torch-sum.ts";
import { fusedMultiplyAdd } from "./vector-math.ts";

// Steps of PyTorch on vectors: each is computed in F32 (or better) and rounded to the work dtype.

/** A new vector, element by element from two, rounded. */
export function combine(
  work: FloatDtype,
  a: Float32Array,
  b: Float32Array,
  of: (x: number, y: number) => number,
): Float32Array<ArrayBuffer> {
  const result = new Float32Array(a.length);
  for (let i = 0; i < a.length; i++) result[i] = of(a[i] ?? 0, b[i] ?? 0);
  roundAll(work, result);
  return result;
}

/** How many partial sums of squares PyTorch's norm keeps: the floats of a 256-bit vector. */
const NORM_LANES = 8;

/** Squares behind the whole vectors that PyTorch adds as it does those in vectors; those behind them, fused. */
const NORM_TAIL = 4;

/**
 * The length of a vector that comes in pieces, of which all but the last are of a multiple of 8 numbers: every eighth square
 * is added to a partial sum, the partial sums are added from left to right, and what does not fill a vector comes last: fours
 * of them square by square, the rest multiplied and added in one rounding. Found by comparison with PyTorch 2.13.
 */
export class Norm {
  readonly #lanes = new Float32Array(NORM_LANES);
  readonly #rest: number[] = [];

  add(values: Float32Array): void {
    const lanes = this.#lanes;
    const whole = values.length - (values.length % NORM_LANES);
    for (let i = 0; i < whole; i++) {
      const value = values[i] ?? 0;
      lanes[i % NORM_LANES] = (lanes[i % NORM_LANES] ?? 0) + Math.fround(value * value);
    }
    for (let i = whole; i < values.length; i++) this.#rest.push(values[i] ?? 0);
  }

  /** Rounded to the work dtype. */
  length(work: FloatDtype): number {
    let squares = this.#lanes.reduce((sum, lane) => Math.fround(sum + lane));
    const fours = this.#rest.length - (this.#rest.length % NORM_TAIL);
    for (const [i, value] of this.#rest.entries()) {
      squares = i < fours ? Math.fround(squares + Math.fround(value * value)) : fusedMultiplyAdd(value, value, squares);
    }
    return roundTo(work, Math.sqrt(squares));
  }
}

/** The length of a vector along a dimension of a tensor. */
export function normOf(work: FloatDtype, values: Float32Array): number {
  const norm = new Norm();
  norm.add(values);
  return norm.length(work);
}

/** The sum of the products of two vectors: each product rounded, then the sum. */
export function dotOf(work: FloatDtype, a: Float32Array, b: Float32Array): number {
  const products = step(work, a, "multiply", b, new Float32Array(a.length));
  return roundTo(work, contiguousSum(products, work !== "F32"));
}
