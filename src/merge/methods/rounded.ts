import { roundAll, roundTo } from "../../tensors/convert.ts";
import type { FloatDtype } from "../../tensors/dtype.ts";
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

/**
 * The length of a vector that comes in pieces, of which all but the last are of a multiple of 8 numbers: every eighth square
 * is added to a partial sum, the partial sums are added from left to right, and what does not fill a vector comes last. Found
 * by comparison with mergekit's vectors.
 */
export class Norm {
  readonly #fused: boolean;
  readonly #lanes = new Float32Array(NORM_LANES);
  readonly #rest: number[] = [];

  /**
   * @param fused whether a square is multiplied and added in one rounding: PyTorch does so over a whole tensor (`model_stock`,
   *   `karcher`), and not along a dimension (`nuslerp`)
   */
  constructor({ fused }: { fused: boolean }) {
    this.#fused = fused;
  }

  add(values: Float32Array): void {
    const lanes = this.#lanes;
    const whole = values.length - (values.length % NORM_LANES);
    if (this.#fused) {
      for (let i = 0; i < whole; i++) {
        const value = values[i] ?? 0;
        lanes[i % NORM_LANES] = fusedMultiplyAdd(value, value, lanes[i % NORM_LANES] ?? 0);
      }
    } else {
      for (let i = 0; i < whole; i++) {
        const value = values[i] ?? 0;
        lanes[i % NORM_LANES] = (lanes[i % NORM_LANES] ?? 0) + Math.fround(value * value);
      }
    }
    for (let i = whole; i < values.length; i++) this.#rest.push(values[i] ?? 0);
  }

  /** Rounded to the work dtype. */
  length(work: FloatDtype): number {
    let squares = this.#lanes.reduce((sum, lane) => Math.fround(sum + lane));
    for (const value of this.#rest) {
      squares = this.#fused
        ? fusedMultiplyAdd(value, value, squares)
        : Math.fround(squares + Math.fround(value * value));
    }
    return roundTo(work, Math.sqrt(squares));
  }
}

/** The length of a vector along a dimension of a tensor. */
export function normOf(work: FloatDtype, values: Float32Array): number {
  const norm = new Norm({ fused: false });
  norm.add(values);
  return norm.length(work);
}

/** The sum of the products of two vectors: each product rounded, then the sum. */
export function dotOf(work: FloatDtype, a: Float32Array, b: Float32Array): number {
  const products = step(work, a, "multiply", b, new Float32Array(a.length));
  return roundTo(work, contiguousSum(products, work !== "F32"));
}
