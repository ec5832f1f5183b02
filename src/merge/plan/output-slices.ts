import type { Checkpoint } from "../../checkpoints/checkpoint.ts";
import { MAX_LAYERS } from "../../checkpoints/config.ts";
import type { MergeRecipe, RecipeParameters, RecipeSource } from "../recipe/recipe.ts";
import type { Problems } from "./problems.ts";

/** Consecutive layers of the result, and where they come from. */
export interface OutputSlice {
  readonly sources: readonly SliceSource[];
  readonly layers: number;
  readonly parameters: RecipeParameters;
  /** As the slice names it, or else the recipe. */
  readonly baseModel: string | undefined;
  /** In the recipe; undefined if that has no slices. */
  readonly where: string | undefined;
}

export interface SliceSource {
  readonly model: string;
  readonly checkpoint: Checkpoint;
  readonly isBase: boolean;
  readonly firstLayer: number;
  readonly parameters: RecipeParameters;
}

/** A recipe's slices with its models opened; whole models are one slice over all layers. */
export function outputSlices(
  recipe: MergeRecipe,
  models: ReadonlyMap<string, Checkpoint>,
  compat: boolean,
  problems: Problems,
): OutputSlice[] {
  const whole = { sources: wholeModels(recipe), baseModel: undefined, parameters: new Map() };
  return (recipe.slices ?? [whole]).flatMap(({ sources, baseModel = recipe.baseModel, parameters }, index) => {
    const where = recipe.slices === undefined ? undefined : `slices[${index}]`;
    const opened = sources.flatMap((source) => {
      const checkpoint = models.get(source.model);
      return checkpoint === undefined ? [] : [openSource(source, checkpoint, baseModel, where, problems)];
    });
    const [first] = opened;
    if (first === undefined) return [];
    if (opened.some(({ layers }) => layers !== first.layers)) {
      const found = opened.map(({ model, layers }) => `${model} has ${layers}`).join(", ");
      problems.add(`expected the same number of layers of every model, found that ${found}`, where);
    }
    const kept = compat ? collapseTwins(opened) : opened;
    return [{ sources: kept, layers: first.layers, parameters, baseModel, where }];
  });
}

function wholeModels(recipe: MergeRecipe): readonly RecipeSource[] {
  const { models = [], baseModel } = recipe;
  if (baseModel === undefined || models.some(({ model }) => model === baseModel)) return models;
  return [...models, { model: baseModel, layerRange: undefined, parameters: new Map() }];
}

function openSource(
  source: RecipeSource,
  checkpoint: Checkpoint,
  baseModel: string | undefined,
  where: string | undefined,
  problems: Problems,
): SliceSource & { readonly layers: number } {
  const { model, layerRange, parameters } = source;
  const count = checkpoint.config.num_hidden_layers;
  const all = typeof count === "number" && Number.isInteger(count) && count > 0 && count <= MAX_LAYERS ? count : 0;
  if (all === 0) {
    const found = JSON.stringify(count) ?? "none";
    problems.add(
      `${model}: config.json: expected num_hidden_layers to be an integer from 1 to ${MAX_LAYERS}, found ${found}`,
    );
  }
  const [from, to] = layerRange ?? [0, all];
  if (to > all) {
    problems.add(
      `expected a layer_range of the ${all} layers of ${model}: [0, ${all}] is all, found [${from}, ${to}]`,
      where,
    );
  }
  return { model, checkpoint, isBase: model === baseModel, firstLayer: from, layers: to - from, parameters };
}

/** mergekit keeps its sources by model, so that of a model named twice the first parameters and the last layers are left. */
function collapseTwins<T extends SliceSource>(sources: readonly T[]): T[] {
  const byModel = new Map<string, T>();
  for (const source of sources) {
    const earlier = byModel.get(source.model);
    byModel.set(source.model, earlier === undefined ? source : { ...source, parameters: earlier.parameters });
  }
  return [...byModel.values()];
}
