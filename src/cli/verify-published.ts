import { MergesweepError } from "../base/errors.ts";
import { CheckpointPool } from "../merge/checkpoint-pool.ts";
import { planMerge } from "../merge/plan/plan.ts";
import { parseRecipe } from "../merge/recipe/parse-recipe.ts";
import { verifyMerge } from "../merge/verify/verify-merge.ts";
import type { VerifiedMerge } from "../report/tables/reproduction-text.ts";
import type { SweepFile } from "../sweep/file/config.ts";
import { expandSweep } from "../sweep/file/expand.ts";
import type { CliContext } from "./context.ts";
import { downloads } from "./show-downloads.ts";

/**
 * Makes the merges of a sweep again that were published, in memory, and compares every bit. One that cannot be had, or not be
 * made, is named with the reason: the numbers can be held against one another all the same.
 *
 * @param merges published merges by the name of their point
 */
export async function verifyPublished(
  context: CliContext,
  sweep: SweepFile,
  merges: Readonly<Record<string, string>>,
): Promise<VerifiedMerge[]> {
  const pool = new CheckpointPool(sweep.root, downloads(context));
  const points = expandSweep(sweep);
  const verified: VerifiedMerge[] = [];
  try {
    for (const [point, model] of Object.entries(merges)) {
      const found = points.find(({ name }) => name === point);
      if (found === undefined || !("recipe" in found)) {
        verified.push({ point, model, identical: undefined, text: `the sweep does not merge at ${point}` });
        continue;
      }
      try {
        const options = { root: sweep.root, pool };
        const plan = await planMerge(
          parseRecipe(found.recipe, () => sweep.path),
          options,
        );
        const { identical, differences, tensors, explanation, weightsSha256 } = await verifyMerge(
          plan,
          await pool.open(model),
          {
            planAgain: (changed, settings) => planMerge(changed, { ...options, ...settings }),
            signal: context.signal,
            onTensor: (done, of) => context.terminal.status(`${done}/${of} tensors of ${model} compared`),
          },
        );
        const why = explanation === undefined ? "Nothing that was tried explains it." : `${explanation.text}.`;
        const text = identical
          ? `weights sha256 ${weightsSha256}`
          : `${differences.length} of ${tensors} tensors differ. ${why}`;
        verified.push({ point, model, identical, text });
      } catch (error) {
        if (!(error instanceof MergesweepError)) throw error;
        verified.push({ point, model, identical: undefined, text: error.message });
      }
    }
    return verified;
  } finally {
    await pool.close();
  }
}
