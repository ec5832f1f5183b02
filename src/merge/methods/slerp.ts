import { roundAll } from "../../tensors/convert.ts";
import { blasDot } from "./blas-dot.ts";
import { parameterOf, type TensorMerge, type WholeTensorMethod } from "./method.ts";

/** Beyond this cosine, two directions count as one. Source: mergekit/merge_methods/slerp.py */
const NEARLY_PARALLEL = 0.9995;
const LEAST_NORM = 1e-8;

/**
 * Along the arc from the base model to the other one, by `t`, with a whole tensor as one vector, in F32 as NumPy computes it.
 * The angle is the nearest F32 number: NumPy's differs in the last bit with the processor.
 * Source: mergekit/merge_methods/slerp.py
 */
export const slerp: WholeTensorMethod = {
  kind: "whole",
  name: "slerp",
  title: "SLERP",
  paper: "https://en.wikipedia.org/wiki/Slerp",
  baseModel: "required",
  models: { least: 2, most: 2 },
  parameters: [{ name: "t", scope: "merge", fallback: undefined }],
  merge: (tensor, values) => {
    const baseIndex = tensor.inputs.findIndex((input) => input.isBase);
    const [base, other] = [values[baseIndex], values[1 - baseIndex]];
    if (base === undefined || other === undefined) throw new Error("Expected a base model and one other");
    const [forBase, forOther] = arcWeights(parameterOf(tensor, "t"), base, other);
    return weightedPair(tensor, base, other, forBase, forOther);
  },
};

/** The factors of the two vectors, each an F32 value. */
function arcWeights(t: number, base: Float32Array, other: Float32Array): [number, number] {
  const cosine = cosineOf(base, other);
  if (Math.abs(cosine) > NEARLY_PARALLEL) return [Math.fround(1 - t), Math.fround(t)];
  const angle = Math.fround(Math.acos(cosine));
  const sine = Math.fround(Math.sin(angle));
  const part = Math.fround(angle * Math.fround(t));
  const rest = Math.fround(Math.sin(Math.fround(angle - part)));
  return [Math.fround(rest / sine), Math.fround(Math.fround(Math.sin(part)) / sine)];
}

function cosineOf(a: Float32Array, b: Float32Array): number {
  const [lengthA, lengthB] = [normOf(a), normOf(b)];
  const products = a.map((value, i) => Math.fround(value / lengthA) * Math.fround((b[i] ?? 0) / lengthB));
  return pairwiseSum(products);
}

/** NumPy's sum of F32 values: eight partial sums over up to 128 values, halves beyond. */
function pairwiseSum(values: Float32Array): number {
  const count = values.length;
  if (count > 128) {
    const half = Math.floor(count / 2);
    const cut = half - (half % 8);
    return Math.fround(pairwiseSum(values.subarray(0, cut)) + pairwiseSum(values.subarray(cut)));
  }
  const partial = new Float32Array(8);
  const whole = count < 8 ? 0 : count - (count % 8);
  for (let i = 0; i < whole; i++) partial[i % 8] = (partial[i % 8] ?? 0) + (values[i] ?? 0);
  const [p0 = 0, p1 = 0, p2 = 0, p3 = 0, p4 = 0, p5 = 0, p6 = 0, p7 = 0] = partial;
  const left = Math.fround(Math.fround(p0 + p1) + Math.fround(p2 + p3));
  const right = Math.fround(Math.fround(p4 + p5) + Math.fround(p6 + p7));
  let sum = Math.fround(left + right);
  for (let i = whole; i < count; i++) sum = Math.fround(sum + (values[i] ?? 0));
  return sum;
}

/** The length of a vector; 1 for one that is too short to be divided by it. */
function normOf(values: Float32Array): number {
  const norm = Math.fround(Math.sqrt(blasDot(values, values)));
  return norm > LEAST_NORM ? norm : 1;
}

function weightedPair(tensor: TensorMerge, a: Float32Array, b: Float32Array, forA: number, forB: number): Float32Array {
  const result = new Float32Array(a.length);
  for (let i = 0; i < a.length; i++) {
    result[i] = Math.fround(forA * (a[i] ?? 0)) + Math.fround(forB * (b[i] ?? 0));
  }
  roundAll(tensor.work, result);
  return result;
}
