import { roundAll, roundTo } from "../../tensors/convert.ts";
import type { FloatDtype } from "../../tensors/dtype.ts";
import { elementCount } from "../../tensors/tensor-info.ts";
import { kernelOf } from "./elementwise.ts";
import { Marks } from "./marks.ts";
import {
  allInputsOf,
  type InputScan,
  type Kernel,
  parameterOf,
  type SurveyedMethod,
  type TensorMerge,
} from "./method.ts";
import { deltasOf, keepMajority } from "./task-vectors.ts";
import { MagnitudeKeys } from "./torch/sort-keys.ts";
import { scale, step } from "./torch/step.ts";
import { largestIndexes } from "./torch/torch-sort.ts";
import { ContiguousSum, contiguousSum, sumAcross } from "./torch/torch-sum.ts";

const LEAST_ENERGY = 1e-6;
const LEAST_DIVISOR = 1e-6;

/**
 * Select, calculate, erase: of what experts have changed of a base model the elements that vary most, weighted by each
 * expert's energy, without what is against the sign of the sum.
 * Source: mergekit/merge_methods/sce.py
 */
export const sce: SurveyedMethod = {
  kind: "surveyed",
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
  skipsOtherShapes: true,
  withoutDtype: "widest",
  survey: async (tensor, scan) => {
    const share = parameterOf(tensor, "select_topk");
    const marks = share < 1 ? await markMostVaried(tensor, scan, share) : undefined;
    return mixByEnergy(tensor, marks, await energyShares(tensor, scan, marks));
  },
};

function mixByEnergy(tensor: TensorMerge, marks: Marks | undefined, weights: readonly number[]): Kernel {
  const { work } = tensor;
  const elements = elementCount(tensor.shape);
  const least = roundTo(work, LEAST_DIVISOR);
  return kernelOf(tensor, (values, start) => {
    const part = { start, elements };
    const { base, deltas } = deltasOf(tensor, values);
    if (deltas.length === 0) return base;
    for (const delta of deltas) marks?.mask(delta, start);
    const kept = keepMajority(deltas, weights, work, part);
    for (const [index, delta] of deltas.entries()) scale(delta, weights[index] ?? 0, work);
    const mixed = sumAcross(deltas, work !== "F32", part);
    roundAll(work, mixed);
    for (let i = 0; i < kept.length; i++) kept[i] = Math.max(least, kept[i] ?? 0);
    step(work, mixed, "divide", kept);
    return step(work, mixed, "add", base);
  });
}

/** Marks a share of the elements at which the deltas vary at all: those at which they vary most. */
async function markMostVaried(tensor: TensorMerge, scan: InputScan, share: number): Promise<Marks> {
  const count = elementCount(tensor.shape);
  const marks = new Marks(count);
  if (share <= 0) return marks;
  const variances = new MagnitudeKeys(count, tensor.work, { ascending: false });
  let varied = 0;
  for await (const { start, values } of scan(allInputsOf(tensor))) {
    const ofPiece = variancesOf(deltasOf(tensor, values).deltas, tensor.work);
    for (let i = 0; i < ofPiece.length; i++) varied += ofPiece[i] === 0 ? 0 : 1;
    variances.put(ofPiece, start);
  }
  // PyTorch multiplies a count with a number in F32.
  const selected = Math.trunc(Math.fround(Math.fround(share) * Math.fround(varied)));
  marks.addAll(largestIndexes(variances.keys, selected));
  return marks;
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
async function energyShares(tensor: TensorMerge, scan: InputScan, marks: Marks | undefined): Promise<number[]> {
  const { work, inputs } = tensor;
  const count = elementCount(tensor.shape);
  // PyTorch takes means of 2-byte values in F32.
  const sums = inputs.filter((input) => !input.isBase).map(() => new ContiguousSum(count, false));
  for await (const { start, values } of scan(allInputsOf(tensor))) {
    for (const [index, delta] of deltasOf(tensor, values).deltas.entries()) {
      marks?.mask(delta, start);
      sums[index]?.add(step(work, delta, "multiply", delta));
    }
  }
  const energies = sums.map((sum) => roundTo(work, Math.fround(sum.total() / count)));
  const sum = roundTo(work, contiguousSum(Float32Array.from(energies), work !== "F32"));
  return energies.map((energy) => roundTo(work, sum < LEAST_ENERGY ? 1 / energies.length : energy / sum));
}
