import { basename, join, resolve } from "node:path";
import { ConfigError } from "../base/errors.ts";
import { shellWord } from "../base/shell-word.ts";
import type { SlurmSettings } from "./settings.ts";

/** What the scripts of a submission are written from. */
export interface BatchPlan {
  /** The run store. */
  readonly run: string;
  /** Where the scripts and what the jobs print lie. */
  readonly folder: string;
  /** Where the jobs start: the folder in which the run was set down. */
  readonly workingFolder: string;
  /** What starts a worker, word by word. */
  readonly worker: readonly string[];
  /** What makes the report. */
  readonly report: readonly string[];
  readonly tasks: number;
  /** GPUs of a task. */
  readonly gpus: string;
  readonly settings: SlurmSettings;
}

/** A limit of ten minutes or more leaves the worker two of them for the completions under way. */
const LEAD_SECONDS = 120;
/** A shorter one, a fifth of it. */
const LEAD_SHARE = 0.2;
/** What is not finished in this part of the lead is stopped, so that the task can queue again before Slurm ends it. */
const GRACE_SHARE = 0.75;

/** Jobs have the run's name, by which they are found again. */
export function jobName(run: string): string {
  return `mergesweep-${basename(resolve(run)).replaceAll(/[^\w.-]/g, "-")}`;
}

/** The script of a task of the array. */
export function workerScript(plan: BatchPlan): string {
  const { settings, tasks, gpus } = plan;
  const { max_parallel: most } = settings;
  const lead = leadSeconds(settings.time);
  return `${head(plan, "One worker; each task of the array is one. Workers may be stopped and started at any time, in any number.", "worker")}
${directives([
  ["array", `0-${tasks - 1}${most === undefined ? "" : `%${most}`}`],
  ["gres", gpus === "0" ? undefined : `gpu:${gpus}`],
  ["cpus-per-task", settings.cpus_per_task],
  ["mem", settings.mem],
  ["constraint", settings.constraint],
  ["signal", `B:USR1@${lead}`],
  ...shared(plan, "worker-%A_%a.log"),
])}
${moreFlags(settings.sbatch)}
# Before the end of the time limit Slurm sends USR1. The worker is sent USR2 then (Node opens its debugger for USR1): it finishes
# the completions under way, and is stopped if they take longer than so many seconds; the task queues again.
grace=${Math.round(lead * GRACE_SHARE)}
# TERM (cancelled, preempted, requeued) reaches the worker from Slurm: here it is only outlived, until the worker has given back
# what it had taken.
worker= ending= stopped=
trap 'ending=1; [ -z "$worker" ] || kill -USR2 "$worker"' USR1
trap 'stopped=1' TERM

${preludeLines(settings)}# Exit codes are looked at from here on, whatever was set before.
set +e
code=75
if [ -z "$ending$stopped" ]; then
  ${command(plan.worker)} &
  worker=$!
  [ -z "$ending" ] || kill -USR2 "$worker"
  # A signal ends \`wait\` early.
  until wait "$worker"; code=$?; ! kill -0 "$worker" 2>/dev/null; do
    [ -n "$ending" ] || continue
    for ((second = 0; second < grace; second++)); do kill -0 "$worker" 2>/dev/null || break; sleep 1; done
    [ -n "$stopped" ] || kill -TERM "$worker" 2>/dev/null
  done
  # It may have hidden the worker's own code, which is 127 if it was told before.
  wait "$worker"; again=$?
  [ "$again" -eq 127 ] || code=$again
fi

# 75: ended as asked, with work left; 143: stopped after the grace; 140: asked before it had begun to listen. A task that came back
# 200 times gets nothing done between two time limits.
if [ -n "$ending" ] && [ -z "$stopped" ] && [ "\${SLURM_RESTART_COUNT:-0}" -lt 200 ]; then
  case $code in 75 | 140 | 143) scontrol requeue "\${SLURM_ARRAY_JOB_ID}_\${SLURM_ARRAY_TASK_ID}" ;; esac
fi
exit "$code"
`;
}

/** The script of the job that makes the report when all workers have ended, however they did. */
export function reportScript(plan: BatchPlan): string {
  return `${head(plan, "The report, when the workers have ended; needs neither GPU nor model.", "report")}
${directives(shared(plan, "report-%j.log"))}
${moreFlags(plan.settings.sbatch)}
${preludeLines(plan.settings)}exec ${command(plan.report)}
`;
}

function head(plan: BatchPlan, what: string, script: string): string {
  const path = shellWord(join(plan.folder, `${script}.sh`));
  return `#!/bin/bash
# ${what}
# Written by \`mergesweep submit slurm\`; may be changed, and submitted by hand: sbatch ${path}`;
}

type Directive = readonly [flag: string, value: string | number | undefined];

/** What both jobs are asked for. */
function shared({ run, folder, workingFolder, settings }: BatchPlan, log: string): Directive[] {
  return [
    ["job-name", jobName(run)],
    ["nodes", 1],
    ["ntasks", 1],
    ["time", settings.time],
    ["partition", settings.partition],
    ["account", settings.account],
    ["chdir", quotedPath(workingFolder)],
    ["output", quotedPath(join(folder.replaceAll("%", "%%"), log))],
    ["open-mode", "append"],
  ];
}

function directives(all: readonly Directive[]): string {
  const lines = all.flatMap(([flag, value]) => (value === undefined ? [] : [`#SBATCH --${flag}=${value}`]));
  return [...lines, "#SBATCH --requeue"].join("\n");
}

/** Later flags beat earlier ones: these come last. */
function moreFlags(words: readonly string[]): string {
  return words.length === 0 ? "" : `#SBATCH ${words.map(sbatchWord).join(" ")}\n`;
}

/** As sbatch takes it for one word of an #SBATCH line. */
function sbatchWord(word: string): string {
  if (/[\p{Cc}]/u.test(word)) {
    throw new ConfigError(`Expected flags of sbatch without line breaks, found ${JSON.stringify(word)}`);
  }
  return /^[\w@%+=:,./!&|*()[\]-]+$/.test(word) ? word : `"${word.replaceAll(/["\\]/g, "\\$&")}"`;
}

/** @throws ConfigError for a path that no #SBATCH line can have: Slurm reads a backslash in a name as an order */
function quotedPath(path: string): string {
  if (/[\p{Cc}\\]/u.test(path)) {
    throw new ConfigError(`Slurm takes no paths with backslashes or line breaks, found ${JSON.stringify(path)}`, {
      hint: "Put the run, and the folder from which it is set down, where the path has none: --out FOLDER",
    });
  }
  return `"${path.replaceAll('"', '\\"')}"`;
}

function preludeLines({ prelude }: SlurmSettings): string {
  return prelude === undefined ? "" : `# From ${JSON.stringify(prelude.path)}:\n${prelude.text.trimEnd()}\n\n`;
}

function command(words: readonly string[]): string {
  return words.map(shellWord).join(" ");
}

/** How long before the end of its time a task is told. */
function leadSeconds(time: string | undefined): number {
  return time === undefined ? LEAD_SECONDS : Math.min(LEAD_SECONDS, Math.round(secondsOf(time) * LEAD_SHARE));
}

/** `90` are minutes, `5:30` minutes and seconds, `4:00:00` begins with hours, and so does what follows days: `1-12`. */
function secondsOf(time: string): number {
  const [days, clock] = time.includes("-") ? time.split("-") : [undefined, time];
  const numbers = (clock ?? "").split(":").map(Number);
  const [hours = 0, minutes = 0, seconds = 0] = days !== undefined || numbers.length === 3 ? numbers : [0, ...numbers];
  return ((Number(days ?? 0) * 24 + hours) * 60 + minutes) * 60 + seconds;
}
