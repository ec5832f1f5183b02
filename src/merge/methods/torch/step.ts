import type { FloatDtype } from "../../../tensors/dtype.ts";
import { type Operation, VectorStep } from "../../../tensors/wasm/vector-steps.ts";

/**
 * One step with every element, in place of the first vector's unless `out` says where, rounded.
 *
 * @param b a vector of the same length, or one F32 number
 */
export function step<Vector extends Float32Array>(
  work: FloatDtype,
  a: Vector,
  operation: Exclude<Operation, "round">,
  b: Float32Array | number,
  out: Vector = a,
): Vector {
  VectorStep.of(operation, work, typeof b === "number").apply(out, a, b);
  return out;
}

/** Multiplies in place. */
export function scale(values: Float32Array, factor: number, work: FloatDtype): void {
  if (factor !== 1) step(work, values, "multiply", factor);
}
