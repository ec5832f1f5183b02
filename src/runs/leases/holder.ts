import { readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { z } from "zod";
import { isProcessAlive } from "../../base/process-alive.ts";
import { processPlace } from "../../base/process-place.ts";

/**
 * Who works on a store, as its file says it. The file is written again in place with every beat, so its length never changes:
 * numbers that do are digits of a fixed count.
 */
export const holderSchema = z.object({
  /** The worker's name in this store. */
  worker: z.string(),
  host: z.string(),
  /** Where a process id means this process: a boot of a kernel, and its namespace of processes. */
  place: z.string(),
  pid: z.int(),
  /** When the process began, in ticks of that kernel; empty where that cannot be read. */
  started: z.string(),
  /** The job of a batch system that it belongs to; empty outside of one. */
  job: z.string(),
  /** `worker`, or what needs the store for itself: `score`, `recover`, `import`. */
  purpose: z.string(),
  /** What is asked of every unit, as a digest: workers that ask something else do not share a store. */
  asked: z.string(),
  /** Silent for so long, and it has lost its leases. */
  lease_seconds: z.number().positive(),
  /** 0 while it waits to be let in. */
  admitted: z.enum(["0", "1"]),
  /** Counts on for as long as the worker is there. */
  beat: z.string(),
});
export type Holder = z.infer<typeof holderSchema>;

/** What names this process among all that see the same folder. */
export async function thisProcess(): Promise<Pick<Holder, "host" | "place" | "pid" | "started" | "job">> {
  const { env } = process;
  const array = env.SLURM_ARRAY_JOB_ID;
  const job = array === undefined ? (env.SLURM_JOB_ID ?? "") : `${array}_${env.SLURM_ARRAY_TASK_ID ?? ""}`;
  return {
    host: hostname(),
    place: await processPlace(),
    pid: process.pid,
    started: (await startTime(process.pid)) ?? "",
    job,
  };
}

/** Whether a process is gone for certain. Of another machine, or of another namespace of processes, nobody can tell. */
export async function isGone({ place, pid, started }: Pick<Holder, "place" | "pid" | "started">): Promise<boolean> {
  return place === (await processPlace()) && (await hasEnded(pid, started));
}

/** The same for a process whose id means the same here. */
export async function hasEnded(pid: number, started: string): Promise<boolean> {
  if (!isProcessAlive(pid)) return true;
  const now = await startTime(pid);
  return now !== undefined && now !== started;
}

/** When a process started, in clock ticks since boot: tells a process from a later one with the same pid. Linux only. */
async function startTime(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  // The second field is the command in brackets and may contain spaces; the start time is the 22nd.
  return stat
    ?.slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .at(19);
}
