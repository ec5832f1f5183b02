import { roundAll, roundTo } from "../../tensors/convert.ts";
import type { FloatDtype } from "../../tensors/dtype.ts";
import { parameterOf, type TensorMerge, type WholeTensorMethod } from "./method.ts";
import { combine } from "./rounded.ts";
import { addToBase, deltasOf, keepMajority, scale } from "./task-vectors.ts";
import { markLargest } from "./torch-sort.ts";
import { contiguousSum, sumAcross } from "./torch-sum.ts";

/** Source: mergekit/merge_methods/sce.py */
const LEAST_ENERGY = 1e-6;
const LEAST_DIVISOR = 1e-6;

/**
 * Select, calculate, erase: of what experts have changed of a base model the elements that vary most, weighted by each
 * expert's energy, without what is against the sign of the sum.
 * Source: mergekit/merge_methods/sce.py
 */
export const sce: WholeTensorMethod = {
  kind: "whole",
  name: "sce",
  title: "SCE",
  paper: "https://arxiv.org/abs/2408.07990",
  baseModel: "required",
  models: { least: 1, most: Number.POSITIVE_INFINITY },
  parameters: [
    { name: "select_topk", scope: "merge", fallback: 1 },
    // Memory is saved in other ways here: accepted, and of no effect on the result.
    { name: "int8_mask", scope: "merge", fallback: 0 },
  ],
  check: (tensor) => {
    const share = parameterOf(tensor, "select_topk");
    return share > 0 && share <= 1 ? undefined : `expected select_topk above 0 and up to 1, found ${share}`;
  },
  merge: mergeByEnergy,
};

function mergeByEnergy(tensor: TensorMerge, values: readonly Float32Array<ArrayBuffer>[]): Float32Array {
  const { work } = tensor;
  const { base, deltas } = deltasOf(tensor, values);
  if (deltas.length === 0) return base;
  const share = parameterOf(tensor, "select_topk");
  if (share < 1) selectMostVaried(deltas, share, work);
  const weights = energyShares(deltas, work);
  const kept = keepMajority(deltas, weights, work);
  for (const [index, delta] of deltas.entries()) scale(delta, weights[index] ?? 0, work);
  const mixed = sumAcross(deltas, work !== "F32");
  roundAll(work, mixed);
  const least = roundTo(work, LEAST_DIVISOR);
  return addToBase(
    base,
    combine(work, mixed, kept, (sum, weight) => sum / Math.max(least, weight)),
    work,
  );
}

/** Clears all but a share of the elements at which the deltas vary at all: those at which they vary most. */
function selectMostVaried(deltas: readonly Float32Array[], share: number, work: FloatDtype): void {
  const variances = variancesOf(deltas, work);
  const varied = variances.reduce((count, variance) => count + (variance === 0 ? 0 : 1), 0);
  // PyTorch multiplies a count with a number in F32.
  const marks = markLargest(variances, Math.trunc(Math.fround(Math.fround(share) * Math.fround(varied))));
  for (const delta of deltas) for (let i = 0; i < delta.length; i++) delta[i] = (delta[i] ?? 0) * (marks[i] ?? 0);
}

/** By Welford's method, as PyTorch: in doubles for F32, else in F32. */
function variancesOf(deltas: readonly Float32Array[], work: FloatDtype): Float32Array {
  const round = work === "F32" ? (value: number): number => value : Math.fround;
  const variances = new Float32Array(deltas[0]?.length ?? 0);
  for (let i = 0; i < variances.length; i++) {
    let mean = 0;
    let squares = 0;
    for (const [index, delta] of deltas.entries()) {
      const value = delta[i] ?? 0;
      const before = round(value - mean);
      mean = round(mean + round(before / (index + 1)));
      squares = round(squares + round(before * round(value - mean)));
    }
    variances[i] = round(squares / deltas.length);
  }
  roundAll(work, variances);
  return variances;
}

/** Of each delta the mean square, as a part of the sum of all; equal parts if there is next to nothing. */
function energyShares(deltas: readonly Float32Array[], work: FloatDtype): number[] {
  const energies = deltas.map((delta) => {
    const squares = combine(work, delta, delta, (x, y) => x * y);
    // PyTorch takes means of 2-byte values in F32.
    return roundTo(work, Math.fround(contiguousSum(squares, false) / delta.length));
  });
  const sum = roundTo(work, contiguousSum(energies, work !== "F32"));
  return energies.map((energy) => roundTo(work, sum < LEAST_ENERGY ? 1 / deltas.length : energy / sum));
}
