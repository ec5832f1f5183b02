import { roundAll, roundTo } from "../../tensors/convert.ts";
import type { FloatDtype } from "../../tensors/dtype.ts";
import { contiguousSum } from "./torch-sum.ts";

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

/** The length of a vector. Its squares are summed in doubles: PyTorch's order depends on the machine. */
export function normOf(work: FloatDtype, values: Float32Array): number {
  let squares = 0;
  for (const value of values) squares += value * value;
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
