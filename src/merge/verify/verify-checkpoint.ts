import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { InputError, systemCodeOf, UsageError, WorkError } from "../../base/errors.ts";
import { projectRootOf } from "../../base/project-root.ts";
import type { Checkpoint } from "../../checkpoints/checkpoint.ts";
import type { FetchModelOptions } from "../../hub/fetch-model.ts";
import { CheckpointPool } from "../checkpoint-pool.ts";
import { type MergeSettings, readSettings } from "../merge-settings.ts";
import type { OwnMergeMethod } from "../methods/own-method.ts";
import { type PlanOptions, planMerge } from "../plan/plan.ts";
import { readRecipeFile } from "../recipe/read-recipe-file.ts";
import type { NamedRecipe } from "../recipe/recipe-documents.ts";
import { writeMergedCheckpoint } from "../write-checkpoint.ts";
import { type Verification, verifyMerge } from "./verify-merge.ts";

/** By which recipe and flags a merge is made again. */
export interface VerifyCheckpointOptions extends MergeSettings {
  /** A mergekit config (YAML). @default mergekit_config.yml beside the merge */
  readonly recipe?: string | undefined;
  /** Merge methods of the caller's own, beside ours. */
  readonly methods?: readonly OwnMergeMethod[] | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told of every merge that is made again because the one in question is made of it. */
  readonly onStage?: ((name: string) => void) | undefined;
  /** Told after each tensor. */
  readonly onTensor?: ((done: number, of: number) => void) | undefined;
  /** Told what a person should know though it stops nothing. */
  readonly onNote?: ((note: string) => void) | undefined;
  /** How models of the hub are fetched. */
  readonly downloads?: FetchModelOptions | undefined;
}

/** What became of it, and by which recipe. */
export interface VerifiedCheckpoint extends Verification {
  readonly merged: string;
  /** The path of the mergekit config. */
  readonly recipe: string;
}

/**
 * Makes a merge again in memory and says whether a published one is it, bit for bit, and if not, what it seems to be. Flags that
 * it was made with count as its model card keeps them, unless they are given here.
 *
 * @param merged a folder, a GGUF file, or `org/name[@revision]` of the hub
 * @throws InputError if one of the models cannot be read or fetched: nothing is said of the merge then
 * @throws ConfigError for a recipe that is wrong; UsageError for a GGUF without a `recipe`
 */
export async function verifyCheckpoint(
  merged: string,
  { recipe, methods, signal, onStage, onTensor, onNote, downloads, ...given }: VerifyCheckpointOptions = {},
): Promise<VerifiedCheckpoint> {
  const pool = new CheckpointPool(projectRootOf(recipe ?? join(merged, "recipe")), { signal, ...downloads });
  let stages: string | undefined;
  try {
    const published = await pool.open(merged);
    const path = recipe ?? recipeBeside(published);
    const kept = await settingsBeside(published);
    if (Object.keys(kept).length > 0) onNote?.(`its model card says that it was made with ${JSON.stringify(kept)}`);
    const options: PlanOptions = {
      root: process.cwd(),
      pool,
      methods,
      seed: given.seed ?? kept.seed,
      compat: given.compat ?? kept.compat,
      allowCrimes: given.allowCrimes ?? kept.allowCrimes,
    };
    const { recipes } = await readRecipeFile(path, methods);
    const target = recipeOf(recipes, merged);
    for (const stage of recipes.slice(0, recipes.indexOf(target))) {
      onStage?.(stage.name ?? "");
      stages ??= await mkdtemp(join(tmpdir(), "mergesweep-stages-"));
      await makeStage(stage, stages, options, pool);
    }
    const plan = await planMerge(target.recipe, options);
    for (const warning of plan.warnings) onNote?.(`warning: ${warning}`);
    const verification = await verifyMerge(plan, published, {
      planAgain: (changed, settings) => planMerge(changed, { ...options, ...settings }),
      signal,
      onTensor,
    });
    return { merged, recipe: path, ...verification };
  } catch (error) {
    throw error instanceof WorkError ? notVerified(merged, error) : error;
  } finally {
    await pool.close();
    if (stages !== undefined) await rm(stages, { recursive: true, force: true });
  }
}

/** The merge that a config is for; if all have names, the one that the folder is called after. */
function recipeOf(recipes: readonly NamedRecipe[], merged: string): NamedRecipe {
  const wanted = basename(resolve(merged));
  const found = recipes.find(({ name }) => name === undefined) ?? recipes.find(({ name }) => name === wanted);
  if (found !== undefined) return found;
  const names = recipes.flatMap(({ name }) => name ?? []).join(", ");
  throw new UsageError(`${merged}: expected a folder of one of the merges of the config: ${names}`);
}

/** Makes a merge that others are made of. What the published one was made with counts for it, too. */
async function makeStage(
  { name = "", recipe }: NamedRecipe,
  folder: string,
  options: PlanOptions,
  pool: CheckpointPool,
): Promise<void> {
  const out = join(folder, name);
  await writeMergedCheckpoint(await planMerge(recipe, options), out, { onNonFinite: () => {} });
  pool.place(name, out);
}

/** That a merge could not be fetched, or read, must not be taken for its being another one. */
function notVerified(merged: string, error: WorkError): InputError {
  return new InputError(`${merged} could not be verified: ${error.message}`, { hint: error.hint, cause: error });
}

/** Cards are a few KB. */
const MAX_CARD_BYTES = 1_000_000;

/** The flags that a merge was made with, as its model card keeps them. */
async function settingsBeside({ format, path }: Checkpoint): Promise<MergeSettings> {
  if (format === "gguf") return {};
  try {
    const card = join(path, "README.md");
    const found = await stat(card);
    return found.isFile() && found.size <= MAX_CARD_BYTES ? readSettings(await readFile(card, "utf8")) : {};
  } catch (error) {
    if (systemCodeOf(error) === undefined) throw error;
    return {};
  }
}

/** The recipe that merges are published with. */
function recipeBeside({ format, path }: Checkpoint): string {
  if (format !== "gguf") return join(path, "mergekit_config.yml");
  throw new UsageError(`${path}: a GGUF has no recipe beside it: name one with --recipe`);
}
