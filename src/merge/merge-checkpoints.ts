import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { stringify } from "yaml";
import { checkNewFolder } from "../base/files/new-path.ts";
import { temporaryFolder } from "../base/files/temporary-path.ts";
import { projectRootOf } from "../base/project-root.ts";
import { fetchedModels } from "../checkpoints/checkpoint.ts";
import type { FetchModelOptions } from "../hub/fetch-model.ts";
import { chatTemplateNote } from "./chat-template.ts";
import { CheckpointPool } from "./checkpoint-pool.ts";
import type { MergeSettings } from "./merge-settings.ts";
import type { OwnMergeMethod } from "./methods/own-method.ts";
import { type MergePlan, planMerge } from "./plan/plan.ts";
import { parseRecipe } from "./recipe/parse-recipe.ts";
import { readRecipeFile } from "./recipe/read-recipe-file.ts";
import type { RecipeDefinition } from "./recipe/recipe-definition.ts";
import type { NamedRecipe } from "./recipe/recipe-documents.ts";
import { type WriteCheckpointOptions, writeMergedCheckpoint } from "./write-checkpoint.ts";

/** How a merge is made and written. */
export interface MergeOptions extends MergeSettings, Omit<WriteCheckpointOptions, "recipeText"> {
  /** A folder that keeps the merges that others are made of; they are removed at the end if left out. */
  readonly intermediateDir?: string | undefined;
  /** Told of each merge when all of it is checked, before it is made. */
  readonly onPlanned?: ((plan: MergePlan, name: string | undefined) => void) | undefined;
  /** Told what a person should know of a merge though it stops nothing. */
  readonly onNote?: ((note: string) => void) | undefined;
  /** Merge methods of the caller's own, beside ours. */
  readonly methods?: readonly OwnMergeMethod[] | undefined;
  /** How models of the hub are fetched. */
  readonly downloads?: FetchModelOptions | undefined;
}

/** A merge that was made. */
export interface MadeMerge {
  /** Undefined for the one that the config is for. */
  readonly name: string | undefined;
  /** Undefined for one that was removed at the end. */
  readonly out: string | undefined;
  readonly weightsSha256: string;
  /** How many tensors it has. */
  readonly tensors: number;
  /** Commits of the models that came from the hub: `org/name@commit`. */
  readonly fetched: readonly string[];
}

/**
 * Merges checkpoints by a mergekit config, bit for bit as mergekit does, and writes what its YAML names: one checkpoint folder,
 * or with several documents one after the other. Relative paths of models start at the project of the config's file, then at the
 * working directory; those of an object at the working directory.
 *
 * @param config the path of a mergekit config (YAML), or one merge as an object
 * @param out the folder to make
 * @throws ConfigError with file, line and column of what is wrong in the config
 * @throws InputError for checkpoints that cannot be merged, with everything that stands in the way, or if the folder is taken
 * @throws WorkError if the disk is full, the hub cannot be reached, or weights are not finite and `onNonFinite` is left out
 */
export async function mergeCheckpoints(
  config: string | RecipeDefinition,
  out: string,
  options: MergeOptions = {},
): Promise<readonly MadeMerge[]> {
  await checkNewFolder(out);
  const { intermediateDir, downloads, onPlanned, onNote, methods, seed, compat, allowCrimes, ...writing } = options;
  const { text, recipes } = await recipesOf(config, methods);
  const root = typeof config === "string" ? projectRootOf(config) : process.cwd();
  const pool = new CheckpointPool(root, { signal: options.signal, ...downloads });
  const { folder, isTemporary } = stageFolder(recipes, out, intermediateDir);
  const made: MadeMerge[] = [];
  try {
    for (const { name, recipe, text: document } of recipes) {
      const plan = await planMerge(recipe, { root: process.cwd(), pool, methods, seed, compat, allowCrimes });
      const label = name === undefined ? "" : `${name}: `;
      const note = await chatTemplateNote(plan, options.copyTokenizer !== false);
      for (const warning of [...plan.warnings, note]) if (warning !== undefined) onNote?.(`${label}${warning}`);
      onPlanned?.(plan, name);
      const at = name === undefined ? out : join(folder, name);
      const { onNonFinite } = options;
      const { weightsSha256, tensors } = await writeMergedCheckpoint(plan, at, {
        ...writing,
        // The merge that a config is for can be checked with the whole config beside it.
        recipeText: name === undefined ? text : document,
        ...(onNonFinite === undefined ? {} : { onNonFinite: (found: string) => onNonFinite(`${label}${found}`) }),
      });
      if (name !== undefined) pool.place(name, resolve(at));
      const kept = name === undefined || !isTemporary ? at : undefined;
      made.push({
        name,
        out: kept,
        weightsSha256,
        tensors: tensors.length,
        fetched: fetchedModels(plan.models.values()),
      });
    }
    return made;
  } finally {
    await pool.close();
    if (isTemporary) await rm(folder, { recursive: true, force: true });
  }
}

async function recipesOf(
  config: string | RecipeDefinition,
  methods: readonly OwnMergeMethod[] = [],
): Promise<{ readonly text: string; readonly recipes: readonly NamedRecipe[] }> {
  if (typeof config === "string") return await readRecipeFile(config, methods);
  const text = stringify(config);
  return { text, recipes: [{ name: undefined, recipe: parseRecipe(config, "the recipe", methods), text }] };
}

/** Where the merges go that others are made of: all of them to `out`, if the config names every merge. */
function stageFolder(
  recipes: readonly NamedRecipe[],
  out: string,
  kept: string | undefined,
): { readonly folder: string; readonly isTemporary: boolean } {
  if (recipes.every(({ name }) => name !== undefined)) return { folder: out, isTemporary: false };
  const isTemporary = kept === undefined && recipes.length > 1;
  return { folder: kept ?? temporaryFolder(resolve(out)), isTemporary };
}
