import { type FloatDtype, TORCH_NAMES } from "../../tensors/dtype.ts";
import { streamReader, type TensorStream } from "../../tensors/write/tensor-stream.ts";
import type { MergeSettings } from "../merge-settings.ts";
import type { MergePlan } from "../plan/plan.ts";
import type { MergeRecipe, RecipeSource } from "../recipe/recipe.ts";
import { mergeStreams } from "../run-merge.ts";
import { NAIVE_AVERAGES } from "./naive-averages.ts";

/** Plans a changed recipe of the same models, with changed settings. */
export type PlanAgain = (recipe: MergeRecipe, settings: MergeSettings) => Promise<MergePlan>;

/** Something that may have been done instead of what the recipe says, and the tensors that it would have made. */
export interface Hypothesis {
  /** For a person: "the weights are swapped". */
  readonly changes: readonly string[];
  /** @throws InputError if these models cannot be merged so */
  streams(): Promise<readonly TensorStream[]>;
}

/** One thing that may have been done otherwise. */
interface Change {
  readonly title: string;
  readonly kind: "weights" | "normalize" | "arithmetic" | "settings";
  readonly recipe?: (recipe: MergeRecipe) => MergeRecipe;
  readonly settings?: MergeSettings;
  readonly plan?: (plan: MergePlan) => MergePlan;
}

/**
 * What may explain a merge that is not what its recipe says, likelier things first: one expert alone, then other settings
 * or one change of the recipe, then two changes at once, then three.
 *
 * @param estimates weights that least squares suggests, of the recipe's models in order
 */
export function* hypotheses(
  plan: MergePlan,
  estimates: readonly (readonly number[])[],
  published: ReadonlySet<FloatDtype>,
  planAgain: PlanAgain,
): Generator<Hypothesis> {
  for (const [model, { reader }] of plan.models) {
    const changes = [`it is ${model} alone, not merged with anything`];
    yield { changes, streams: () => Promise.resolve(streamReader(reader)) };
  }
  const weights = [
    ...weightChanges(plan.recipe),
    ...estimates.map((estimate) => estimatedWeights(plan.recipe, estimate)),
  ];
  const normalize = normalizeChanges(plan.recipe);
  const arithmetic = arithmeticChanges(plan, published);
  const single = [...weights, ...normalize, ...arithmetic];
  for (const change of [...single, ...settingsChanges(plan)]) yield combine([change]);
  for (const [index, first] of single.entries()) {
    for (const second of single.slice(index + 1)) if (first.kind !== second.kind) yield combine([first, second]);
  }
  for (const first of weights) {
    for (const second of normalize) for (const third of arithmetic) yield combine([first, second, third]);
  }

  function combine(changes: readonly Change[]): Hypothesis {
    return {
      changes: changes.map((change) => change.title),
      async streams() {
        const recipe = changes.reduce((before, { recipe: change }) => change?.(before) ?? before, plan.recipe);
        const settings: MergeSettings = Object.assign({}, ...changes.map((change) => change.settings));
        const planned = await planAgain(recipe, settings);
        return mergeStreams(changes.reduce((before, { plan: change }) => change?.(before) ?? before, planned));
      },
    };
  }
}

/** Seeds that people give where a program asks for one. */
export const USUAL_SEEDS: readonly number[] = [0, 1, 2, 3, 7, 13, 42, 100, 123, 1234, 1337, 2024, 2025, 12_345];

/** Another seed of random draws, mergekit's ways where they surprise. */
function settingsChanges({ settings: { seed, compat = false } }: MergePlan): Change[] {
  const changes: Change[] = [];
  if (!compat) {
    const title = "mergekit's bytes where they surprise (--mergekit-compat)";
    changes.push({ kind: "settings", title, settings: { compat: true } });
  }
  if (seed === undefined) return changes;
  for (const other of USUAL_SEEDS) {
    if (other === seed) continue;
    const title = `another random seed: ${other}, not ${seed}`;
    changes.push({ kind: "settings", title, settings: { seed: other } });
  }
  return changes;
}

/** The parameter that says how much of a model is taken. */
const WEIGHT = "weight";

function weightChanges(recipe: MergeRecipe): Change[] {
  const { models } = recipe;
  if (recipe.parameters.has("t")) {
    const t = recipe.parameters.get("t");
    if (typeof t !== "number") return [];
    return [
      { kind: "weights", title: `the models are swapped: t is ${1 - t}, not ${t}`, recipe: (r) => withT(r, 1 - t) },
    ];
  }
  if (models === undefined) return [];
  const weighted = models.filter(({ parameters }) => parameters.has(WEIGHT));
  const changes: Change[] = [];
  for (const [index, one] of weighted.entries()) {
    for (const other of weighted.slice(index + 1)) {
      changes.push({
        kind: "weights",
        title: `the weights of ${one.model} and ${other.model} are swapped`,
        recipe: (r) =>
          mapModels(r, (source) =>
            source === one ? withWeightOf(one, other) : source === other ? withWeightOf(other, one) : source,
          ),
      });
    }
  }
  if (weighted.length > 2) {
    for (const one of weighted) {
      changes.push({
        kind: "weights",
        title: `${one.model} is missing`,
        recipe: (r) => ({ ...r, models: r.models?.filter((source) => source !== one) }),
      });
    }
  }
  return changes;
}

function withT(recipe: MergeRecipe, t: number): MergeRecipe {
  return { ...recipe, parameters: new Map([...recipe.parameters, ["t", t]]) };
}

function mapModels(recipe: MergeRecipe, map: (source: RecipeSource) => RecipeSource): MergeRecipe {
  return { ...recipe, models: recipe.models?.map(map) };
}

function withWeightOf(source: RecipeSource, other: RecipeSource): RecipeSource {
  const weight = other.parameters.get(WEIGHT);
  return weight === undefined ? source : { ...source, parameters: new Map([...source.parameters, [WEIGHT, weight]]) };
}

function estimatedWeights(recipe: MergeRecipe, weights: readonly number[]): Change {
  const shown = (recipe.models ?? []).map(({ model }, index) => `${model} ${weights[index]}`).join(", ");
  return {
    kind: "weights",
    title: `other weights: ${shown}`,
    recipe: (r) => ({
      ...r,
      models: r.models?.map((source, index) => ({
        ...source,
        parameters: new Map([...source.parameters, [WEIGHT, weights[index] ?? 0]]),
      })),
    }),
  };
}

function normalizeChanges(recipe: MergeRecipe): Change[] {
  const claimed = recipe.parameters.get("normalize") ?? 1;
  if (typeof claimed !== "number") return [];
  const other = claimed === 0 ? 1 : 0;
  return [
    {
      kind: "normalize",
      title:
        other === 1
          ? "the weights are normalised (normalize: true)"
          : "the weights are not normalised (normalize: false)",
      recipe: (r) => ({ ...r, parameters: new Map([...r.parameters, ["normalize", other]]) }),
    },
  ];
}

/** Other work and output dtypes that give the published one, then averages that no recipe gives. */
function arithmeticChanges({ recipe, method }: MergePlan, published: ReadonlySet<FloatDtype>): Change[] {
  const changes: Change[] = [];
  const [only] = published;
  const outs: readonly (FloatDtype | undefined)[] = published.size === 1 ? [only] : [undefined, "BF16", "F16", "F32"];
  for (const out of outs) {
    for (const dtype of ["F32", "BF16", "F16", undefined] as const) {
      if (dtype === recipe.dtype && (out ?? dtype) === (recipe.outDtype ?? recipe.dtype)) continue;
      changes.push({
        kind: "arithmetic",
        title: dtypeTitle(dtype, out, method.name),
        recipe: (r) => ({ ...r, dtype, outDtype: out === dtype ? undefined : out }),
      });
    }
  }
  if (method.name !== "linear") return changes;
  for (const { title, method: naive } of NAIVE_AVERAGES) {
    changes.push({ kind: "arithmetic", title, plan: (plan) => ({ ...plan, method: naive }) });
  }
  return changes;
}

function dtypeTitle(dtype: FloatDtype | undefined, out: FloatDtype | undefined, method: string): string {
  const work = dtype === undefined ? "no dtype (the models' own)" : `dtype: ${TORCH_NAMES[dtype]}`;
  const settings = out === undefined || out === dtype ? work : `${work}, out_dtype: ${TORCH_NAMES[out]}`;
  if (method === "linear" && dtype === "F32" && out !== undefined && out !== "F32") {
    return `a plain float32 average, rounded once (mergekit: ${settings})`;
  }
  return `another arithmetic: ${settings}`;
}
