import type { FloatDtype } from "../../tensors/dtype.ts";

/** All that determines the bytes of a merge: a mergekit config, checked. Model paths are as written. */
export interface MergeRecipe {
  readonly method: string;
  /** A recipe has `models` or `slices`, never both: whole models are one slice over all layers. */
  readonly models: readonly RecipeSource[] | undefined;
  readonly slices: readonly RecipeSlice[] | undefined;
  readonly baseModel: string | undefined;
  readonly parameters: RecipeParameters;
  /** Of the recipe's one module (`modules: { default: ... }`): before the recipe's own. */
  readonly moduleParameters: RecipeParameters;
  /** The work dtype: every input is rounded to it first. Without one, the inputs' own. */
  readonly dtype: FloatDtype | undefined;
  /** What the result is rounded to last; the work dtype if there is none. */
  readonly outDtype: FloatDtype | undefined;
  /** Whose config.json and tokenizer the result gets: a model of the recipe. Base model or first model if not said. */
  readonly donor: string | undefined;
  /** How the models' vocabularies become one; without it, they are taken to be the same. */
  readonly vocabulary: VocabularyRecipe | undefined;
  /** Architectures that models are taken for whatever their config.json says, such as LlamaForCausalLM; by model. */
  readonly architectures: ReadonlyMap<string, string>;
  /** `auto` for the models' most common one, the name of a known one, or a Jinja template; the donor's if not said. */
  readonly chatTemplate: string | undefined;
}

/** mergekit's `tokenizer`: the tokens of the result, and where the embedding of each comes from. */
export interface VocabularyRecipe {
  /** The tokens of all models, of the base model, or of another one. */
  readonly source: "union" | "base" | { readonly model: string };
  /** Single tokens, by their texts: added if no model has them. */
  readonly tokens: ReadonlyMap<string, TokenSetting>;
  /** The embedding gets rows without a token up to a multiple of this. */
  readonly padToMultipleOf: number | undefined;
}

export interface TokenSetting {
  /** Of the embedding; chosen as for every other token if not said. */
  readonly source: EmbeddingSource | undefined;
  /** Whether models that have the token get this embedding, too. */
  readonly force: boolean;
}

/** An embedding of zeros, a model's embedding of the same token, or its embedding of another one (by text or id). */
export type EmbeddingSource =
  | { readonly kind: "zero" }
  | { readonly kind: "same_token"; readonly model: string }
  | { readonly kind: "other_token"; readonly model: string; readonly token: string | number };

/** A model's part in a merge. */
export interface RecipeSource {
  readonly model: string;
  /** From the first layer to before the second; all layers if not said. */
  readonly layerRange: readonly [number, number] | undefined;
  readonly parameters: RecipeParameters;
}

/** Layers of the result: of every source the same number. */
export interface RecipeSlice {
  readonly sources: readonly RecipeSource[];
  /** In place of the recipe's. */
  readonly baseModel: string | undefined;
  readonly parameters: RecipeParameters;
}

export type RecipeParameters = ReadonlyMap<string, Setting>;

/** A number, a gradient over the layers, or conditions of which the first that fits the tensor's name counts. */
export type Setting = number | readonly number[] | readonly Condition[];

interface Condition {
  /** A part of a tensor's name; undefined fits all. */
  readonly filter: string | undefined;
  readonly value: number | readonly number[];
}

/**
 * The value of a setting for one tensor, or undefined if no condition fits.
 * Source: mergekit/config.py, `evaluate_setting`, `gradient`
 *
 * @param t where the tensor's layer is in its slice: 0 the first, 1 the last; 0 for tensors of no layer
 */
export function evaluateSetting(setting: Setting, tensor: string, t: number): number | undefined {
  if (typeof setting === "number") return setting;
  const [first] = setting;
  if (typeof first === "number" || first === undefined) return interpolate(setting.filter(isNumber), t);
  for (const condition of setting) {
    if (typeof condition === "number") continue;
    if (condition.filter === undefined || tensor.includes(condition.filter)) {
      return evaluateSetting(condition.value, tensor, t);
    }
  }
  return undefined;
}

function isNumber(value: number | Condition): value is number {
  return typeof value === "number";
}

function interpolate(values: readonly number[], t: number): number | undefined {
  const scaled = t * (values.length - 1);
  const left = Math.trunc(scaled);
  const right = Math.min(values.length - 1, left + 1);
  const way = scaled - left;
  const [low, high] = [values[left], values[right]];
  return low === undefined || high === undefined ? undefined : (1 - way) * low + way * high;
}

/** Every model of a recipe as written, each once: base model first, then in order of appearance. */
export function recipeModels(recipe: Pick<MergeRecipe, "models" | "slices" | "baseModel">): string[] {
  const sources = recipe.models ?? recipe.slices?.flatMap((slice) => slice.sources) ?? [];
  const names = sources.map((source) => source.model);
  return [...new Set(recipe.baseModel === undefined ? names : [recipe.baseModel, ...names])];
}
