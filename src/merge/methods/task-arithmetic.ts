import { roundAll, roundTo } from "../../tensors/convert.ts";
import type { BernoulliSource } from "./bernoulli.ts";
import { type MethodParameter, parameterOf, type TensorMerge, type WholeTensorMethod } from "./method.ts";
import { drawsOf, type Sparsification, sparsify } from "./sparsify.ts";
import { addToBase, deltasOf, keepMajority, scale } from "./task-vectors.ts";
import { contiguousSum, sumAcross } from "./torch-sum.ts";

interface Family {
  readonly name: string;
  readonly title: string;
  readonly paper: string;
  readonly kind: Sparsification;
  /** Whether only what agrees with the majority's sign is added, as in TIES. */
  readonly consensus: boolean;
  readonly normalize: boolean;
  readonly rescale: boolean;
}

/** Sums of weights below this count as 1. Source: mergekit/merge_methods/generalized_task_arithmetic.py */
const LEAST_WEIGHT_SUM = 1e-8;

/** The methods that add up what experts have changed of a base model: task arithmetic, and its sparse descendants. */
export const taskArithmeticMethods: readonly WholeTensorMethod[] = [
  family("task_arithmetic", "Task Arithmetic", "2212.04089", "none", { consensus: false, normalize: false }),
  family("ties", "TIES", "2306.01708", "magnitude", { consensus: true, normalize: true }),
  family("dare_ties", "DARE TIES", "2311.03099", "random", { consensus: true, normalize: false, rescale: true }),
  family("dare_linear", "Linear DARE", "2311.03099", "random", { consensus: false, normalize: false, rescale: true }),
  family("breadcrumbs", "Model Breadcrumbs", "2312.06795", "outliers", { consensus: false, normalize: false }),
  family("breadcrumbs_ties", "Model Breadcrumbs with TIES", "2312.06795", "outliers", {
    consensus: true,
    normalize: false,
  }),
  family("della", "DELLA", "2406.11617", "ranked", { consensus: true, normalize: true, rescale: true }),
  family("della_linear", "Linear DELLA", "2406.11617", "ranked", { consensus: false, normalize: false, rescale: true }),
];

function family(
  name: string,
  title: string,
  paper: string,
  kind: Sparsification,
  { consensus, normalize, rescale = false }: { consensus: boolean; normalize: boolean; rescale?: boolean },
): WholeTensorMethod {
  const of: Family = { name, title, paper: `https://arxiv.org/abs/${paper}`, kind, consensus, normalize, rescale };
  return {
    kind: "whole",
    name,
    title,
    paper: of.paper,
    baseModel: "required",
    models: { least: 1, most: Number.POSITIVE_INFINITY },
    parameters: parametersOf(of),
    check: checkDensity,
    draws: (tensor, elements) => tensor.inputs.reduce((sum, input) => sum + drawsOf(kind, input, elements), 0),
    merge: (tensor, values, draws) => mergeDeltas(of, tensor, values, draws),
  };
}

function parametersOf({ kind, normalize, rescale }: Family): MethodParameter[] {
  const parameters: MethodParameter[] = [
    { name: "weight", scope: "model", fallback: undefined },
    { name: "density", scope: "model", fallback: 1 },
    { name: "normalize", scope: "merge", fallback: Number(normalize) },
    { name: "rescale", scope: "merge", fallback: Number(rescale) },
    { name: "lambda", scope: "merge", fallback: 1 },
    // Memory is saved in other ways here: accepted, and of no effect on the result.
    { name: "int8_mask", scope: "merge", fallback: 0 },
  ];
  if (kind === "outliers") parameters.push({ name: "gamma", scope: "model", fallback: 0.01 });
  if (kind === "ranked") parameters.push({ name: "epsilon", scope: "model", fallback: 0.15 });
  return parameters;
}

function checkDensity({ inputs }: TensorMerge): string | undefined {
  for (const input of inputs) {
    if (input.isBase) continue;
    const density = parameterOf(input, "density");
    const epsilon = input.parameters.get("epsilon");
    if (!(density > 0 && density <= 1)) return `expected a density above 0 and up to 1, found ${density}`;
    if (epsilon !== undefined && density < 1 && (density + epsilon >= 1 || density - epsilon <= 0)) {
      return `expected density - epsilon above 0 and density + epsilon below 1, found ${density} and ${epsilon}`;
    }
  }
  return undefined;
}

/** base + lambda * sum of weighted deltas, each step rounded to the work dtype. */
function mergeDeltas(
  { kind, consensus }: Family,
  tensor: TensorMerge,
  values: readonly Float32Array<ArrayBuffer>[],
  draws: BernoulliSource,
): Float32Array {
  const { work } = tensor;
  const { base, deltas } = deltasOf(tensor, values);
  if (deltas.length === 0) return base;
  const experts = tensor.inputs.filter((input) => !input.isBase);
  const rescale = parameterOf(tensor, "rescale") !== 0;
  const weights = experts.map((expert) => roundTo(work, parameterOf(expert, "weight")));
  for (const [index, expert] of experts.entries()) {
    const delta = deltas[index];
    if (delta === undefined) continue;
    sparsify(delta, expert, tensor, { kind, rescale, draws });
    scale(delta, weights[index] ?? 0, work);
  }
  const kept = consensus ? keepMajority(deltas, weights, work) : undefined;
  const mixed = sumAcross(deltas, work !== "F32");
  roundAll(work, mixed);
  if (parameterOf(tensor, "normalize") !== 0) {
    const sum = roundTo(work, contiguousSum(weights, work !== "F32"));
    const divisor = Math.abs(sum) < LEAST_WEIGHT_SUM ? 1 : sum;
    for (let i = 0; i < mixed.length; i++) mixed[i] = (mixed[i] ?? 0) / (kept === undefined ? divisor : kept[i] || 1);
    roundAll(work, mixed);
  }
  scale(mixed, Math.fround(parameterOf(tensor, "lambda")), work);
  return addToBase(base, mixed, work);
}
