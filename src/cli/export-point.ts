import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { InputError, MergesweepError, UsageError, WorkError } from "../base/errors.ts";
import { checkNewFile, checkNewFolder } from "../base/files/new-path.ts";
import { writeGguf } from "../checkpoints/gguf/write-gguf.ts";
import { openCheckpoint } from "../checkpoints/open-checkpoint.ts";
import { judge } from "../findings/judge.ts";
import { checkPush, type PushedModel, pushModel } from "../hub/push-model.ts";
import { CheckpointPool } from "../merge/checkpoint-pool.ts";
import { planMerge } from "../merge/plan/plan.ts";
import { parseRecipe } from "../merge/recipe/parse-recipe.ts";
import { writeMergedCheckpoint } from "../merge/write-checkpoint.ts";
import { renderReport } from "../report/render-report.ts";
import { readRun } from "../runs/read-run.ts";
import type { StoredRun } from "../runs/stored-run.ts";
import { readSweepFile, type SweepFile } from "../sweep/file/config.ts";
import { expandSweep } from "../sweep/file/expand.ts";
import { selectPoints } from "../sweep/plan/select-points.ts";
import { streamReader } from "../tensors/write/tensor-stream.ts";
import type { CliContext } from "./context.ts";
import { variablesOf } from "./flags/sweep-flags.ts";
import { readCardAt, writeCard } from "./page/write-card.ts";
import { downloads } from "./show-downloads.ts";
import { showTensors } from "./show-tensors.ts";

/** A point of a sweep that is to become a checkpoint. */
interface ExportFlags {
  readonly config: string;
  readonly out: string;
  /** Its name, or conditions such as `w=0.7`. */
  readonly point: string | undefined;
  /** The run whose decision names it. */
  readonly chosen: string | undefined;
  readonly set: readonly string[] | undefined;
  /** A GGUF file that is written as well. */
  readonly gguf: string | undefined;
  readonly outShardSize: number | undefined;
  /** A model of the hub to upload it as. */
  readonly push: string | undefined;
}

/** What was made. */
export interface ExportedPoint {
  readonly out: string;
  readonly point: string;
  readonly weights_sha256: string;
  /** The run whose results are in the card; null where the point was not evaluated. */
  readonly run: string | null;
  readonly pushed?: PushedModel;
}

/**
 * Makes a point of a sweep as a checkpoint: with the results of its run in the model card, if there is one, and then of the very
 * weights that were evaluated.
 *
 * @throws UsageError for no point or several, and where a run has not decided
 * @throws InputError if the merge has other weights than those that were evaluated; nothing is left then
 */
export async function exportPoint(context: CliContext, flags: ExportFlags): Promise<ExportedPoint> {
  const { out, gguf } = flags;
  await checkNewFolder(out);
  if (gguf !== undefined) await checkNewFile(gguf);
  if (flags.push !== undefined) checkPush(flags.push);
  const sweep = await readSweepFile(flags.config, variablesOf(flags.set));
  const own = join("runs", sweep.config.name);
  const store = flags.chosen ?? (existsSync(join(own, "manifest.json")) ? own : undefined);
  const run = store === undefined ? undefined : await readRun(store);
  const point = pointOf(sweep, flags, run);
  if (!("recipe" in point)) {
    throw new UsageError(`${point.name} of ${sweep.path} is ${point.model} as it is: there is nothing to merge`);
  }
  const pool = new CheckpointPool(sweep.root, downloads(context));
  try {
    const plan = await planMerge(
      parseRecipe(point.recipe, () => sweep.path),
      { root: sweep.root, pool },
    );
    for (const warning of plan.warnings) context.terminal.note(`warning: ${warning}`);
    const { weightsSha256 } = await writeMergedCheckpoint(plan, out, {
      recipeText: stringify(point.recipe),
      shardBytes: flags.outShardSize,
      signal: context.signal,
      onStored: showTensors(context.terminal, plan.tensors.length),
    });
    const evaluated = run?.evaluated.find((one) => one.point.name === point.name)?.result.weights_sha256;
    if (typeof evaluated === "string" && evaluated !== weightsSha256) {
      await rm(out, { recursive: true });
      throw new InputError(
        `${point.name}: expected the weights that ${store} evaluated, ${evaluated}, found ${weightsSha256}: nothing was kept`,
        { hint: "The sweep file or its models have changed since. `run --again POINT` evaluates what they make now." },
      );
    }
    if (gguf !== undefined) await writeGgufOf(context, out, gguf);
    const isEvaluated = run !== undefined && typeof evaluated === "string";
    if (isEvaluated) await addResults(context, { model: out, point: point.name }, run);
    const made = { out, point: point.name, weights_sha256: weightsSha256, run: isEvaluated ? (store ?? null) : null };
    if (flags.push === undefined) return made;
    context.terminal.note(`uploading ${out} as ${flags.push}`);
    return { ...made, pushed: await pushPoint(out, flags.push, context) };
  } finally {
    await pool.close();
  }
}

/** The point that is named, or that the run's decision names. */
function pointOf(
  sweep: SweepFile,
  { point, chosen }: ExportFlags,
  run: StoredRun | undefined,
): ReturnType<typeof expandSweep>[number] {
  const points = expandSweep(sweep);
  const asked = point ?? (run === undefined ? undefined : chosenBy(run, chosen ?? ""));
  if (asked === undefined) throw new UsageError("expected --point or --chosen, found neither");
  const [found, ...others] = selectPoints(points, [asked], "--point");
  if (found === undefined || others.length > 0) {
    const names = [found, ...others].map((one) => one?.name).join(", ");
    throw new UsageError(`--point ${asked}: expected one point, found ${names}`);
  }
  return found;
}

/** @throws UsageError where the data have not decided */
function chosenBy(run: StoredRun, store: string): string {
  const [decision, ...others] = judge(run).decisions;
  const chosen = decision?.point ?? null;
  if (chosen !== null && others.every(({ point }) => point === chosen)) return chosen;
  const useful = decision?.useful ?? decision?.candidates[0];
  throw new UsageError(`--chosen ${store}: expected a run that has decided. ${decision?.text ?? "It has no points."}`, {
    hint: useful === undefined ? undefined : `To take one all the same: --point ${useful}`,
  });
}

async function writeGgufOf({ signal }: CliContext, folder: string, path: string): Promise<void> {
  const checkpoint = await openCheckpoint(folder);
  try {
    await writeGguf(path, checkpoint, streamReader(checkpoint.reader), "bf16", { signal });
  } finally {
    await checkpoint.close();
  }
}

async function pushPoint(out: string, repo: string, { signal }: CliContext): Promise<PushedModel> {
  try {
    return await pushModel(out, repo, { signal });
  } catch (error) {
    if (!(error instanceof MergesweepError)) throw error;
    const hint = `${out} is complete. \`hf upload ${repo} ${out}\` uploads it, or this command with another folder: large files that have arrived are not sent again.`;
    throw new WorkError(error.message, {
      hint: [error.hint, hint].filter((one) => one !== undefined).join(" "),
      cause: error,
    });
  }
}

/** The decision, the table and a picture, in the model card. The run's own report stays as it is. */
async function addResults(
  context: CliContext,
  { model, point }: { readonly model: string; readonly point: string },
  run: StoredRun,
): Promise<void> {
  const card = await readCardAt(model, point);
  const folder = await mkdtemp(join(tmpdir(), "mergesweep-card-"));
  try {
    const { files, content } = await renderReport(run, folder);
    await writeCard(context, card, { folder, content, files });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
