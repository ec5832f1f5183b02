import { readYamlFile } from "../base/yaml/yaml-document.ts";
import type { CheckpointPool } from "../merge/checkpoint-pool.ts";
import type { MergeSettings } from "../merge/merge-settings.ts";
import type { PlanOptions } from "../merge/plan/plan.ts";
import { type NamedRecipe, parseRecipesYaml } from "../merge/recipe/recipe-documents.ts";
import { integerOption } from "./options.ts";

/** How models are named, for the help of commands that take them. */
export const MODELS = `A model is a folder with safetensors, a GGUF file (F32, F16, BF16), or org/name[@revision] of the
Hugging Face hub; model+adapter applies a LoRA adapter first. A folder of the same name wins.`;

/** Flags that decide what a recipe's merge is; shared by `merge` and `verify`. */
export const mergeFlags = {
  "random-seed": { ...integerOption("Seed of methods that draw at random (default: 0)"), group: "Merging:" },
  "mergekit-compat": {
    type: "boolean",
    description:
      "mergekit's bytes also where they surprise: weights that cancel out, a model named twice, vocabularies cut, breadcrumbs that drop all",
    group: "Merging:",
  },
  "allow-crimes": {
    type: "boolean",
    description: "Merge models of different architectures, if their tensors fit",
    group: "Merging:",
  },
} as const;

/** The values of `mergeFlags` as yargs gives them. */
interface MergeFlagValues {
  readonly randomSeed: number | undefined;
  readonly mergekitCompat: boolean | undefined;
  readonly allowCrimes: boolean | undefined;
}

/**
 * How a recipe is planned with these flags: its relative paths start at the working directory.
 *
 * @param kept what counts where a flag is not given
 */
export function planOptionsOf(flags: MergeFlagValues, pool: CheckpointPool, kept: MergeSettings = {}): PlanOptions {
  return {
    root: process.cwd(),
    pool,
    seed: flags.randomSeed ?? kept.seed,
    compat: flags.mergekitCompat ?? kept.compat,
    allowCrimes: flags.allowCrimes ?? kept.allowCrimes,
  };
}

/** A mergekit config: the merge that it is for, and those that this one is made of. */
interface RecipeFile {
  readonly text: string;
  /** In the order in which they can be made. */
  readonly recipes: readonly NamedRecipe[];
}

/** Reads a mergekit config of one merge or several. @throws ConfigError if there is none, or with what is wrong in it */
export async function readRecipeFile(path: string): Promise<RecipeFile> {
  const text = await readYamlFile(path, "a mergekit config");
  return { text, recipes: parseRecipesYaml(text, path) };
}
