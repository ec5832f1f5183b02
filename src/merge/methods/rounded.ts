import { roundAll, roundTo } from "../../tensors/convert.ts";
import type { FloatDtype } from "../../tensors/dtype.ts";
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
 * The length of a vector: every eighth square is added to a partial sum, the partial sums are added from left to right, and
 * what does not fill a vector comes last. Found by comparison with mergekit's vectors.
 *
 * @param fused whether a square is multiplied and added in one rounding: PyTorch does so over a whole tensor (`model_stock`),
 *   and not along a dimension (`nuslerp`)
 */
export function normOf(work: FloatDtype, values: Float32Array, { fused }: { fused: boolean }): number {
  const partial = new Float32Array(NORM_LANES);
  const whole = values.length - (values.length % NORM_LANES);
  const withSquare = (sum: number, value: number): number =>
    fused ? fusedMultiplyAdd(value, value, sum) : Math.fround(sum + Math.fround(value * value));
  for (let i = 0; i < whole; i++) partial[i % NORM_LANES] = withSquare(partial[i % NORM_LANES] ?? 0, values[i] ?? 0);
  let squares = partial.reduce((sum, lane) => Math.fround(sum + lane));
  for (let i = whole; i < values.length; i++) squares = withSquare(squares, values[i] ?? 0);
  return roundTo(work, Math.sqrt(squares));
}

/** The sum of the products of two vectors: each product rounded, then the sum. */
export function dotOf(work: FloatDtype, a: Float32Array, b: Float32Array): number {
  const products = combine(work, a, b, (x, y) => x * y);
  return roundTo(work, contiguousSum(products, work !== "F32"));
}

/** The lines of a tensor that are vectors of their own: the whole of it, its rows, or its columns. */
export type Lines = "whole" | "rows" | "columns";

/** Merges line by line: gathers each line of every input, and puts the result where the line was. */
export function mergeLines(
  shape: readonly number[],
  lines: Lines,
  values: readonly Float32Array<ArrayBuffer>[],
  merge: (lines: readonly Float32Array<ArrayBuffer>[]) => Float32Array,
): Float32Array {
  const count = values[0]?.length ?? 0;
  if (lines === "whole") return merge(values);
  const width = shape.at(-1) ?? 1;
  const result = new Float32Array(count);
  if (lines === "rows" || shape.length < 2) {
    for (let start = 0; start < count; start += width) {
      result.set(merge(values.map((input) => input.slice(start, start + width))), start);
    }
    return result;
  }
  for (let column = 0; column < width; column++) {
    const height = count / width;
    const gathered = values.map((input) =>
      Float32Array.from({ length: height }, (_, row) => input[row * width + column] ?? 0),
    );
    merge(gathered).forEach((value, row) => {
      result[row * width + column] = value;
    });
  }
  return result;
}
