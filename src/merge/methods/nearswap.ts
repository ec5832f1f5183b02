import { roundAll, roundTo } from "../../tensors/convert.ts";
import { copyOf, kernelOf } from "./elementwise.ts";
import { baseIndexOf, type ElementwiseMethod, parameterOf, type TensorMerge } from "./method.ts";
import { combine } from "./torch/rounded.ts";

/**
 * The other model where it is nearer to the base model than `t`, and beyond that towards it by `t`.
 * Source: mergekit/merge_methods/nearswap.py
 */
export const nearswap: ElementwiseMethod = {
  kind: "elementwise",
  name: "nearswap",
  title: "NearSwap",
  paper: "https://huggingface.co/alchemonaut/QuartetAnemoi-70B-t0.0001",
  baseModel: "required",
  models: { least: 2, most: 2, copiesOne: true },
  parameters: [{ name: "t", scope: "merge", fallback: undefined }],
  withoutDtype: "to base",
  refuse: (tensor) => {
    const t = parameterOf(tensor, "t");
    return t > 0 ? undefined : `expected t above 0, found ${t}`;
  },
  prepare: (tensor) => {
    if (tensor.inputs.length === 1) return copyOf(tensor);
    const base = baseIndexOf(tensor);
    return kernelOf(tensor, (values) => swapNear(tensor, values[base], values[1 - base]));
  },
};

function swapNear(tensor: TensorMerge, base: Float32Array | undefined, other: Float32Array | undefined): Float32Array {
  if (base === undefined || other === undefined) throw new Error("Expected a base model and one other");
  const { work } = tensor;
  const round = (value: number): number => roundTo(work, value);
  const t = Math.fround(parameterOf(tensor, "t"));
  // PyTorch divides a number by a tensor by multiplying with the tensor's inverse. Where that is infinite, 1 is taken.
  const shares = combine(work, base, other, (a, b) => t * round(1 / Math.abs(round(a - b))));
  for (let i = 0; i < shares.length; i++) {
    const share = shares[i] ?? 0;
    shares[i] = Number.isFinite(share) ? Math.min(1, share) : 1;
  }
  const left = combine(work, shares, base, (share, value) => round(1 - share) * value);
  const taken = combine(work, shares, other, (share, value) => share * value);
  const sum = combine(work, taken, left, (a, b) => a + b);
  roundAll(tensor.result, sum);
  return sum;
}
