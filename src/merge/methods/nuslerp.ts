import { roundAll, roundTo } from "../../tensors/convert.ts";
import type { FloatDtype } from "../../tensors/dtype.ts";
import { parameterOf, type TensorMerge, type WholeTensorMethod } from "./method.ts";
import { combine, dotOf, type Lines, mergeLines, normOf } from "./rounded.ts";
import { arcCosine, sine } from "./vector-math.ts";

/** Source: mergekit/merge_methods/nuslerp.py */
const LEAST_WEIGHT_SUM = 1e-6;
const LEAST_NORM = 1e-7;
const LEAST_SINE = 1e-8;

/** Along the arc between two models, or between what they have changed of a base model, by their weights. */
export const nuslerp: WholeTensorMethod = {
  kind: "whole",
  name: "nuslerp",
  title: "NuSLERP",
  paper: undefined,
  baseModel: "optional",
  models: { least: 2, most: 3 },
  parameters: [
    { name: "weight", scope: "model", fallback: undefined, baseFallback: 0 },
    { name: "nuslerp_flatten", scope: "merge", fallback: 1 },
    { name: "nuslerp_row_wise", scope: "merge", fallback: 0 },
  ],
  check: ({ inputs }) => {
    const others = inputs.filter((input) => !input.isBase).length;
    return others === 2 ? undefined : `expected two models beside the base_model, found ${others}`;
  },
  merge: mergeByArc,
};

function mergeByArc(tensor: TensorMerge, values: readonly Float32Array<ArrayBuffer>[]): Float32Array {
  const { work, inputs } = tensor;
  const base = values[inputs.findIndex((input) => input.isBase)];
  const others = values.filter((_, index) => inputs[index]?.isBase === false);
  const weights = inputs.filter((input) => !input.isBase).map((input) => parameterOf(input, "weight"));
  const [first = 0, second = 0] = weights;
  const t = Math.abs(first + second) < LEAST_WEIGHT_SUM ? 0.5 : second / (first + second);
  let lines: Lines = parameterOf(tensor, "nuslerp_row_wise") === 0 ? "rows" : "columns";
  if (parameterOf(tensor, "nuslerp_flatten") !== 0) lines = "whole";
  const ends = base === undefined ? others : others.map((other) => combine(work, other, base, (x, y) => x - y));
  const merged = mergeLines(tensor.shape, lines, ends, ([a, b]) => {
    if (a === undefined || b === undefined) throw new Error("Expected two models");
    return arc(work, t, a, b);
  });
  return base === undefined ? merged : combine(work, base, merged, (x, y) => x + y);
}

function arc(work: FloatDtype, t: number, a: Float32Array, b: Float32Array): Float32Array {
  const round = (value: number): number => roundTo(work, value);
  const [forA, forB] = [Math.fround(1 - t), Math.fround(t)];
  const least = round(LEAST_NORM);
  const [lengthA, lengthB] = [a, b].map((vector) => Math.max(least, normOf(work, vector, { fused: false })));
  const unitA = combine(work, a, a, (x) => x / (lengthA ?? 1));
  const unitB = combine(work, b, b, (x) => x / (lengthB ?? 1));
  const angle = round(arcCosine(Math.min(1, Math.max(-1, dotOf(work, unitA, unitB)))));
  const whole = round(sine(angle));
  if (Math.abs(whole) < LEAST_SINE) {
    return combine(work, a, b, (x, y) => round(forA * x) + round(forB * y));
  }
  const [partA, partB] = [round(sine(round(forA * angle))), round(sine(round(forB * angle)))];
  const result = combine(work, a, b, (x, y) => round(partA * x) + round(partB * y));
  for (let i = 0; i < result.length; i++) result[i] = (result[i] ?? 0) / whole;
  roundAll(work, result);
  return result;
}
