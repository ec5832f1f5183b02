import { join } from "node:path";
import { checkWritable } from "../../base/files/new-path.ts";
import type { SweepFile } from "../../sweep/file/config.ts";
import { planSweep, type SweepPlan } from "../../sweep/plan/plan.ts";
import type { CliContext } from "../context.ts";
import type { ExecutionFlagValues } from "../flags/execution-flags.ts";
import { overridesOf, type SweepFlagValues } from "../flags/sweep-flags.ts";
import { checkTrust } from "../flags/trust.ts";
import { openPage } from "../page/open-page.ts";
import { formatSeconds } from "../progress.ts";
import { reportFolder } from "../report-folder.ts";
import { downloads } from "../show-downloads.ts";
import { reportRun } from "./report-run.ts";
import { type RunSource, searchOf, setupOf } from "./run-setup.ts";
import { sayUnfinished, type Work, workOnPlan } from "./work-on-plan.ts";

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
    const search = searchOf(plan, flags.search);
    await runPlan(context, plan, flags, { setup: setupOf(source, overrides, search), search });
    return plan.wholeBenchmarks;
  } finally {
    await plan.close();
  }
}

/** Does all that a plan still lacks, shows how it goes, and renders the report. Failed units set the exit code. */
async function runPlan(
  context: CliContext,
  plan: SweepPlan,
  flags: RunFlagValues,
  { setup, search }: Required<Work>,
): Promise<void> {
  const { terminal } = context;
  const started = performance.now();
  for (const note of plan.notes) terminal.note(`warning: ${note}`);
  const out = plan.store;
  const folder = reportFolder(out, flags.report, plan.trial);
  await checkWritable(folder);
  const outcome = await workOnPlan(context, plan, flags, { setup, search });
  const view = search === undefined ? plan.manifest : undefined;
  await reportRun(context, view, { outcome, out, folder, json: flags.json === true, rawCsv: flags.rawCsv === true });
  if (flags.open === true) openPage(terminal, join(folder, "index.html"));
  terminal.note(`Done in ${formatSeconds((performance.now() - started) / 1000)}.`);
  sayUnfinished(context, plan, outcome);
}
