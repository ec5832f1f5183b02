import { StoreError, WorkError } from "../base/errors.ts";
import { isActive, readJobs } from "./job-states.ts";
import { askSlurm, requireSlurm } from "./slurm-tool.ts";
import { readSubmissions } from "./submissions.ts";

/**
 * Cancels what was submitted for a run and has not ended.
 *
 * @returns the ids of the jobs that were cancelled
 * @throws StoreError if nothing was ever submitted, WorkError if Slurm refuses or cannot be asked
 */
export async function cancelJobs(run: string): Promise<string[]> {
  const submissions = await readSubmissions(run);
  if (submissions.length === 0) {
    throw new StoreError(`Expected jobs that were submitted for ${run}, found none`, {
      hint: "`mergesweep submit slurm` records what it submits. Jobs that were submitted by hand: scancel JOB",
    });
  }
  await requireSlurm("scancel");
  const active: string[] = [];
  for (const submission of submissions) {
    const jobs = await readJobs(submission);
    if (jobs === undefined) {
      throw new WorkError(`Slurm did not say what became of job ${submission.workers}; nothing is cancelled`, {
        hint: "Try again, or look with: squeue",
      });
    }
    const has = (part: string): boolean => jobs.some((job) => job.part === part && isActive(job));
    // The report first: it would start when the workers have ended.
    if (submission.report !== undefined && has("report")) active.push(submission.report);
    if (has("worker")) active.push(submission.workers);
  }
  if (active.length === 0) return [];
  const answer = await askSlurm("scancel", active);
  if (answer?.code === 0) return active;
  throw new WorkError(`scancel refused to cancel ${active.join(", ")}: ${answer?.stderr || "it said nothing"}`);
}
