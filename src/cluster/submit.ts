import { join } from "node:path";
import { UsageError, WorkError } from "../base/errors.ts";
import { writeFileAtomic } from "../base/files/atomic-write.ts";
import { shellWord } from "../base/shell-word.ts";
import { type BatchPlan, jobName, reportScript, workerScript } from "./batch-script.ts";
import type { SlurmSettings } from "./settings.ts";
import { askSlurm, requireSlurm } from "./slurm-tool.ts";
import { newSubmissionFolder, recordSubmission, type Submission } from "./submissions.ts";

/** The scripts of a submission, as they lie in its folder. */
export interface Scripts {
  readonly worker: string;
  readonly report: string;
}

/** Flags of sbatch that are not a person's here: jobs are found, or follow one another, by them. */
const OURS = ["array", "job-name", "dependency", "clusters", "wrap", "wait", "parsable", "test-only"];
const OURS_SHORT = ["a", "J", "d", "M", "W"];

/** @throws UsageError for a flag of sbatch that would break what is submitted */
export function checkSbatchFlags(words: readonly string[]): void {
  const wrong = words.find(
    (word) =>
      OURS.some((name) => word === `--${name}` || word.startsWith(`--${name}=`)) ||
      OURS_SHORT.some((letter) => word.startsWith(`-${letter}`)),
  );
  if (wrong === undefined) return;
  throw new UsageError(
    `${wrong}: expected flags of sbatch other than ${OURS.join(", ")}, which mergesweep sets itself`,
    {
      hint: "The number of tasks is --array N, in front of the two dashes; any other change can be made in the script (--dry-run).",
    },
  );
}

/** Writes the scripts of a new submission into the run's folder. */
export async function writeScripts(
  plan: Omit<BatchPlan, "folder">,
): Promise<{ readonly folder: string; readonly scripts: Scripts }> {
  const folder = await newSubmissionFolder(plan.run);
  const whole = { ...plan, folder };
  const scripts = { worker: join(folder, "worker.sh"), report: join(folder, "report.sh") };
  await writeFileAtomic(scripts.worker, workerScript(whole));
  await writeFileAtomic(scripts.report, reportScript(whole));
  return { folder, scripts };
}

/**
 * Submits workers, and a report that waits for them, and records their job ids in the folder.
 *
 * @throws WorkError with what sbatch says, if it refuses; workers that it took before stay, and are recorded
 */
export async function submitScripts(
  { run, tasks, settings }: Omit<BatchPlan, "folder">,
  { folder, scripts }: { readonly folder: string; readonly scripts: Scripts },
): Promise<Submission> {
  await requireSlurm("sbatch");
  const environment = withoutOverridden(settings);
  const name = jobName(run);
  const workers = await submit(["--parsable", scripts.worker], environment, (words) => {
    throw new WorkError(`sbatch refused the workers: ${words}`, {
      hint: `Nothing is submitted. Give other flags; or change ${scripts.worker} and submit it by hand: sbatch ${shellWord(scripts.worker)}`,
    });
  });
  const submission = { name, workers, tasks };
  await recordSubmission(folder, submission);
  const dependency = `--dependency=afterany:${workers}`;
  const report = await submit(["--parsable", dependency, scripts.report], environment, (words) => {
    throw new WorkError(`sbatch took the workers (job ${workers}) and refused their report: ${words}`, {
      hint: `Change ${scripts.report} and submit it by hand: sbatch ${dependency} ${shellWord(scripts.report)}; or make the report later: mergesweep report ${shellWord(run)}; or end the workers: mergesweep cancel ${shellWord(run)}`,
    });
  });
  const whole = { ...submission, report };
  await recordSubmission(folder, whole);
  return whole;
}

/** @returns the job's id, without the cluster's name that may follow it */
async function submit(
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
  refused: (words: string) => never,
): Promise<string> {
  const answer = await askSlurm("sbatch", args, environment);
  const id = /^(\d+)(;.*)?$/m.exec(answer?.stdout ?? "")?.[1];
  if (answer?.code === 0 && id !== undefined) return id;
  return refused(answer?.stderr || "it said nothing");
}

/** Variables of sbatch that beat what is written in a script, by what they would beat. */
const OVERRIDING: Partial<Record<keyof SlurmSettings, string>> = {
  partition: "SBATCH_PARTITION",
  account: "SBATCH_ACCOUNT",
  time: "SBATCH_TIMELIMIT",
  constraint: "SBATCH_CONSTRAINT",
  mem: "SBATCH_MEM_PER_NODE",
};
const ALWAYS_OVERRIDDEN = [
  "SBATCH_ARRAY_INX",
  "SBATCH_GRES",
  "SBATCH_JOB_NAME",
  "SBATCH_OUTPUT",
  "SBATCH_OPEN_MODE",
  "SBATCH_REQUEUE",
  "SBATCH_NO_REQUEUE",
  "SBATCH_SIGNAL",
  "SBATCH_WAIT",
];

/** Flags and files win over a person's own defaults for sbatch. */
function withoutOverridden(settings: SlurmSettings): NodeJS.ProcessEnv {
  const said = Object.entries(OVERRIDING).filter(([key]) => Object.hasOwn(settings, key));
  const names = new Set([...ALWAYS_OVERRIDDEN, ...said.map(([, name]) => name)]);
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !names.has(name)));
}
