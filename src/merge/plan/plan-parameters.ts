import type { MergeMethod } from "../methods/method.ts";
import { evaluateSetting, type MergeRecipe, type RecipeParameters } from "../recipe/recipe.ts";
import type { OutputSlice, SliceSource } from "./output-slices.ts";
import type { Problems } from "./problems.ts";

interface Planning {
  readonly recipe: MergeRecipe;
  readonly method: MergeMethod;
  readonly problems: Problems;
}

/** A tensor of the result, as far as parameters depend on it. */
interface Wanted {
  readonly name: string;
  readonly slice: OutputSlice;
  readonly nameIn: (source: SliceSource) => string;
  /** Where the layer is in its slice, from 0 to 1. */
  readonly t: number;
}

/** What a recipe says of the merge of a tensor; undefined, and a problem, if something is missing. */
export function mergeParameters(
  wanted: Wanted,
  { recipe, method, problems }: Planning,
): Map<string, number> | undefined {
  const values = new Map<string, number>();
  for (const { name, scope, fallback } of method.parameters) {
    if (scope !== "merge") continue;
    const value =
      firstValue(name, wanted.name, wanted.t, [wanted.slice.parameters, recipe.moduleParameters, recipe.parameters]) ??
      fallback;
    if (value === undefined) {
      problems.add(`${method.name} needs the parameter ${name}, found none`, wanted.name);
      return undefined;
    }
    values.set(name, value);
  }
  return values;
}

/** What a recipe says of a model's part in a tensor; undefined, and a problem, if something is missing. */
export function modelParameters(
  wanted: Wanted,
  source: SliceSource,
  { recipe, method, problems }: Planning,
): Map<string, number> | undefined {
  const values = new Map<string, number>();
  const tensor = wanted.nameIn(source);
  const places = [source.parameters, wanted.slice.parameters, recipe.moduleParameters, recipe.parameters];
  for (const { name, scope, fallback, baseFallback } of method.parameters) {
    if (scope !== "model") continue;
    const value = firstValue(name, tensor, wanted.t, places) ?? (source.isBase ? (baseFallback ?? fallback) : fallback);
    if (value !== undefined) values.set(name, value);
    else if (!source.isBase || method.baseModel !== "required") {
      problems.add(
        `${method.name} needs the parameter ${name} of ${source.isBase ? "the base_model " : ""}${source.model}, found none`,
        tensor,
        source.isBase
          ? "A base_model takes part in this method as every other model: list it with its weight."
          : undefined,
      );
      return undefined;
    }
  }
  return values;
}

/** The first place that has a value for this tensor: a model's own, its slice's, the recipe's. */
function firstValue(name: string, tensor: string, t: number, places: readonly RecipeParameters[]): number | undefined {
  for (const parameters of places) {
    const setting = parameters.get(name);
    const value = setting === undefined ? undefined : evaluateSetting(setting, tensor, t);
    if (value !== undefined) return value;
  }
  return undefined;
}
