import { countOf } from "../../base/count-of.ts";
import { followJobs } from "../../cluster/follow.ts";
import type { Submission } from "../../cluster/submissions.ts";
import type { CliContext } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import { readStatus } from "../run/run-status.ts";
import { describeStates } from "./describe-jobs.ts";

/** How a submission ended. */
export interface SubmissionOutcome {
  readonly done: number;
  readonly failed: readonly string[];
  /** Points that are not done and did not fail: their workers were cancelled, or ran out of time. */
  readonly left: number;
  /** The state of the report's job, in Slurm's words; null if Slurm has forgotten it. */
  readonly report_state: string | null;
}

/** Waits for the end of a submission, and says how it goes. @throws what interrupts it; the jobs go on then */
export async function followSubmission(
  { signal, terminal }: CliContext,
  run: string,
  submission: Submission,
): Promise<SubmissionOutcome> {
  let said = "";
  const say = (text: string): void => {
    if (text !== said) terminal.note(text);
    said = text;
  };
  const jobs = await followJobs(submission, signal, (seen) => {
    if (seen === undefined) say("Slurm does not answer; waiting");
    else {
      const report = seen.filter(({ part, state }) => part === "report" && state !== "PENDING");
      const workers = describeStates(seen.filter(({ part }) => part === "worker"));
      say(`Workers: ${workers}${report.length === 0 ? "" : `. Report: ${describeStates(report)}`}`);
    }
  }).catch((error: unknown) => {
    if (signal.aborted) {
      terminal.error(`The jobs go on. Look: mergesweep status ${run}. End them: mergesweep cancel ${run}`);
    }
    throw error;
  });
  const { points } = await readStatus(run);
  const failed = points.filter(({ state }) => state === "failed").map(({ point }) => point);
  const done = points.filter(({ state }) => state === "done").length;
  return {
    done,
    failed,
    left: points.length - done - failed.length,
    report_state: jobs.find(({ part }) => part === "report")?.state ?? null,
  };
}

/** Says how a submission ended, and sets the exit code. @param folder of the jobs' output */
export function sayEnd(context: CliContext, outcome: SubmissionOutcome, folder: string): void {
  const { done, failed, left, report_state: report } = outcome;
  if (failed.length > 0) {
    context.terminal.error(
      `${countOf(failed.length, "point")} failed: ${failed.join(", ")}. Workers say why in ${folder}`,
    );
  }
  if (left > 0) {
    context.terminal.error(
      `The workers ended with ${countOf(left, "point")} of ${done + failed.length + left} not done. What they printed is in ${folder}; the same command goes on.`,
    );
  }
  if (report !== "COMPLETED") {
    const state = report ?? "no longer known to Slurm";
    context.terminal.error(`The report was not made: its job is ${state}. What it printed is in ${folder}`);
  }
  if (left > 0) context.setExitCode(EXIT.left);
  else if (failed.length > 0 || report !== "COMPLETED") context.setExitCode(EXIT.failed);
}
