import type { Dtype } from "./dtype.ts";

/** What is known of a tensor without reading it. Shape as in PyTorch: row-major, slowest dimension first. */
export interface TensorInfo {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
}

/** The number of elements of a shape; 1 for a scalar. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
