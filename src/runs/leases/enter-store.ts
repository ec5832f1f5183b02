import { readFile, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { StoreError } from "../../base/errors.ts";
import { processPlace } from "../../base/process-place.ts";
import { type Holder, hasEnded } from "./holder.ts";
import { DEFAULT_LEASE_SECONDS, WorkerLeases } from "./worker-leases.ts";

/** The lease on the store itself: held for a moment by whoever enters, and all the time by whoever needs it alone. */
const STORE = "store";

const POLL_MILLISECONDS = 100;

/** What else a worker needs to enter. */
interface EnterOptions {
  readonly leaseSeconds?: number | undefined;
  /** Told once when a worker has to be waited for that may be dead. */
  readonly onWait?: ((message: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Enters a store as a worker.
 *
 * @param asked names what is asked of every unit; others that ask the same are welcome
 * @param prepare done while no one else enters: brings the store to the state that this worker works on
 * @throws StoreError if a living process asks something else there, or has the store for itself
 */
export async function enterAsWorker<Result>(
  run: string,
  asked: string,
  prepare: (leases: WorkerLeases, alone: boolean) => Promise<Result>,
  options: EnterOptions = {},
): Promise<{ readonly leases: WorkerLeases; readonly prepared: Result }> {
  return await enter(run, { purpose: "worker", asked }, options, async (leases) => {
    await settled(run, leases, (other) => other.asked !== asked, options);
    const alone = (await leases.living()).every(({ admitted }) => admitted === "0");
    const prepared = await prepare(leases, alone);
    await leases.admit();
    await leases.release(STORE);
    return { leases, prepared };
  });
}

/**
 * Has a store for this process alone, until it leaves.
 *
 * @param purpose such as `score`
 * @throws StoreError if another process works on it
 */
export async function enterAlone(run: string, purpose: string, options: EnterOptions = {}): Promise<WorkerLeases> {
  return await enter(run, { purpose, asked: "" }, options, async (leases) => {
    await settled(run, leases, () => true, options);
    await leases.admit();
    return leases;
  });
}

async function enter<Result>(
  run: string,
  role: Pick<Holder, "purpose" | "asked">,
  { leaseSeconds = DEFAULT_LEASE_SECONDS, signal }: EnterOptions,
  action: (leases: WorkerLeases) => Promise<Result>,
): Promise<Result> {
  await removeOldLock(run);
  const leases = await WorkerLeases.enter(run, { ...role, lease_seconds: leaseSeconds });
  try {
    while (!(await leases.claim(STORE))) {
      signal?.throwIfAborted();
      const holder = await leases.holderOf(STORE);
      const living = await leases.living();
      const alive = living.find(({ worker }) => worker === holder?.worker);
      if (alive !== undefined && alive.purpose !== "worker") throw inUse(run, alive);
      await wait(POLL_MILLISECONDS * (0.5 + Math.random()));
    }
    return await action(leases);
  } catch (error) {
    await leases.leave();
    throw error;
  }
}

/** Waits until every worker that is in the way has shown that it lives, which is an error, or is dead. */
async function settled(
  run: string,
  leases: WorkerLeases,
  isInTheWay: (other: Holder) => boolean,
  { onWait, signal }: EnterOptions,
): Promise<void> {
  const place = await processPlace();
  const beats = new Map<string, string>();
  for (let looks = 0; ; looks++) {
    signal?.throwIfAborted();
    const others = (await leases.living()).filter((other) => other.admitted === "1" && isInTheWay(other));
    const [first] = others;
    if (first === undefined) return;
    const alive = others.find(({ worker, place: its, beat }) => its === place || (beats.get(worker) ?? beat) !== beat);
    if (alive !== undefined) throw inUse(run, alive);
    for (const { worker, beat } of others) beats.set(worker, beat);
    if (looks === 0) {
      const { pid, host, lease_seconds: seconds } = first;
      onWait?.(`Waiting for up to ${seconds} s to see whether process ${pid} on ${host} still works on ${run}`);
    }
    await wait(10 * POLL_MILLISECONDS);
  }
}

function inUse(run: string, { pid, host, purpose }: Holder): StoreError {
  const what = purpose === "worker" ? "with another plan or another use" : `for ${purpose}`;
  return new StoreError(`${run} is in use by process ${pid} on ${host}, ${what}`, {
    hint: "Wait until it ends, or stop it; its finished work is kept.",
  });
}

/**
 * An older mergesweep held a store alone, and said so in a file. The file of a dead one is removed.
 *
 * @throws StoreError if that process lives, or is another machine's
 */
async function removeOldLock(run: string): Promise<void> {
  const path = join(run, "lock");
  const text = await readFile(path, "utf8").catch(() => undefined);
  if (text === undefined) return;
  const [, pid, host, started = ""] = /^\{"pid":(\d+),"host":"([^"]*)","started":"(\d*)"/.exec(text) ?? [];
  if (pid !== undefined && (host !== hostname() || !(await hasEnded(Number(pid), started)))) {
    throw new StoreError(`${run} is in use by process ${pid} on ${host}, of an older mergesweep`, {
      hint: `Wait until it ends, or stop it; its finished work is kept. If it is gone, remove ${path}.`,
    });
  }
  await rm(path, { force: true });
}
