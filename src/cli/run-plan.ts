import { join } from "node:path";
import { countOf } from "../base/count-of.ts";
import { UsageError } from "../base/errors.ts";
import { checkWritable } from "../base/files/new-path.ts";
import { withGroupRewards } from "../eval/score-samples.ts";
import { renderReport } from "../report/render-report.ts";
import { readRun } from "../runs/read-run.ts";
import { completionsPerPoint, type Manifest } from "../runs/schema.ts";
import { runSearch } from "../search/run-search.ts";
import { DEFAULT_SEARCH, type SearchConfig, type SweepFile } from "../sweep/file/config.ts";
import { planSweep, type SweepPlan } from "../sweep/plan/plan.ts";
import { runSweep, type SweepOutcome } from "../sweep/run/run-sweep.ts";
import { planWorkers, runtimeStarter, type SweepOptions } from "../sweep/run/sweep-options.ts";
import type { CliContext } from "./context.ts";
import { EXIT } from "./exit-codes.ts";
import type { ExecutionFlagValues } from "./flags/execution-flags.ts";
import { overridesOf, type SweepFlagValues } from "./flags/sweep-flags.ts";
import { checkTrust } from "./flags/trust.ts";
import { openPage } from "./page/open-page.ts";
import { formatSeconds, showProgress } from "./progress.ts";
import { reportFolder, sayFailures } from "./report-folder.ts";
import { downloads } from "./show-downloads.ts";

/** What flags may say of a run; those of other commands that run something may be missing. */
type RunFlagValues = ExecutionFlagValues &
  SweepFlagValues & { readonly trust?: boolean | undefined; readonly search?: boolean | undefined };

/**
 * Plans a sweep as flags have it, does it, and closes it again.
 *
 * @returns the benchmarks with all of their questions
 */
export async function planAndRun(
  context: CliContext,
  sweep: SweepFile,
  flags: RunFlagValues,
): Promise<SweepPlan["wholeBenchmarks"]> {
  const plan = await planSweep(sweep, overridesOf(flags), { store: flags.out, downloads: downloads(context) });
  try {
    await checkTrust(sweep, flags, context.terminal);
    await runPlan(context, plan, flags);
    return plan.wholeBenchmarks;
  } finally {
    await plan.close();
  }
}

/** Does all that a plan still lacks, shows how it goes, and renders the report. Failed units set the exit code. */
async function runPlan(context: CliContext, plan: SweepPlan, flags: RunFlagValues): Promise<void> {
  const { terminal } = context;
  const search = searchOf(plan, flags.search);
  const started = performance.now();
  for (const note of plan.notes) terminal.note(`warning: ${note}`);
  const out = plan.store;
  const attempts = completionsPerPoint(plan.manifest);
  const folder = reportFolder(out, flags.report, plan.trial);
  await checkWritable(folder);
  const devices = devicesFor(plan, flags.devices);
  const chosen = planWorkers(plan, { cores: context.cores, devices });
  const workers = flags.workers ?? chosen.workers;
  if (flags.workers === undefined && chosen.why !== "") {
    terminal.note(`${countOf(workers, "process", "processes")} ${chosen.why}`);
  }
  terminal.note(
    `${countOf(plan.units.length, "point")} x ${countOf(attempts, "completion")}, ${workers} at a time -> ${out}`,
  );
  let outcome: SweepOutcome;
  try {
    const options: SweepOptions = {
      out,
      workers,
      createRuntime: runtimeStarter(plan, {
        workers,
        devices,
        hangSeconds: flags.hangSeconds,
        batchTokens: flags.batchSize,
        start: context.createRuntime,
      }),
      sequences: flags.sequences,
      keepGguf: flags.keepGguf,
      cacheLimit: flags.cacheLimit,
      signal: context.signal,
      again: flags.again,
      onEvent: showProgress(terminal, (unit) => unit.replace(/^\d+-/, "")),
    };
    outcome =
      search === undefined
        ? await runSweep(plan, options)
        : await runSearch(plan, search, options, (points, questions) =>
            terminal.note(`Search: ${countOf(questions, "question")} more at ${countOf(points, "point")}`),
          );
  } catch (error) {
    if (context.signal.aborted) {
      terminal.error(`Saved in ${out}. Go on with: ${context.commandLine}`);
    }
    throw error;
  }
  const view = search === undefined ? plan.manifest : undefined;
  await report(context, view, { outcome, out, folder, json: flags.json === true, rawCsv: flags.rawCsv === true });
  if (flags.open === true) openPage(terminal, join(folder, "index.html"));
  terminal.note(`Done in ${formatSeconds((performance.now() - started) / 1000)}.`);
  if (outcome.failed.length === 0) return;
  const names = outcome.failed.map(({ point }) => point).join(", ");
  terminal.error(
    `${outcome.failed.length} of ${countOf(plan.units.length, "point")} failed: ${names}. The same command tries them again.`,
  );
  context.setExitCode(EXIT.failed);
}

/** @throws UsageError for a search over a part of the sweep only */
function searchOf({ sweep, trial }: SweepPlan, flag: boolean | undefined): SearchConfig | undefined {
  if (!(flag ?? sweep.config.search !== undefined)) return undefined;
  if (!trial) return sweep.config.search ?? DEFAULT_SEARCH;
  throw new UsageError("A search is over the whole sweep: expected no --limit, --only or --sample-id with it", {
    hint: "--no-search runs a part of the grid; a sweep file may limit its benchmarks: [{ name: math500, limit: 100 }]",
  });
}

/** @throws UsageError for devices that are no numbers, or of a run without a GPU */
function devicesFor({ engine, server }: SweepPlan, devices: readonly string[] = []): readonly string[] {
  const wrong = devices.find((device) => !/^\d+$/.test(device));
  if (wrong !== undefined) throw new UsageError(`--devices: expected numbers of GPUs such as 0,1, found ${wrong}`);
  if (devices.length === 0 || (engine.gpu === "auto" && server === undefined)) return devices;
  throw new UsageError("--devices: expected --gpu with it, found a run on the CPU or on a server");
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
