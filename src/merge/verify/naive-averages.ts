import { roundAll } from "../../tensors/convert.ts";
import { kernelOf } from "../methods/elementwise.ts";
import { type ElementwiseMethod, parameterOf, type TensorMerge } from "../methods/method.ts";

/** An average as a script would take it that does not merge as mergekit does. */
export interface NaiveAverage {
  /** What such a script does. */
  readonly title: string;
  readonly method: ElementwiseMethod;
}

/**
 * Averages of other programs, for the same models and weights as `linear`. Each differs from mergekit's in when it rounds
 * only. (The plain one, all in F32 and rounded once, is mergekit's own with `dtype: float32` and an `out_dtype`.)
 */
export const NAIVE_AVERAGES: readonly NaiveAverage[] = [
  average("a float64 average, rounded once", (_tensor, values, weights, total) => {
    const result = new Float32Array(values[0]?.length ?? 0);
    for (let i = 0; i < result.length; i++) {
      let sum = 0;
      for (const [index, value] of values.entries()) sum += (weights[index] ?? 0) * (value[i] ?? 0);
      result[i] = sum / total;
    }
    return result;
  }),
  average(
    "a sum of w * tensor in the tensors' own dtype, with weights that are not rounded to it",
    (tensor, values, weights, total) => {
      const result = new Float32Array(values[0]?.length ?? 0);
      for (const [index, value] of values.entries()) {
        const weight = Math.fround((weights[index] ?? 0) / total);
        for (let i = 0; i < value.length; i++) value[i] = weight * (value[i] ?? 0);
        roundAll(tensor.work, value);
        for (let i = 0; i < value.length; i++) result[i] = (result[i] ?? 0) + (value[i] ?? 0);
        roundAll(tensor.work, result);
      }
      return result;
    },
  ),
  average("an interpolation a + w * (b - a) in float32, rounded once", (_tensor, values, weights, total) => {
    const [from, to] = values;
    const weight = Math.fround((weights[1] ?? 0) / total);
    const result = new Float32Array(from?.length ?? 0);
    for (let i = 0; i < result.length; i++) {
      const start = from?.[i] ?? 0;
      result[i] = start + Math.fround(weight * Math.fround((to?.[i] ?? 0) - start));
    }
    return result;
  }),
];

type Combine = (
  tensor: TensorMerge,
  values: readonly Float32Array<ArrayBuffer>[],
  weights: readonly number[],
  total: number,
) => Float32Array;

function average(title: string, combine: Combine): NaiveAverage {
  const method: ElementwiseMethod = {
    kind: "elementwise",
    name: "linear",
    title,
    paper: undefined,
    baseModel: "unused",
    models: { least: 1, most: Number.POSITIVE_INFINITY },
    parameters: [],
    withoutDtype: "widest",
    prepare(tensor) {
      const weights = tensor.inputs.map((input) => parameterOf(input, "weight"));
      const total = parameterOf(tensor, "normalize") === 0 ? 1 : weights.reduce((sum, weight) => sum + weight, 0);
      return kernelOf(tensor, (values) => combine(tensor, values, weights, total));
    },
  };
  return { title, method };
}
