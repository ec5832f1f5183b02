import { roundTo } from "../../tensors/convert.ts";
import type { FloatDtype } from "../../tensors/dtype.ts";
import { elementCount } from "../../tensors/tensor-info.ts";
import { copyOf, kernelOf } from "./elementwise.ts";
import { Marks } from "./marks.ts";
import {
  allInputsOf,
  baseIndexOf,
  type InputScan,
  type Kernel,
  type SurveyedMethod,
  type TensorMerge,
} from "./method.ts";
import { rowsOfAll } from "./rows.ts";
import { combine, dotOf } from "./torch/rounded.ts";
import { step } from "./torch/step.ts";

/** Added to probabilities, so that none is zero. */
const LEAST_PROBABILITY = Math.fround(1e-8);
/** How far above the median a change must be, in interquartile ranges. */
const RANGES = 1.5;

/**
 * The base model with those changes of another model that matter most: a change counts by its size and by how far its row is
 * from the base model's as a distribution, and is taken if it is an outlier among all of the tensor. mergekit looks for
 * outliers in a random sample of tensors with more than a million elements; here all are looked at.
 * Source: mergekit/merge_methods/arcee_fusion.py
 */
export const arceeFusion: SurveyedMethod = {
  kind: "surveyed",
  name: "arcee_fusion",
  title: "Arcee Fusion",
  paper: "https://arcee.ai",
  baseModel: "required",
  models: { least: 2, most: 2, copiesOne: true },
  parameters: [],
  withoutDtype: "to F32",
  survey: async (tensor, scan) =>
    tensor.inputs.length === 1 ? copyOf(tensor) : fuse(tensor, await outliersOf(tensor, scan)),
};

/** The elements whose change is taken. */
async function outliersOf(tensor: TensorMerge, scan: InputScan): Promise<Marks> {
  const { work, shape } = tensor;
  const count = elementCount(shape);
  const importance = new Float32Array(count);
  const base = baseIndexOf(tensor);
  for await (const { start, rows } of rowsOfAll(scan(allInputsOf(tensor)), shape.at(-1) ?? 1)) {
    const [from, to] = [rows[base], rows[1 - base]];
    if (from !== undefined && to !== undefined) importance.set(importanceOf(work, from, to), start);
  }
  const threshold = thresholdOf(work, importance.toSorted());
  const marks = new Marks(count);
  for (let i = 0; i < count; i++) if ((importance[i] ?? 0) >= threshold) marks.add(i);
  return marks;
}

/** Of each element of a row: its change times the divergence of the rows' softmax. */
function importanceOf(work: FloatDtype, base: Float32Array, other: Float32Array): Float32Array {
  const [p, q] = [probabilities(work, other), probabilities(work, base)];
  const logs = combine(work, p, q, (x, y) => x / y);
  for (let i = 0; i < logs.length; i++) logs[i] = roundTo(work, Math.log(logs[i] ?? 1));
  const divergence = dotOf(work, p, logs);
  const sizes = combine(work, other, base, (x, y) => Math.abs(x - y));
  return step(work, sizes, "multiply", divergence);
}

function probabilities(work: FloatDtype, values: Float32Array): Float32Array<ArrayBuffer> {
  let largest = Number.NEGATIVE_INFINITY;
  for (const value of values) largest = Math.max(largest, value);
  const powers = Float32Array.from(values, (value) => Math.exp(Math.fround(value - largest)));
  let sum = 0;
  for (const power of powers) sum += power;
  const total = Math.fround(sum);
  return powers.map((power) => roundTo(work, roundTo(work, power / total) + LEAST_PROBABILITY));
}

/** @param sorted from the least */
function thresholdOf(work: FloatDtype, sorted: Float32Array): number {
  const at = (share: number): number =>
    sorted[Math.trunc(Math.fround(share * Math.fround(sorted.length - 1)))] ?? Number.NaN;
  const range = roundTo(work, at(0.75) - at(0.25));
  return roundTo(work, at(0.5) + roundTo(work, RANGES * range));
}

function fuse(tensor: TensorMerge, marks: Marks): Kernel {
  const { work } = tensor;
  const base = baseIndexOf(tensor);
  return kernelOf(tensor, (values, start) => {
    const [from, to] = [values[base], values[1 - base]];
    if (from === undefined || to === undefined) throw new Error("Expected a base model and one other");
    step(work, to, "subtract", from);
    marks.mask(to, start);
    return step("F32", to, "add", from);
  });
}
