import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InputError, MergesweepError } from "../base/errors.ts";
import type { PublishedNumbers } from "../findings/reproduction/published-numbers.ts";
import { CheckpointPool } from "../merge/checkpoint-pool.ts";
import { digestMerge } from "../merge/digest-weights.ts";
import { type MergePlan, planMerge } from "../merge/plan/plan.ts";
import { parseRecipe } from "../merge/recipe/parse-recipe.ts";
import { describeExplanation } from "../merge/verify/explain.ts";
import { verifyMerge } from "../merge/verify/verify-merge.ts";
import { writeMergedCheckpoint } from "../merge/write-checkpoint.ts";
import type { FoundOut, VerifiedMerge } from "../report/tables/reproduction-text.ts";
import type { SweepFile } from "../sweep/file/config.ts";
import { expandSweep } from "../sweep/file/expand.ts";
import type { CliContext } from "./context.ts";
import { downloads } from "./show-downloads.ts";

/**
 * Makes the merges of a sweep again that were published, in memory, and compares every bit; of those of which only the digest
 * was published, the digest. One that cannot be had, or not be made, is named with the reason: the numbers can be held against
 * one another all the same.
 */
export async function verifyPublished(
  context: CliContext,
  sweep: SweepFile,
  { merges, weights }: Pick<PublishedNumbers, "merges" | "weights">,
): Promise<VerifiedMerge[]> {
  const pool = new CheckpointPool(sweep.root, downloads(context));
  const verified: VerifiedMerge[] = [];
  try {
    for (const [point, model] of Object.entries(merges)) {
      const compare = (): Promise<Compared> => compareWith(model, point, { context, sweep, pool });
      verified.push({ point, model, ...(await orReason(compare)) });
    }
    for (const [point, digest] of Object.entries(weights)) {
      const compare = async (): Promise<Compared> => {
        const { weightsSha256: found } = await digestMerge(await mergeAt(point, { sweep, pool }), context);
        const identical = found === digest;
        return { identical, text: identical ? `weights sha256 ${found}` : `expected sha256 ${digest}, found ${found}` };
      };
      verified.push({ point, model: undefined, ...(await orReason(compare)) });
    }
    return verified;
  } finally {
    await pool.close();
  }
}

/**
 * Whether verifying tells merges apart: writes the merge of one point to a temporary folder, and holds it against the recipe of
 * another.
 *
 * @param other the point whose merge is made
 * @param claimed the point that it is said to be of
 */
export async function verifyWrongMerge(
  context: CliContext,
  sweep: SweepFile,
  { other, claimed }: { readonly other: string; readonly claimed: string },
): Promise<FoundOut> {
  const pool = new CheckpointPool(sweep.root);
  const folder = await mkdtemp(join(tmpdir(), "mergesweep-wrong-"));
  try {
    const model = join(folder, "merge");
    await writeMergedCheckpoint(await mergeAt(other, { sweep, pool }), model, { signal: context.signal });
    const { identical, text } = await compareWith(model, claimed, { context, sweep, pool });
    return { other, claimed, found: !identical, text };
  } finally {
    await pool.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** What comparing found. */
type Compared = Pick<VerifiedMerge, "identical" | "text">;

interface Making {
  readonly sweep: SweepFile;
  readonly pool: CheckpointPool;
}

async function mergeAt(point: string, { sweep, pool }: Making): Promise<MergePlan> {
  const found = expandSweep(sweep).find(({ name }) => name === point);
  if (found === undefined || !("recipe" in found)) throw new InputError(`the sweep does not merge at ${point}`);
  const recipe = parseRecipe(found.recipe, () => sweep.path);
  return await planMerge(recipe, { root: sweep.root, pool });
}

async function compareWith(
  model: string,
  point: string,
  { context, ...making }: Making & { readonly context: CliContext },
): Promise<Compared> {
  const { sweep, pool } = making;
  const plan = await mergeAt(point, making);
  const { identical, differences, tensors, explanation, weightsSha256 } = await verifyMerge(
    plan,
    await pool.open(model),
    {
      planAgain: (changed, settings) => planMerge(changed, { root: sweep.root, pool, ...settings }),
      signal: context.signal,
      onTensor: (done, of) => context.terminal.status(`${done}/${of} tensors of ${model} compared`),
    },
  );
  return {
    identical,
    text: identical
      ? `weights sha256 ${weightsSha256}`
      : `${differences.length} of ${tensors} tensors differ. ${describeExplanation(explanation)}`,
  };
}

async function orReason(compare: () => Promise<Compared>): Promise<Compared> {
  try {
    return await compare();
  } catch (error) {
    if (error instanceof MergesweepError) return { identical: undefined, text: error.message };
    throw error;
  }
}
