import { join } from "node:path";
import { UsageError } from "../base/errors.ts";
import { checkWritable } from "../base/files/new-path.ts";
import { withGroupRewards } from "../eval/score-samples.ts";
import { renderReport } from "../report/render-report.ts";
import { readRun } from "../runs/read-run.ts";
import type { Manifest } from "../runs/schema.ts";
import type { RunSetup } from "../runs/setup.ts";
import type { SweepFile } from "../sweep/file/config.ts";
import type { SearchInput } from "../sweep/file/search-config.ts";
import { planSweep, type SweepPlan } from "../sweep/plan/plan.ts";
import type { SweepOutcome } from "../sweep/run/sweep-options.ts";
import type { CliContext } from "./context.ts";
import type { ExecutionFlagValues } from "./flags/execution-flags.ts";
import { overridesOf, type SweepFlagValues } from "./flags/sweep-flags.ts";
import { checkTrust } from "./flags/trust.ts";
import { openPage } from "./page/open-page.ts";
import { formatSeconds } from "./progress.ts";
import { reportFolder, sayFailures } from "./report-folder.ts";
import { type RunSource, setupOf } from "./run-setup.ts";
import { downloads } from "./show-downloads.ts";
import { sayUnfinished, workOnPlan } from "./work-on-plan.ts";

/** What flags may say of a run; those of other commands that run something may be missing. */
type RunFlagValues = ExecutionFlagValues &
  SweepFlagValues & { readonly trust?: boolean | undefined; readonly search?: boolean | undefined };

/**
 * Plans a sweep as flags have it, does it, and closes it again.
 *
 * @param source where the sweep is from, for workers that come later
 * @returns the benchmarks with all of their questions
 */
export async function planAndRun(
  context: CliContext,
  sweep: SweepFile,
  flags: RunFlagValues,
  source: RunSource,
): Promise<SweepPlan["wholeBenchmarks"]> {
  const overrides = overridesOf(flags);
  const plan = await planSweep(sweep, overrides, { store: flags.out, downloads: downloads(context) });
  try {
    await checkTrust(sweep, flags, context.terminal);
    await runPlan(context, plan, flags, setupOf(source, overrides));
    return plan.wholeBenchmarks;
  } finally {
    await plan.close();
  }
}

/** Does all that a plan still lacks, shows how it goes, and renders the report. Failed units set the exit code. */
async function runPlan(context: CliContext, plan: SweepPlan, flags: RunFlagValues, setup: RunSetup): Promise<void> {
  const { terminal } = context;
  const search = searchOf(plan, flags.search);
  const started = performance.now();
  for (const note of plan.notes) terminal.note(`warning: ${note}`);
  const out = plan.store;
  const folder = reportFolder(out, flags.report, plan.trial);
  await checkWritable(folder);
  // A worker that joins would do the whole grid.
  const outcome = await workOnPlan(context, plan, flags, search === undefined ? { setup } : { search });
  const view = search === undefined ? plan.manifest : undefined;
  await report(context, view, { outcome, out, folder, json: flags.json === true, rawCsv: flags.rawCsv === true });
  if (flags.open === true) openPage(terminal, join(folder, "index.html"));
  terminal.note(`Done in ${formatSeconds((performance.now() - started) / 1000)}.`);
  sayUnfinished(context, plan, outcome);
}

/** @throws UsageError for a search over a part of the sweep only */
function searchOf({ sweep, trial }: SweepPlan, flag: boolean | undefined): SearchInput | undefined {
  if (!(flag ?? sweep.config.search !== undefined)) return undefined;
  if (!trial) return sweep.config.search ?? {};
  throw new UsageError("A search is over the whole sweep: expected no --limit, --only or --sample-id with it", {
    hint: "--no-search runs a part of the grid; a sweep file may limit its benchmarks: [{ name: math500, limit: 100 }]",
  });
}

async function report(
  context: CliContext,
  view: Manifest | undefined,
  shown: { outcome: SweepOutcome; out: string; folder: string; json: boolean; rawCsv: boolean },
): Promise<void> {
  const { terminal } = context;
  const { outcome, out, folder, json, rawCsv } = shown;
  const run = await readRun(out, { view, regroup: withGroupRewards });
  const { files, table, decisions, failures } = await renderReport(run, folder, { csv: { raw: rawCsv } });
  terminal.out(json ? JSON.stringify({ ...outcome, run: out, report: files, decisions }) : table);
  for (const decision of decisions) terminal.note(decision);
  terminal.note(`Report: ${join(folder, "index.html")}`);
  sayFailures(context, failures);
}
