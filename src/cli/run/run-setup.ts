import { resolve } from "node:path";
import { ConfigError, StoreError, UsageError } from "../../base/errors.ts";
import { readManifest } from "../../runs/read-manifest.ts";
import { type RunSetup, readSetup } from "../../runs/setup.ts";
import { setDownSearch } from "../../search/set-down-search.ts";
import { readSweepFile, type SweepFile } from "../../sweep/file/config.ts";
import { defineEvaluation } from "../../sweep/file/define-sweep.ts";
import { type SearchInput, searchSchema } from "../../sweep/file/search-config.ts";
import { type PlanOverrides, planSweep, type SweepPlan } from "../../sweep/plan/plan.ts";
import { setDown } from "../../sweep/run/run-sweep.ts";
import type { CliContext } from "../context.ts";
import { showProgress } from "../progress.ts";
import { downloads } from "../show-downloads.ts";

/** Where a sweep is from. */
export type RunSource = RunSetup["source"];

/** What a worker needs to plan the same, wherever it is started. */
export function setupOf(source: RunSource, overrides: PlanOverrides, search: SearchInput | undefined): RunSetup {
  const setup = { folder: process.cwd(), source, overrides: { ...overrides } };
  return search === undefined ? setup : { ...setup, search };
}

/**
 * The search that a sweep file or a flag asks for.
 *
 * @throws UsageError for a search over a part of the sweep only
 */
export function searchOf({ sweep, trial }: SweepPlan, flag: boolean | undefined): SearchInput | undefined {
  if (!(flag ?? sweep.config.search !== undefined)) return undefined;
  if (!trial) return sweep.config.search ?? {};
  throw new UsageError("A search is over the whole sweep: expected no --limit, --only or --sample-id with it", {
    hint: "--no-search runs a part of the grid; a sweep file may limit its benchmarks: [{ name: math500, limit: 100 }]",
  });
}

/** Sets a planned sweep, or a search over it, down in its store, for workers. */
export async function setDownSweep({ signal, terminal }: CliContext, plan: SweepPlan, setup: RunSetup): Promise<void> {
  const options = { setup, signal, onEvent: showProgress(terminal, (unit) => unit) };
  if (setup.search === undefined) await setDown(plan, options);
  else await setDownSearch(plan, searchSchema.parse(setup.search), options);
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
  throw new StoreError(`${name} no longer makes the plan that ${run} was prepared with`, {
    hint: "Restore the file; or prepare the run again, while no worker is running: mergesweep plan SWEEP.yaml --store",
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
    throw new ConfigError(`The run was prepared in ${folder}, which does not exist on this machine`, {
      hint: "Workers need the folder under the same path on all machines.",
      cause: error,
    });
  }
}
