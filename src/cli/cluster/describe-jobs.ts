import { countOf } from "../../base/count-of.ts";
import { isActive, readJobs, type SlurmJob } from "../../cluster/job-states.ts";
import { readSubmissions } from "../../cluster/submissions.ts";

/** What was submitted together, and what Slurm says of it. */
export interface SubmittedJobs {
  readonly workers: string;
  readonly report: string | null;
  /** Null where Slurm cannot be asked. */
  readonly jobs: readonly SlurmJob[] | null;
}

/** The jobs of a run: those that are not over, or the last, if all are. */
export async function readSubmitted(run: string): Promise<SubmittedJobs[]> {
  const submissions = await readSubmissions(run);
  const all = await Promise.all(
    submissions.map(async (submission) => ({
      workers: submission.workers,
      report: submission.report ?? null,
      jobs: (await readJobs(submission)) ?? null,
    })),
  );
  return all.filter(({ jobs }, i) => i === all.length - 1 || jobs?.some(isActive) === true);
}

/** A line about the workers, and one about the report. */
export function describeSubmitted({ workers, report, jobs }: SubmittedJobs): string[] {
  if (jobs === null) {
    const ids = report === null ? workers : `${workers} and ${report}`;
    return [`Slurm: submitted as ${ids}; what became of it cannot be asked here.`];
  }
  return [
    `Slurm, workers (job ${workers}): ${describeStates(jobs.filter(({ part }) => part === "worker"))}`,
    ...(report === null
      ? []
      : [`Slurm, report (job ${report}): ${describeStates(jobs.filter(({ part }) => part === "report"))}`]),
  ];
}

/** `2 running on node1, node2; 1 pending (Priority)` */
export function describeStates(jobs: readonly SlurmJob[]): string {
  const states = new Map<string | null, SlurmJob[]>();
  for (const job of jobs) states.set(job.state, [...(states.get(job.state) ?? []), job]);
  return Array.from(states, ([state, those]) => {
    if (state === null) return `${countOf(those.length, "task")} no longer known to Slurm`;
    const nodes = state === "RUNNING" ? distinct(those.map(({ node }) => node)) : [];
    const reasons = state === "PENDING" ? distinct(those.map(({ reason }) => reason)) : [];
    const where =
      nodes.length === 0 ? "" : ` on ${nodes.slice(0, SHOWN).join(", ")}${nodes.length > SHOWN ? ", ..." : ""}`;
    return `${those.length} ${state.toLowerCase().replaceAll("_", " ")}${where}${reasons.length === 0 ? "" : ` (${reasons.join(", ")})`}`;
  }).join("; ");
}

/** Nodes that a line names. */
const SHOWN = 8;

function distinct(texts: readonly (string | null)[]): string[] {
  return [...new Set(texts.filter((text) => text !== null))];
}
