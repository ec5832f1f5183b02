import { roundAll } from "../../tensors/convert.ts";
import type { FloatDtype } from "../../tensors/dtype.ts";
import { baseIndexOf, type TensorMerge } from "./method.ts";
import { step } from "./torch/step.ts";
import { type PartOfPlaces, sumAcross } from "./torch/torch-sum.ts";

// What methods that add changes of a base model have in common. Every step is rounded to the work dtype.

/** A base model's values and what each other model has changed of them, in the order of the inputs. */
export interface Deltas {
  readonly base: Float32Array<ArrayBuffer>;
  readonly deltas: readonly Float32Array<ArrayBuffer>[];
}

/** @param values of each input; those of the other models become their deltas */
export function deltasOf(tensor: TensorMerge, values: readonly Float32Array<ArrayBuffer>[]): Deltas {
  const base = values[baseIndexOf(tensor)];
  if (base === undefined) throw new Error("The base model has no values");
  const deltas = values.filter((_, index) => tensor.inputs[index]?.isBase === false);
  for (const delta of deltas) step(tensor.work, delta, "subtract", base);
  return { base, deltas };
}

/**
 * Clears what is against the sign of the sum at its place, as TIES does.
 *
 * @returns the sum of the weights that are left at each place
 */
export function keepMajority(
  deltas: readonly Float32Array[],
  weights: readonly number[],
  work: FloatDtype,
  part: PartOfPlaces,
): Float32Array {
  const majority = sumAcross(deltas, work !== "F32", part);
  roundAll(work, majority);
  const kept = deltas.map((delta, input) => {
    const weight = weights[input] ?? 0;
    const left = new Float32Array(delta.length);
    for (let i = 0; i < delta.length; i++) {
      const value = delta[i] ?? 0;
      if ((majority[i] ?? 0) >= 0 ? value > 0 : value < 0) left[i] = weight;
      else if (!Number.isNaN(value)) delta[i] = 0;
    }
    return left;
  });
  const sums = sumAcross(kept, work !== "F32", part);
  roundAll(work, sums);
  return sums;
}
