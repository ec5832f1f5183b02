import { askSlurm } from "./slurm-tool.ts";
import type { Submission } from "./submissions.ts";

/** A task of the workers' array, or the report's job. */
export interface SlurmJob {
  /** `12_0` is a task of an array. */
  readonly id: string;
  readonly part: "worker" | "report";
  /** In Slurm's words (`RUNNING`, `PENDING`); null if Slurm has forgotten it, which it does some minutes after its end. */
  readonly state: string | null;
  /** Why it waits. */
  readonly reason: string | null;
  readonly node: string | null;
}

/** States that a job does not come out of; a job with any other is pending, running, or on its way to one of these. */
const ENDED = new Set([
  "BOOT_FAIL",
  "CANCELLED",
  "COMPLETED",
  "DEADLINE",
  "FAILED",
  "NODE_FAIL",
  "OUT_OF_MEMORY",
  "PREEMPTED",
  "REVOKED",
  "TIMEOUT",
]);

/** Whether Slurm has a job in its queue or on a node. */
export function isActive({ state }: Pick<SlurmJob, "state">): boolean {
  return state !== null && !ENDED.has(state);
}

/**
 * What became of the jobs of a submission: what squeue knows, and what sacct remembers where there is such a thing.
 *
 * @returns undefined if Slurm cannot be asked here or now
 */
export async function readJobs(submission: Submission): Promise<SlurmJob[] | undefined> {
  const queued = await askQueue(submission);
  if (queued === undefined) return undefined;
  const ids = idsOf(submission);
  const missing = ids.some(([id]) => !queued.has(id));
  const known = missing ? new Map([...(await askAccounting(submission)), ...queued]) : queued;
  return ids.map(([id, part]) => {
    const { state = null, reason = null, node = null } = known.get(id) ?? {};
    return { id, part, state, reason, node };
  });
}

type Known = ReadonlyMap<string, Pick<SlurmJob, "state" | "reason" | "node">>;

function idsOf({ workers, tasks, report }: Submission): [id: string, part: SlurmJob["part"]][] {
  const all = Array.from({ length: tasks }, (_, task): [string, "worker"] => [`${workers}_${task}`, "worker"]);
  return report === undefined ? all : [...all, [report, "report"]];
}

function jobsOf({ workers, report }: Submission): string {
  return [workers, report].filter((id) => id !== undefined).join(",");
}

async function askQueue(submission: Submission): Promise<Known | undefined> {
  const answer = await askSlurm(
    "squeue",
    ["-h", "-r", "-t", "all", "-j", jobsOf(submission), "-o", "%i|%T|%r|%N|%j"],
    withoutDefaults("SQUEUE_"),
  );
  if (answer === undefined) return undefined;
  // So it says where it has forgotten all of them. Any other failure says nothing about the jobs.
  if (answer.code !== 0 && !/Invalid job id/i.test(answer.stderr)) return undefined;
  const rows = answer.stdout.split("\n").map((line) => line.split("|"));
  return new Map(
    rows
      // A controller that lost its memory counts from 1 again: the id may be somebody else's now.
      .filter(([, , , , ...name]) => name.join("|") === submission.name)
      .map(([id = "", state = "", reason = "", node = ""]) => [
        id,
        { state, reason: orNull(reason), node: orNull(node) },
      ]),
  );
}

async function askAccounting(submission: Submission): Promise<Known> {
  const answer = await askSlurm(
    "sacct",
    ["-n", "-P", "-X", "-j", jobsOf(submission), "-o", "JobID,State,NodeList,JobName"],
    withoutDefaults("SACCT_"),
  );
  if (answer === undefined || answer.code !== 0) return new Map();
  return readAccounting(answer.stdout, submission.name);
}

/** What `sacct -n -P -X -o JobID,State,NodeList,JobName` prints. */
export function readAccounting(text: string, name: string): Known {
  const rows = text.split("\n").map((line) => line.split("|"));
  return new Map(
    rows
      .filter(([, , , ...rest]) => rest.join("|") === name)
      // `CANCELLED by 1000`
      .map(([id = "", state = "", node = ""]) => [
        id,
        { state: state.split(" ")[0] ?? null, reason: null, node: orNull(node) },
      ]),
  );
}

/** `None` and `None assigned` are no reason and no node. */
function orNull(text: string): string | null {
  return text === "" || text.startsWith("None") ? null : text;
}

/** A person's own defaults (SQUEUE_PARTITION) would hide jobs. */
function withoutDefaults(prefix: string): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith(prefix)));
}
