import { roundAll, roundTo } from "../../tensors/convert.ts";
import { elementCount } from "../../tensors/tensor-info.ts";
import { kernelOf } from "./elementwise.ts";
import { type Kernel, type MethodParameter, parameterOf, type SurveyedMethod, type TensorMerge } from "./method.ts";
import { chooseKept, drawsOf, type KeptPart, type Sparsification } from "./sparsify.ts";
import { deltasOf, keepMajority } from "./task-vectors.ts";
import { scale, step } from "./torch/step.ts";
import { contiguousSum, type PartOfPlaces, sumAcross } from "./torch/torch-sum.ts";

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
export const taskArithmeticMethods: readonly SurveyedMethod[] = [
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
): SurveyedMethod {
  const of: Family = { name, title, paper: `https://arxiv.org/abs/${paper}`, kind, consensus, normalize, rescale };
  return {
    kind: "surveyed",
    name,
    title,
    paper: of.paper,
    baseModel: "required",
    models: { least: 1, most: Number.POSITIVE_INFINITY },
    parameters: parametersOf(of),
    skipsOtherShapes: true,
    withoutDtype: "base",
    refuse: (tensor) => refuseDensity(of, tensor),
    draws: (tensor, elements) => tensor.inputs.reduce((sum, input) => sum + drawsOf(kind, input, elements), 0),
    survey: async (tensor, scan, draws) => {
      const rescales = parameterOf(tensor, "rescale") !== 0;
      const kept: (KeptPart | undefined)[] = [];
      for (const [index, input] of tensor.inputs.entries()) {
        if (!input.isBase) kept.push(await chooseKept(index, tensor, scan, { kind, rescale: rescales, draws }));
      }
      return addDeltas(of, tensor, kept);
    },
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

function refuseDensity({ kind }: Family, { inputs }: TensorMerge): string | undefined {
  for (const input of inputs) {
    if (input.isBase || kind === "none") continue;
    const density = parameterOf(input, "density");
    const epsilon = input.parameters.get("epsilon");
    const gamma = input.parameters.get("gamma") ?? 0;
    if (!(gamma >= 0 && gamma <= 1)) return `expected a gamma from 0 to 1, found ${gamma}`;
    if (kind === "magnitude" && density <= 0) return `expected a density above 0, found ${density}`;
    if (kind !== "ranked" && density < 0) return `expected a density from 0 on, found ${density}`;
    const drawn = density > 0 && density < 1;
    if (epsilon !== undefined && drawn && (density + epsilon >= 1 || density - epsilon <= 0)) {
      return `expected density - epsilon above 0 and density + epsilon below 1, found ${density} and ${epsilon}`;
    }
  }
  return undefined;
}

/** base + lambda * sum of weighted deltas, each step rounded to the work dtype. */
function addDeltas({ consensus }: Family, tensor: TensorMerge, kept: readonly (KeptPart | undefined)[]): Kernel {
  const { work, inputs } = tensor;
  const elements = elementCount(tensor.shape);
  const weights = inputs.filter((input) => !input.isBase).map((input) => roundTo(work, parameterOf(input, "weight")));
  const lambda = Math.fround(parameterOf(tensor, "lambda"));
  const normalize = parameterOf(tensor, "normalize") !== 0;
  const weightSum = roundTo(work, contiguousSum(Float32Array.from(weights), work !== "F32"));
  const commonDivisor = Math.abs(weightSum) < LEAST_WEIGHT_SUM ? 1 : weightSum;
  return kernelOf(tensor, (values, start) => {
    const part: PartOfPlaces = { start, elements };
    const { base, deltas } = deltasOf(tensor, values);
    if (deltas.length === 0) return base;
    for (const [index, delta] of deltas.entries()) {
      const keptPart = kept[index];
      keptPart?.marks.mask(delta, start);
      scale(delta, keptPart?.factor ?? 1, work);
      scale(delta, weights[index] ?? 0, work);
    }
    const left = consensus ? keepMajority(deltas, weights, work, part) : undefined;
    const mixed = sumAcross(deltas, work !== "F32", part);
    roundAll(work, mixed);
    if (normalize) {
      if (left !== undefined) for (let i = 0; i < left.length; i++) if (left[i] === 0) left[i] = 1;
      step(work, mixed, "divide", left ?? commonDivisor);
    }
    scale(mixed, lambda, work);
    return step(work, mixed, "add", base);
  });
}
