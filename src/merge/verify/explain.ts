import { countOf } from "../../base/count-of.ts";
import type { MergePlan } from "../plan/plan.ts";
import type { TensorDifference } from "./compare-tensors.ts";
import { ROUNDING_RESIDUAL, type WeightEstimate } from "./estimate-weights.ts";
import { USUAL_SEEDS } from "./hypotheses.ts";

/** What explains that a published merge is not what its recipe says. */
export interface Explanation {
  /** Whether it gives every published tensor bit for bit; otherwise it is what the numbers suggest. */
  readonly exact: boolean;
  readonly text: string;
}

/** For a person: what explains a difference, and how sure it is. */
export function describeExplanation(explanation: Explanation | undefined): string {
  if (explanation === undefined) return "Nothing that was tried explains it.";
  const certainty = explanation.exact ? "What gives every published bit" : "What the numbers suggest";
  return `${certainty}: ${explanation.text}.`;
}

/** Tensors that say less of the weights than this standard error say nothing of whether the weights are the same everywhere. */
const CERTAIN = 0.02;

/** Weights as a person may have written them: the estimate to one, two, three digits, with and without normalising. */
export function snappedWeights(plan: MergePlan, estimate: WeightEstimate | undefined): number[][] {
  const inputs = plan.tensors[0]?.inputs.map(({ model }) => model) ?? [];
  // A model that is named twice has two weights, which no sum tells apart.
  if (estimate === undefined || new Set(inputs).size < inputs.length) return [];
  const weights = plan.recipe.models?.map(({ model }) => estimate.weights[inputs.indexOf(model)] ?? 0) ?? [];
  const total = estimate.weights.reduce((sum, weight) => sum + weight, 0);
  const found = new Map<string, number[]>();
  for (const scale of [1 / total, 1]) {
    for (const digits of [1, 2, 3]) {
      const rounded = weights.map((weight) => Number((weight * scale).toFixed(digits)));
      if (rounded.some((weight) => weight !== 0)) found.set(rounded.join(), rounded);
    }
  }
  return [...found.values()];
}

/** Of a tensor in which single elements were changed: at most this part of it, and in a small one at most this number. */
const SINGLE = { part: 1e-2, number: 4 };

/** Elements here and there that no rounding has made: they were changed after the merge. */
export function explainByDamage(differences: readonly TensorDifference[]): Explanation | undefined {
  const rounded = differences.every(({ maxUlp }) => maxUlp <= 1);
  if (differences.length === 0 || rounded || !differences.every(isSingle)) return undefined;
  const count = differences.reduce((sum, { different }) => sum + different, 0);
  const found = `${countOf(count, "element was", "elements were")} changed, in ${countOf(differences.length, "tensor")}`;
  return {
    exact: false,
    text: `it was damaged (by a disk, by a download) or edited after it was merged as the recipe says: ${found}`,
  };
}

function isSingle({ different, elements }: TensorDifference): boolean {
  return different <= Math.max(SINGLE.number, elements * SINGLE.part) && different < elements;
}

/** A merge that was drawn at random and is none of those that were tried. */
export function explainByDraws({ method, settings: { seed } }: MergePlan): Explanation | undefined {
  if (seed === undefined) return undefined;
  const tried = [...new Set([seed, ...USUAL_SEEDS])].join(", ");
  return {
    exact: false,
    text: `${method.name} draws at random, and this merge may have been made with another seed than ${tried}, or with none, as mergekit does without --random-seed: then nothing can make it again. Name the seed with --random-seed if it is known`,
  };
}

/** What the estimate says where no guess gives the published bits. */
export function explainByWeights(plan: MergePlan, all: WeightEstimate, each: readonly WeightEstimate[]): Explanation {
  const names = plan.tensors[0]?.inputs.map(({ model }) => model) ?? [];
  const show = (weights: readonly number[]): string =>
    names.map((name, index) => `${name} ${(weights[index] ?? 0).toFixed(3)}`).join(", ");
  if (all.residual <= ROUNDING_RESIDUAL && isClaimed(plan, all)) {
    return {
      exact: false,
      text: "within rounding it is the recipe's own sum of these models; no rounding that was tried gives every bit",
    };
  }
  if (all.residual <= ROUNDING_RESIDUAL) {
    return {
      exact: false,
      text: `within rounding it is a sum of these models with other weights: ${show(all.weights)} (or of experts near by); no rounding that was tried gives every bit`,
    };
  }
  const certain = each.filter(({ error }) => error < CERTAIN);
  const fitting = certain.filter(({ residual }) => residual <= ROUNDING_RESIDUAL);
  const spread = names.map((name, index) => {
    const weights = fitting.map((estimate) => estimate.weights[index] ?? 0);
    return `${name} ${Math.min(...weights).toFixed(3)} to ${Math.max(...weights).toFixed(3)}`;
  });
  if (fitting.length === certain.length && fitting.length > 1) {
    return {
      exact: false,
      text: `within rounding each tensor is a sum of these models, but with weights of its own: ${spread.join(", ")}`,
    };
  }
  return {
    exact: false,
    text:
      `no weights of these models give these tensors: the nearest (${show(all.weights)}) leave ${all.residual.toFixed(1)} times ` +
      "what rounding leaves. An expert of another training step, or another model, took part",
  };
}

/** Weights that are nearer than this are the same. */
const SAME_WEIGHT = 0.005;

/** Whether the estimate is what the recipe says, as far as it says one thing for all tensors. */
function isClaimed({ tensors: [tensor], method }: MergePlan, { weights }: WeightEstimate): boolean {
  if (method.name !== "linear" || tensor === undefined) return false;
  const claimed = tensor.inputs.map(({ parameters }) => parameters.get("weight") ?? 0);
  const divisor = tensor.parameters.get("normalize") === 0 ? 1 : claimed.reduce((sum, weight) => sum + weight, 0);
  return claimed.every((weight, index) => Math.abs(weight / divisor - (weights[index] ?? 0)) < SAME_WEIGHT);
}
