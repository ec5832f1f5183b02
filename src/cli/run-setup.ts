import { resolve } from "node:path";
import { ConfigError, StoreError, UsageError } from "../base/errors.ts";
import { readManifest } from "../runs/read-manifest.ts";
import { type RunSetup, readSetup } from "../runs/setup.ts";
import { readSweepFile, type SweepFile } from "../sweep/file/config.ts";
import { defineEvaluation } from "../sweep/file/define-sweep.ts";
import { type PlanOverrides, planSweep, type SweepPlan } from "../sweep/plan/plan.ts";
import { setDown } from "../sweep/run/run-sweep.ts";
import type { CliContext } from "./context.ts";
import { showProgress } from "./progress.ts";
import { downloads } from "./show-downloads.ts";

/** Where a sweep is from. */
export type RunSource = RunSetup["source"];

/** What a worker needs to plan the same, wherever it is started. */
export function setupOf(source: RunSource, overrides: PlanOverrides): RunSetup {
  return { folder: process.cwd(), source, overrides: { ...overrides } };
}

/** Sets a planned sweep down in its store, for workers. @throws UsageError for a sweep that asks for a search */
export async function setDownSweep(
  { signal, terminal }: CliContext,
  { config }: SweepFile,
  plan: SweepPlan,
  setup: RunSetup,
): Promise<void> {
  if (config.search !== undefined) {
    throw new UsageError("Expected a sweep without a search for workers on many machines, found one", {
      hint: "A search is done by one process with all of its workers: mergesweep run SWEEP --search --workers N",
    });
  }
  await setDown(plan, { out: plan.store, setup, signal, onEvent: showProgress(terminal, (unit) => unit) });
}

/** A run as it was set down. */
export interface PlannedAgain {
  readonly sweep: SweepFile;
  readonly plan: SweepPlan;
  readonly setup: RunSetup;
}

/**
 * Plans what a run was set down to do, from the same sweep file and flags.
 *
 * @throws StoreError if the plan is not the one that the store has: the sweep file or an input has changed
 */
export async function planAgain(context: CliContext, run: string): Promise<PlannedAgain> {
  const store = resolve(run);
  const stored = await readManifest(run);
  const setup = await readSetup(run);
  enterFolder(setup.folder);
  const sweep = await sweepOf(setup.source);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- they were given as such when the run was set down
  const overrides = setup.overrides as PlanOverrides;
  const plan = await planSweep(sweep, overrides, { store, downloads: downloads(context) });
  if (plan.trial || plan.manifest.plan_digest === stored.plan_digest) return { sweep, plan, setup };
  await plan.close();
  const name = setup.source.kind === "sweep" ? setup.source.path : setup.source.model;
  throw new StoreError(`${name} makes another plan now than the one that ${run} was set down with`, {
    hint: "Bring the file back to what it was; or set the new plan down, when no worker is at work: mergesweep plan SWEEP.yaml --store",
  });
}

function sweepOf(source: RunSource): Promise<SweepFile> {
  return source.kind === "sweep"
    ? readSweepFile(source.path, source.set, source.protocol)
    : defineEvaluation(source.model, { benchmarks: source.benchmarks });
}

/** Relative paths of a sweep start where it was set down. */
function enterFolder(folder: string): void {
  try {
    process.chdir(folder);
  } catch (error) {
    throw new ConfigError(`The run was set down in ${folder}, which this machine has not got`, {
      hint: "Workers need the folder under the same path on all machines.",
      cause: error,
    });
  }
}
