import { roundAll } from "../../tensors/convert.ts";
import { elementCount } from "../../tensors/tensor-info.ts";
import { copyOf, kernelOf } from "./elementwise.ts";
import {
  baseIndexOf,
  type InputScan,
  type Kernel,
  parameterOf,
  type SurveyedMethod,
  type TensorMerge,
} from "./method.ts";
import { BlasDot } from "./torch/blas-dot.ts";
import { PairwiseSum } from "./torch/pairwise-sum.ts";

/** Beyond this cosine, two directions count as one. Source: mergekit/merge_methods/slerp.py */
const NEARLY_PARALLEL = 0.9995;
const LEAST_NORM = 1e-8;

/**
 * Along the arc from the base model to the other one, by `t`, with a whole tensor as one vector, in F32 as NumPy computes it.
 * The angle is the nearest F32 number: NumPy's differs in the last bit with the processor.
 * Source: mergekit/merge_methods/slerp.py
 */
export const slerp: SurveyedMethod = {
  kind: "surveyed",
  name: "slerp",
  title: "SLERP",
  paper: "https://en.wikipedia.org/wiki/Slerp",
  baseModel: "required",
  models: { least: 2, most: 2, copiesOne: true },
  parameters: [{ name: "t", scope: "merge", fallback: undefined }],
  withoutDtype: "to base",
  survey: async (tensor, scan) => {
    if (tensor.inputs.length === 1) return copyOf(tensor);
    const base = baseIndexOf(tensor);
    return weightedPair(tensor, base, arcWeights(parameterOf(tensor, "t"), await cosineOf(tensor, base, scan)));
  },
};

/** The factors of the two vectors, each an F32 value. */
function arcWeights(t: number, cosine: number): [number, number] {
  if (Math.abs(cosine) > NEARLY_PARALLEL) return [Math.fround(1 - t), Math.fround(t)];
  const angle = Math.fround(Math.acos(cosine));
  const sine = Math.fround(Math.sin(angle));
  const part = Math.fround(angle * Math.fround(t));
  const rest = Math.fround(Math.sin(Math.fround(angle - part)));
  return [Math.fround(rest / sine), Math.fround(Math.fround(Math.sin(part)) / sine)];
}

async function cosineOf(tensor: TensorMerge, base: number, scan: InputScan): Promise<number> {
  const inputs = [base, 1 - base];
  const squares = inputs.map(() => new BlasDot());
  for await (const { values } of scan(inputs)) {
    for (const [index, vector] of values.entries()) squares[index]?.add(vector, vector);
  }
  const [lengthA = 1, lengthB = 1] = squares.map((square) => lengthOf(square.total()));
  const sum = new PairwiseSum(elementCount(tensor.shape));
  for await (const { values } of scan(inputs)) {
    const [a, b] = values;
    if (a === undefined || b === undefined) throw new Error("A scan has given fewer inputs than were asked for");
    for (let i = 0; i < a.length; i++) {
      a[i] = Math.fround((a[i] ?? 0) / lengthA) * Math.fround((b[i] ?? 0) / lengthB);
    }
    sum.add(a);
  }
  return sum.total();
}

/** The length of a vector; 1 for one that is too short to be divided by it. */
function lengthOf(squares: number): number {
  const norm = Math.fround(Math.sqrt(squares));
  return norm > LEAST_NORM ? norm : 1;
}

function weightedPair(tensor: TensorMerge, base: number, [forBase, forOther]: [number, number]): Kernel {
  return kernelOf(tensor, (values) => {
    const [a, b] = [values[base], values[1 - base]];
    if (a === undefined || b === undefined) throw new Error("Expected a base model and one other");
    for (let i = 0; i < a.length; i++) {
      a[i] = Math.fround(forBase * (a[i] ?? 0)) + Math.fround(forOther * (b[i] ?? 0));
    }
    roundAll(tensor.result, a);
    return a;
  });
}
