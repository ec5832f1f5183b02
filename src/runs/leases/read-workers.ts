import { stat } from "node:fs/promises";
import { join } from "node:path";
import { processPlace } from "../../base/process-place.ts";
import { readStored } from "../stored-files.ts";
import { type Holder, isGone } from "./holder.ts";
import { findWorkers, LEASES_FOLDER, listLeaseFolder, readHolder } from "./lease-files.ts";
import { progressSchema, type RunProgress } from "./progress.ts";

/** A worker as somebody sees it who looks once, and cannot wait for its next beat. */
export interface WorkerState extends Pick<Holder, "worker" | "host" | "pid" | "job" | "purpose"> {
  /**
   * `alive` and `gone` are certain: its process is on this machine. Of others it is `heard` of, or `silent` for longer than its
   * leases last, by the time of its file: as well as the clocks agree.
   */
  readonly state: "alive" | "gone" | "heard" | "silent";
  /** Since its last beat, by the time of its file. */
  readonly seconds_since_beat: number;
  /** What it holds. */
  readonly leases: readonly string[];
  /** As it last said; null if it has not said anything, or is not there any more. */
  readonly progress: RunProgress | null;
}

/** Who works on a run, dead or alive. Nothing is written. */
export async function readWorkers(run: string): Promise<WorkerState[]> {
  const folder = join(run, LEASES_FOLDER);
  const names = await listLeaseFolder(folder);
  const leases = new Map<string, string[]>();
  await Promise.all(
    names.map(async (name) => {
      if (!name.startsWith("lease.")) return;
      const worker = (await readHolder(join(folder, name)))?.worker;
      if (worker !== undefined) leases.set(worker, [...(leases.get(worker) ?? []), name.slice("lease.".length)]);
    }),
  );
  const place = await processPlace();
  const found = (await findWorkers(folder, names)).map(async ({ worker, dead, holder }): Promise<WorkerState[]> => {
    if (holder === undefined || holder.admitted === "0") return [];
    const file = await stat(join(folder, `${dead ? "dead" : "worker"}.${worker}`)).catch(() => undefined);
    if (file === undefined) return [];
    const seconds = Math.max(0, (Date.now() - file.mtimeMs) / 1000);
    const gone = dead || (await isGone(holder));
    const elsewhere = seconds > holder.lease_seconds ? "silent" : "heard";
    const state = gone ? "gone" : holder.place === place ? "alive" : elsewhere;
    const progress =
      state === "alive" || state === "heard"
        ? await readStored(progressSchema, join(folder, `progress.${worker}`))
        : undefined;
    const { host, pid, job, purpose } = holder;
    return [
      {
        worker,
        host,
        pid,
        job,
        purpose,
        state,
        seconds_since_beat: Math.round(seconds),
        leases: (leases.get(worker) ?? []).toSorted(),
        progress: progress ?? null,
      },
    ];
  });
  return (await Promise.all(found)).flat().toSorted((a, b) => (a.worker < b.worker ? -1 : 1));
}

/** What the workers of a run last said of their progress, whether they are still there or were killed. */
export async function readLastProgress(run: string): Promise<RunProgress[]> {
  const folder = join(run, LEASES_FOLDER);
  const names = (await listLeaseFolder(folder)).filter((name) => /^progress\.\w+$/.test(name));
  const found = await Promise.all(names.map((name) => readStored(progressSchema, join(folder, name))));
  return found.filter((one) => one !== undefined);
}

/**
 * How long all workers of a run together will take.
 *
 * @param left completions that are not there
 * @returns seconds; null where nothing is known
 */
export function secondsLeft(workers: readonly WorkerState[], left: number): number | null {
  const progress = workers.flatMap((worker) => worker.progress ?? []);
  const speed = progress.reduce((sum, { tokens_per_second }) => sum + tokens_per_second, 0);
  // Each expects the rest to have the lengths that it has seen: of the one that knows of most, scaled to what is left.
  const [best] = progress
    .filter((one) => one.seconds_left !== null && one.samples_done < one.samples_total)
    .toSorted((a, b) => b.samples_done - a.samples_done);
  if (left === 0) return workers.length === 0 ? null : 0;
  if (best === undefined || best.seconds_left === null || speed === 0) return null;
  const tokens = best.seconds_left * best.tokens_per_second;
  return (tokens * left) / (best.samples_total - best.samples_done) / speed;
}
