import { roundAll, roundTo } from "../../tensors/convert.ts";
import type { FloatDtype } from "../../tensors/dtype.ts";
import { elementCount } from "../../tensors/tensor-info.ts";
import { copyOf, kernelOf } from "./elementwise.ts";
import {
  allInputsOf,
  type InputScan,
  type Kernel,
  parameterOf,
  type SurveyedMethod,
  type TensorMerge,
} from "./method.ts";
import { rowsOfAll } from "./rows.ts";
import { dotOf, Norm, normOf } from "./torch/rounded.ts";
import { scale, step } from "./torch/step.ts";
import { ContiguousSum, RowSum } from "./torch/torch-sum.ts";
import { arcCosine, sine } from "./torch/vector-math.ts";

/** Source: mergekit/merge_methods/nuslerp.py */
const LEAST_WEIGHT_SUM = 1e-6;
const LEAST_NORM = 1e-7;
const LEAST_SINE = 1e-8;

/** Along the arc between two models, or between what they have changed of a base model, by their weights. */
export const nuslerp: SurveyedMethod = {
  kind: "surveyed",
  name: "nuslerp",
  title: "NuSLERP",
  paper: undefined,
  baseModel: "optional",
  models: { least: 2, most: 3, copiesOne: true },
  parameters: [
    { name: "weight", scope: "model", fallback: undefined, baseFallback: 0 },
    { name: "nuslerp_flatten", scope: "merge", fallback: 1 },
    { name: "nuslerp_row_wise", scope: "merge", fallback: 0 },
  ],
  withoutDtype: "widest",
  refuse: ({ inputs }) => {
    const others = inputs.filter((input) => !input.isBase).length;
    if (others === 2 || inputs.length === 1) return undefined;
    return `expected two models beside the base_model, found ${others}`;
  },
  survey: async (tensor, scan) =>
    tensor.inputs.length === 1 ? copyOf(tensor) : alongArcs(tensor, await arcsOf(tensor, scan)),
};

/** The factors of two vectors on the arc between them, and what their sum is divided by. */
interface Arc {
  readonly a: number;
  readonly b: number;
  readonly divisor: number;
}

/** One for all of the tensor, or that of the vector that an element is in. */
type Arcs = Arc | ((element: number) => Arc);

/** The vectors: the whole tensor, its rows, or (`nuslerp_row_wise`) its columns. */
async function arcsOf(tensor: TensorMerge, scan: InputScan): Promise<Arcs> {
  const { shape } = tensor;
  const width = shape.at(-1) ?? 1;
  if (parameterOf(tensor, "nuslerp_flatten") !== 0) {
    return await wholeArc(tensor, scan);
  }
  if (parameterOf(tensor, "nuslerp_row_wise") === 0 || shape.length < 2) {
    const arcs: Arc[] = [];
    for await (const { rows } of rowsOfAll(endsOf(tensor, scan), width)) arcs.push(rowArc(tensor, rows));
    return (element) => arcs[Math.floor(element / width)] ?? NO_ARC;
  }
  const arcs = await columnArcs(tensor, scan, width);
  return (element) => arcs[element % width] ?? NO_ARC;
}

const NO_ARC: Arc = { a: 0, b: 0, divisor: 1 };

/** What the arc is between: the two models, or what they have changed of the base model. */
async function* endsOf(
  tensor: TensorMerge,
  scan: InputScan,
): AsyncGenerator<{ readonly start: number; readonly values: readonly Float32Array<ArrayBuffer>[] }> {
  for await (const { start, values } of scan(allInputsOf(tensor)))
    yield { start, values: endsAmong(tensor, values).ends };
}

function endsAmong(
  { work, inputs }: TensorMerge,
  values: readonly Float32Array<ArrayBuffer>[],
): { base: Float32Array<ArrayBuffer> | undefined; ends: readonly Float32Array<ArrayBuffer>[] } {
  const base = values[inputs.findIndex((input) => input.isBase)];
  const others = values.filter((_, index) => inputs[index]?.isBase === false);
  return {
    base,
    ends: base === undefined ? others : others.map((other) => step(work, other, "subtract", base)),
  };
}

async function wholeArc(tensor: TensorMerge, scan: InputScan): Promise<Arc> {
  const { work, shape } = tensor;
  const norms = [new Norm(), new Norm()];
  for await (const { values } of endsOf(tensor, scan)) for (const [i, end] of values.entries()) norms[i]?.add(end);
  const [lengthA = 1, lengthB = 1] = norms.map((norm) => atLeast(work, norm.length(work)));
  const dot = new ContiguousSum(elementCount(shape), work !== "F32");
  for await (const { values } of endsOf(tensor, scan)) {
    const [a, b] = values;
    if (a === undefined || b === undefined) throw new Error("Expected two models");
    step(work, a, "divide", lengthA);
    step(work, b, "divide", lengthB);
    dot.add(step(work, a, "multiply", b));
  }
  return arcOf(tensor, roundTo(work, dot.total()));
}

function rowArc(tensor: TensorMerge, [a, b]: readonly Float32Array<ArrayBuffer>[]): Arc {
  if (a === undefined || b === undefined) throw new Error("Expected two models");
  const { work } = tensor;
  const [lengthA, lengthB] = [atLeast(work, normOf(work, a)), atLeast(work, normOf(work, b))];
  step(work, a, "divide", lengthA);
  step(work, b, "divide", lengthB);
  return arcOf(tensor, dotOf(work, a, b));
}

/** Squares and products of a column are added row after row. */
async function columnArcs(tensor: TensorMerge, scan: InputScan, width: number): Promise<Arc[]> {
  const { work, shape } = tensor;
  const squares = [new Float32Array(width), new Float32Array(width)];
  for await (const { rows } of rowsOfAll(endsOf(tensor, scan), width)) {
    for (const [index, sums] of squares.entries()) {
      const row = rows[index];
      for (let i = 0; i < width; i++) sums[i] = (sums[i] ?? 0) + Math.fround((row?.[i] ?? 0) * (row?.[i] ?? 0));
    }
  }
  const [lengthsA = [], lengthsB = []] = squares.map((sums) =>
    Array.from(sums, (sum) => atLeast(work, roundTo(work, Math.sqrt(sum)))),
  );
  const dots = new RowSum(elementCount(shape) / width, width);
  const products = new Float32Array(width);
  for await (const { rows } of rowsOfAll(endsOf(tensor, scan), width)) {
    const [a, b] = rows;
    for (let i = 0; i < width; i++) {
      const unitA = roundTo(work, (a?.[i] ?? 0) / (lengthsA[i] ?? 1));
      products[i] = roundTo(work, unitA * roundTo(work, (b?.[i] ?? 0) / (lengthsB[i] ?? 1)));
    }
    dots.add(products);
  }
  return Array.from(dots.total(), (dot) => arcOf(tensor, roundTo(work, dot)));
}

function atLeast(work: FloatDtype, length: number): number {
  return Math.max(roundTo(work, LEAST_NORM), length);
}

function arcOf({ work, inputs }: TensorMerge, cosine: number): Arc {
  const round = (value: number): number => roundTo(work, value);
  const [first = 0, second = 0] = inputs.filter(({ isBase }) => !isBase).map((input) => parameterOf(input, "weight"));
  const t = Math.abs(first + second) < LEAST_WEIGHT_SUM ? 0.5 : second / (first + second);
  const [forA, forB] = [Math.fround(1 - t), Math.fround(t)];
  const angle = round(arcCosine(Math.min(1, Math.max(-1, cosine))));
  const divisor = round(sine(angle));
  if (Math.abs(divisor) < LEAST_SINE) return { a: forA, b: forB, divisor: 1 };
  return { a: round(sine(round(forA * angle))), b: round(sine(round(forB * angle))), divisor };
}

function alongArcs(tensor: TensorMerge, arcs: Arcs): Kernel {
  const { work } = tensor;
  return kernelOf(tensor, (values, start) => {
    const { base, ends } = endsAmong(tensor, values);
    const [a, b] = ends;
    if (a === undefined || b === undefined) throw new Error("Expected two models");
    if (typeof arcs === "function") alongEach(work, a, b, (index) => arcs(start + index));
    else alongOne(work, a, b, arcs);
    return base === undefined ? a : step(work, a, "add", base);
  });
}

/** In place of `a`. */
function alongOne(work: FloatDtype, a: Float32Array, b: Float32Array, arc: Arc): void {
  scale(a, arc.a, work);
  scale(b, arc.b, work);
  step(work, a, "add", b);
  step(work, a, "divide", arc.divisor);
}

/** In place of `a`. */
function alongEach(work: FloatDtype, a: Float32Array, b: Float32Array, arcAt: (index: number) => Arc): void {
  const round = (value: number): number => roundTo(work, value);
  for (let i = 0; i < a.length; i++) {
    const arc = arcAt(i);
    a[i] = round(round(arc.a * (a[i] ?? 0)) + round(arc.b * (b[i] ?? 0))) / arc.divisor;
  }
  roundAll(work, a);
}
