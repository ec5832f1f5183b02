import { roundAll, roundTo } from "../../tensors/convert.ts";
import type { FloatDtype } from "../../tensors/dtype.ts";
import { elementCount } from "../../tensors/tensor-info.ts";
import { kernelOf } from "./elementwise.ts";
import {
  allInputsOf,
  type ElementwiseMethod,
  type InputScan,
  type Kernel,
  type MethodParameter,
  parameterOf,
  type SurveyedMethod,
  type TensorMerge,
} from "./method.ts";
import { deltasOf } from "./task-vectors.ts";
import { step } from "./torch/step.ts";
import { sumAcross } from "./torch/torch-sum.ts";

const COMMON = {
  baseModel: "required",
  paper: "https://arxiv.org/abs/2601.13572",
  models: { least: 1, most: Number.POSITIVE_INFINITY },
  withoutDtype: "widest",
} as const;

const EPSILON: MethodParameter = { name: "epsilon", scope: "merge", fallback: 1e-5 };

/**
 * What one model alone has changed of the base model is added as it is, what several have changed as their mean.
 * Source: mergekit/merge_methods/ram.py
 */
export const ram: ElementwiseMethod = {
  ...COMMON,
  kind: "elementwise",
  name: "ram",
  title: "Reinforced Agent Merging",
  parameters: [EPSILON],
  prepare: (tensor) => addChanges(tensor, undefined),
};

/** As `ram`, but what one model alone has changed counts the more, the more of its changes are shared. */
export const ramPlus: SurveyedMethod = {
  ...COMMON,
  kind: "surveyed",
  name: "ramplus_tl",
  title: "Reinforced Agent Merging Plus (Tensor-Local)",
  parameters: [{ name: "r", scope: "merge", fallback: 0.1 }, { name: "alpha", scope: "merge", fallback: 0.2 }, EPSILON],
  withoutDtype: "to F32",
  survey: async (tensor, scan) => addChanges(tensor, await boostsOf(tensor, scan)),
};

/** How many models have changed the element at each place by more than `epsilon`. */
function countChanges(deltas: readonly Float32Array[], epsilon: number): Uint32Array {
  const counts = new Uint32Array(deltas[0]?.length ?? 0);
  for (const delta of deltas) {
    for (let i = 0; i < counts.length; i++) if (Math.abs(delta[i] ?? 0) > epsilon) counts[i] = (counts[i] ?? 0) + 1;
  }
  return counts;
}

/** The factor of each model's changes that are its alone, F32. */
async function boostsOf(tensor: TensorMerge, scan: InputScan): Promise<number[]> {
  const { work } = tensor;
  const given = parameterOf(tensor, "epsilon");
  const epsilon = roundTo(work, given);
  const shared: number[] = [];
  const alone: number[] = [];
  for await (const { values } of scan(allInputsOf(tensor))) {
    const { deltas } = deltasOf(tensor, values);
    const counts = countChanges(deltas, epsilon);
    for (const [index, delta] of deltas.entries()) {
      shared[index] ??= 0;
      alone[index] ??= 0;
      for (let i = 0; i < delta.length; i++) {
        if (!(Math.abs(delta[i] ?? 0) > epsilon)) continue;
        if (counts[i] === 1) alone[index]++;
        else shared[index]++;
      }
    }
  }
  const [r, alpha] = [Math.fround(parameterOf(tensor, "r")), Math.fround(parameterOf(tensor, "alpha"))];
  return shared.map((count, index) => {
    const ratio = Math.fround(Math.fround(count) / Math.max(Math.fround(alone[index] ?? 0), Math.fround(given)));
    return Math.fround(1 + Math.fround(r * Math.min(Math.max(ratio, 0), alpha)));
  });
}

/** @param boosts of the models, with which PyTorch goes on in F32; none for plain `ram` */
function addChanges(tensor: TensorMerge, boosts: readonly number[] | undefined): Kernel {
  const { work } = tensor;
  const epsilon = roundTo(work, parameterOf(tensor, "epsilon"));
  const elements = elementCount(tensor.shape);
  const type: FloatDtype = boosts === undefined ? work : "F32";
  return kernelOf(tensor, (values, start) => {
    const { base, deltas } = deltasOf(tensor, values);
    if (deltas.length === 0) return base;
    const counts = countChanges(deltas, epsilon);
    for (const [index, delta] of deltas.entries()) {
      const boost = boosts?.[index] ?? 1;
      for (let i = 0; i < delta.length; i++) {
        const value = delta[i] ?? 0;
        const count = counts[i] ?? 0;
        // As products with 0 and 1, which keep what is no number.
        const changed = value * (Math.abs(value) > epsilon ? 1 : 0);
        const alone = Math.fround(changed * (count === 1 ? 1 : 0) * boost);
        delta[i] = alone + roundTo(work, (changed * (count > 1 ? 1 : 0)) / Math.max(count, 1));
      }
      roundAll(type, delta);
    }
    const sum = Float32Array.from(sumAcross(deltas, type !== "F32", { start, elements }));
    roundAll(type, sum);
    return step(type, sum, "add", base);
  });
}
