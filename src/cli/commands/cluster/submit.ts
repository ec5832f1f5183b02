import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { CommandModule } from "yargs";
import { countOf } from "../../../base/count-of.ts";
import { UsageError } from "../../../base/errors.ts";
import { checkWritable } from "../../../base/files/new-path.ts";
import { shellWord } from "../../../base/shell-word.ts";
import type { BatchPlan } from "../../../cluster/batch-script.ts";
import { type SlurmFlags, settleSlurm } from "../../../cluster/settings.ts";
import { requireSlurm } from "../../../cluster/slurm-tool.ts";
import { checkSbatchFlags, submitScripts, writeScripts } from "../../../cluster/submit.ts";
import { followSubmission, sayEnd } from "../../cluster/follow-submission.ts";
import { ownCommand } from "../../cluster/own-command.ts";
import { prepareRun } from "../../cluster/prepare-run.ts";
import { slurmFlags, slurmSettingsOf, workerWords } from "../../cluster/slurm-flags.ts";
import type { CliContext } from "../../context.ts";
import { type WorkFlagValues, workFlags } from "../../flags/execution-flags.ts";
import { defineCommand, jsonFlag, named, textOption } from "../../flags/options.ts";
import { onlyFlag, type SweepFlagValues, setFlag, sweepFlags } from "../../flags/sweep-flags.ts";
import { checkClusterTrust, checkTrust, trustFlag } from "../../flags/trust.ts";
import { reportFolder } from "../../report-folder.ts";
import { readStatus } from "../../run/run-status.ts";

/** More tasks than this nobody gets by leaving a number out. */
const MAX_TASKS = 32;

/** `mergesweep submit slurm SWEEP|RUN`: workers as an array of jobs, and the report when they have ended. */
export function submitCommand(context: CliContext): CommandModule {
  return defineCommand({
    builder: (parser) =>
      parser
        .positional("cluster", { choices: ["slurm"], demandOption: true, description: "Kind of cluster" } as const)
        .positional("run", {
          type: "string",
          demandOption: true,
          description: "Sweep file (YAML) to prepare and submit, or the store of a prepared run",
        })
        .options(named(slurmFlags))
        .options(
          named({
            "dry-run": {
              type: "boolean",
              description: "Write and print the scripts; submit nothing",
              group: "Slurm:",
            } as const,
            wait: {
              type: "boolean",
              description: "Wait for the end; exit code 0: done; 1: points or the report failed; 75: points are left",
              group: "Slurm:",
            } as const,
            report: {
              ...textOption("Folder of the report (default: reports/, by the name of the store)"),
              group: "Output:",
            },
            json: jsonFlag,
          }),
        )
        .options(named(sweepFlags))
        .options(named(onlyFlag))
        .options(setFlag)
        .options(named(workFlags))
        .options(trustFlag)
        .example("$0 submit slurm sweeps/pocket.yaml --array 3 --wait", "three workers; waits for the report")
        .example("$0 submit slurm mine.yaml --dry-run", "only writes the scripts")
        .example("$0 submit slurm mine.yaml --time 4:00:00 -- --qos=long", "flags of sbatch after two dashes"),
    handler: async (args) => {
      const dashed: unknown = args["--"];
      const sbatch = Array.isArray(dashed) ? dashed.map(String) : [];
      if (args.dryRun === true && args.wait === true) throw new UsageError("--wait: cannot be combined with --dry-run");
      // The working directory becomes that of the run.
      const report = args.report === undefined ? undefined : resolve(args.report);
      const prelude = args.prelude === undefined ? undefined : resolve(args.prelude);
      const keepGguf = args.keepGguf === undefined ? undefined : resolve(args.keepGguf);
      await submit(context, args.run, {
        ...args,
        report,
        keepGguf,
        slurm: { ...slurmSettingsOf(args, sbatch), prelude },
      });
    },
  });
}

type SubmitFlags = SweepFlagValues &
  WorkFlagValues & {
    readonly out: string | undefined;
    readonly set: readonly string[] | undefined;
    readonly trust: boolean | undefined;
    readonly report: string | undefined;
    readonly slurm: SlurmFlags;
    readonly dryRun: boolean | undefined;
    readonly wait: boolean | undefined;
    readonly json: boolean | undefined;
  };

async function submit(context: CliContext, path: string, flags: SubmitFlags): Promise<void> {
  const { terminal } = context;
  if (flags.dryRun !== true) await requireSlurm("sbatch");
  const { run, batch } = await planBatch(context, path, flags);
  const written = await writeScripts(batch);
  const { folder, scripts } = written;
  if (flags.dryRun === true) {
    const texts = await Promise.all([scripts.worker, scripts.report].map((script) => readFile(script, "utf8")));
    terminal.out(flags.json === true ? JSON.stringify({ run, scripts }) : texts.join("\n"));
    const after = shellWord(scripts.report);
    terminal.note(
      `Written, not submitted. By hand:\n  id=$(sbatch --parsable ${shellWord(scripts.worker)}) && sbatch --dependency=afterany:$id ${after}`,
    );
    return;
  }
  const submission = await submitScripts(batch, written);
  const { workers, tasks, report } = submission;
  const said = { run, workers, tasks, report, scripts };
  if (flags.json !== true) {
    terminal.out(`Submitted: job ${workers} (${countOf(tasks, "worker")}), job ${report} (report).`);
  }
  terminal.note(`Scripts and job output: ${folder}`);
  if (flags.wait !== true) {
    terminal.note(`Look: mergesweep status ${shellWord(run)}. End: mergesweep cancel ${shellWord(run)}`);
    if (flags.json === true) terminal.out(JSON.stringify(said));
    return;
  }
  const outcome = await followSubmission(context, run, submission);
  if (flags.json === true) terminal.out(JSON.stringify({ ...said, outcome }));
  sayEnd(context, outcome, folder);
  if (outcome.report_state === "COMPLETED") terminal.note(`Report: ${join(batch.reportFolder, "index.html")}`);
}

interface PlannedBatch {
  /** The run store. */
  readonly run: string;
  readonly batch: Omit<BatchPlan, "folder"> & { readonly reportFolder: string };
}

/** Sets the run down, if it is not, and settles what its scripts say. */
async function planBatch(context: CliContext, path: string, flags: SubmitFlags): Promise<PlannedBatch> {
  const { sweep, plan, setup } = await prepareRun(context, path, flags);
  try {
    for (const note of plan.notes) context.terminal.note(`warning: ${note}`);
    const serve = typeof setup.overrides.serve === "string" ? setup.overrides.serve : undefined;
    await checkTrust(sweep, { serve, trust: flags.trust }, context.terminal);
    await checkClusterTrust(sweep, flags.trust, context.terminal);
    const settings = await settleSlurm(flags.slurm, sweep);
    checkSbatchFlags(settings.sbatch);
    const run = resolve(plan.store);
    const folder = resolve(reportFolder(run, flags.report, plan.trial));
    await checkWritable(folder);
    const { points } = await readStatus(run);
    const left = points.filter(({ state }) => state !== "done").length;
    const serves = (serve ?? sweep.config.serve) !== undefined;
    const usesGpu = serves || (plan.server === undefined && plan.engine.gpu === "auto");
    // It was trusted here; there is no terminal to ask there.
    const trust = serves && serve === undefined ? ["--trust"] : [];
    return {
      run,
      batch: {
        run,
        workingFolder: setup.folder,
        worker: [...ownCommand(), "worker", run, ...workerWords(flags), ...trust],
        report: [...ownCommand(), "report", run, "--out", folder],
        reportFolder: folder,
        tasks: settings.array ?? Math.max(1, Math.min(left, MAX_TASKS)),
        gpus: settings.gpus_per_task ?? (usesGpu ? "1" : "0"),
        settings,
      },
    };
  } finally {
    await plan.close();
  }
}
