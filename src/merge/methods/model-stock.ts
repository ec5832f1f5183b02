import { roundTo } from "../../tensors/convert.ts";
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
import { deltasOf } from "./task-vectors.ts";
import { combine, Norm } from "./torch/rounded.ts";
import { ContiguousSum } from "./torch/torch-sum.ts";

/** Source: mergekit/merge_methods/model_stock.py */
const LEAST_NORM_PRODUCT = 1e-6;

/** Between a base model and the average of experts, the nearer to the average the more the experts agree. */
export const modelStock: SurveyedMethod = {
  kind: "surveyed",
  name: "model_stock",
  title: "Model Stock",
  paper: "https://arxiv.org/abs/2403.19522",
  baseModel: "required",
  models: { least: 3, most: Number.POSITIVE_INFINITY, copiesOne: true },
  parameters: [{ name: "filter_wise", scope: "merge", fallback: 0 }],
  withoutDtype: "widest",
  survey: async (tensor, scan) =>
    tensor.inputs.length === 1 ? copyOf(tensor) : interpolate(tensor, await sharesOf(tensor, scan)),
};

/** How much of the average is taken for an element of the tensor. */
type ShareAt = (element: number) => number;

/** One share for the whole tensor or, with `filter_wise`, for each row. */
async function sharesOf(tensor: TensorMerge, scan: InputScan): Promise<ShareAt> {
  const { shape } = tensor;
  const pieces = scan(allInputsOf(tensor));
  if (parameterOf(tensor, "filter_wise") === 0 || shape.length < 2) {
    const agreement = new Agreement(tensor, elementCount(shape));
    for await (const { values } of pieces) agreement.add(values);
    const share = agreement.share();
    return () => share;
  }
  const width = shape.at(-1) ?? 1;
  const shares: number[] = [];
  for await (const { rows } of rowsOfAll(pieces, width)) {
    const agreement = new Agreement(tensor, width);
    agreement.add(rows.map((row) => row.slice()));
    shares.push(agreement.share());
  }
  return (element) => shares[Math.floor(element / width)] ?? 0;
}

interface Pair {
  readonly i: number;
  readonly j: number;
  readonly products: ContiguousSum;
}

/** The mean cosine of the angles between what experts have changed. */
class Agreement {
  readonly #tensor: TensorMerge;
  readonly #norms: readonly Norm[];
  readonly #pairs: readonly Pair[];

  /** @param count of the elements that will be added */
  constructor(tensor: TensorMerge, count: number) {
    this.#tensor = tensor;
    const experts = tensor.inputs.filter((input) => !input.isBase).map((_, index) => index);
    this.#norms = experts.map(() => new Norm());
    this.#pairs = experts.flatMap((i) =>
      experts.slice(i + 1).map((j) => ({ i, j, products: new ContiguousSum(count, tensor.work !== "F32") })),
    );
  }

  /** @param values of each input; overwritten */
  add(values: readonly Float32Array<ArrayBuffer>[]): void {
    const { deltas } = deltasOf(this.#tensor, values);
    for (const [index, delta] of deltas.entries()) this.#norms[index]?.add(delta);
    for (const { i, j, products } of this.#pairs) {
      const [a, b] = [deltas[i], deltas[j]];
      if (a !== undefined && b !== undefined) products.add(combine(this.#tensor.work, a, b, (x, y) => x * y));
    }
  }

  share(): number {
    const { work } = this.#tensor;
    const round = (value: number): number => roundTo(work, value);
    const norms = this.#norms.map((norm) => norm.length(work));
    let sum = 0;
    for (const { i, j, products } of this.#pairs) {
      const product = Math.max(round(LEAST_NORM_PRODUCT), round((norms[i] ?? 0) * (norms[j] ?? 0)));
      sum = Math.fround(sum + Math.min(1, Math.max(-1, round(round(products.total()) / product))));
    }
    const cosine = round(sum / this.#pairs.length);
    const count = norms.length;
    return round(round(count * cosine) / round(1 + round((count - 1) * cosine)));
  }
}

function interpolate(tensor: TensorMerge, shareAt: ShareAt): Kernel {
  const { work, inputs } = tensor;
  return kernelOf(tensor, (values, start) => {
    const base = values[inputs.findIndex((input) => input.isBase)];
    const experts = values.filter((_, index) => inputs[index]?.isBase === false);
    if (base === undefined) throw new Error("The base model has no values");
    // Python's sum begins with 0, which makes a sum of negative zeros positive.
    const sum = experts.reduce(
      (total, expert) => combine(work, total, expert, (x, y) => x + y),
      new Float32Array(base.length),
    );
    return lerp(work, sum, base, { count: experts.length, start, shareAt });
  });
}

function lerp(
  work: FloatDtype,
  sum: Float32Array,
  base: Float32Array,
  { count, start, shareAt }: { count: number; start: number; shareAt: ShareAt },
): Float32Array {
  const round = (value: number): number => roundTo(work, value);
  const result = new Float32Array(base.length);
  for (let i = 0; i < result.length; i++) {
    const share = shareAt(start + i);
    const [average, rest] = [round((sum[i] ?? 0) / count), round(1 - share)];
    result[i] = round(round(share * average) + round(rest * (base[i] ?? 0)));
  }
  return result;
}
