import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { UsageError } from "../../base/errors.ts";
import { readManifest } from "../../runs/read-manifest.ts";
import { readSweepFile, type SweepFile } from "../../sweep/file/config.ts";
import { planSweep, type SweepPlan } from "../../sweep/plan/plan.ts";
import type { CliContext } from "../context.ts";
import { onlyFlag, overridesOf, type SweepFlagValues, setFlag, sweepFlags, variablesOf } from "../flags/sweep-flags.ts";
import { type PlannedAgain, planAgain, searchOf, setDownSweep, setupOf } from "../run/run-setup.ts";
import { downloads } from "../show-downloads.ts";

/** What says which sweep a run is of. */
type RunFlags = SweepFlagValues & { readonly out: string | undefined; readonly set: readonly string[] | undefined };

/**
 * A run that workers can join: one that was set down before, by its folder, or one that is set down now, by its sweep file. The
 * working directory is that of the run then.
 *
 * @throws UsageError for flags of a sweep beside a run, and for a part of a sweep in a store that holds more
 */
export async function prepareRun(context: CliContext, path: string, flags: RunFlags): Promise<PlannedAgain> {
  if (await isFolder(path)) {
    const names = Object.keys({ ...sweepFlags, ...onlyFlag, ...setFlag });
    const given = new Map<string, unknown>(Object.entries(flags));
    const wrong = names.find((name) => given.get(name) !== undefined);
    if (wrong === undefined) return await planAgain(context, path);
    throw new UsageError(`--${wrong}: expected it with a sweep file, found the run ${path}, whose settings are fixed`);
  }
  const set = variablesOf(flags.set);
  const sweep = await readSweepFile(path, set);
  const overrides = overridesOf(flags);
  const plan = await planSweep(sweep, overrides, { store: flags.out, downloads: downloads(context) });
  try {
    const setup = setupOf({ kind: "sweep", path, set }, overrides, searchOf(plan, undefined));
    await setDownSweep(context, plan, setup);
    await refusePart(sweep, plan);
    return { sweep, plan, setup };
  } catch (error) {
    await plan.close();
    throw error;
  }
}

async function refusePart({ path }: SweepFile, { trial, manifest, store }: SweepPlan): Promise<void> {
  if (!trial || (await readManifest(store)).plan_digest === manifest.plan_digest) return;
  throw new UsageError(`Expected the whole of ${path} in ${resolve(store)}, which holds it; found a part of it`, {
    hint: "Give the part a store of its own: --out runs/try. Or run it here, in the store of the whole: mergesweep run",
  });
}

function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (status) => status.isDirectory(),
    () => false,
  );
}
