import { setTimeout as wait } from "node:timers/promises";
import { isActive, readJobs, type SlurmJob } from "./job-states.ts";
import type { Submission } from "./submissions.ts";

/** Between two looks at the queue: short at first, for errors that come at once; a controller serves many people. */
const FIRST_WAIT_MILLISECONDS = 1_000;
const LONGEST_WAIT_MILLISECONDS = 10_000;

/**
 * Waits until Slurm has none of a submission's jobs any more.
 *
 * @param onLook told what each look finds; undefined while Slurm does not answer, which is waited for
 * @returns the jobs as they were last known
 * @throws signal.reason if aborted; the jobs go on
 */
export async function followJobs(
  submission: Submission,
  signal: AbortSignal,
  onLook: (jobs: readonly SlurmJob[] | undefined) => void,
): Promise<readonly SlurmJob[]> {
  const last = new Map<string, SlurmJob>();
  let ended = false;
  for (let pause = FIRST_WAIT_MILLISECONDS; ; pause = Math.min(pause * 1.5, LONGEST_WAIT_MILLISECONDS)) {
    const jobs = await readJobs(submission);
    onLook(jobs);
    for (const job of jobs ?? []) {
      // Slurm forgets a job some minutes after its end.
      if (job.state !== null || !last.has(job.id)) last.set(job.id, job);
    }
    const before = ended;
    ended = jobs !== undefined && !jobs.some(isActive);
    // A job that is queued again is seen as ended for a moment.
    if (ended && before) return [...last.values()];
    await wait(ended ? FIRST_WAIT_MILLISECONDS : pause, undefined, { signal }).catch((error: unknown) => {
      signal.throwIfAborted();
      throw error;
    });
  }
}
