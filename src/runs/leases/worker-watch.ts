import { link, rename, rm } from "node:fs/promises";
import { uptime } from "node:os";
import { join } from "node:path";
import { systemCodeOf } from "../../base/errors.ts";
import { type Holder, isGone } from "./holder.ts";
import { type FoundWorker, findWorkers, listLeaseFolder, readHolder } from "./lease-files.ts";

/** Seconds of a clock that also goes on while the machine sleeps. */
export const now = (): number => uptime();

/**
 * Tells the living workers of a store from the dead, and takes back what the dead held. Clocks of hosts differ: a worker is taken
 * for dead whose beat has not changed for its `lease_seconds` by the clock of whoever watches it, or whose process is gone where
 * that can be seen.
 */
export class WorkerWatch {
  readonly #folder: string;
  readonly #self: string;
  readonly #seen = new Map<string, { readonly beat: string; readonly since: number }>();

  /** @param self the worker that watches */
  constructor(folder: string, self: string) {
    this.#folder = folder;
    this.#self = self;
  }

  /** Looks once. The dead are buried; @returns the others that live, or may live */
  async living(): Promise<Holder[]> {
    const names = await listLeaseFolder(this.#folder);
    const living: Holder[] = [];
    for (const found of await findWorkers(this.#folder, names)) {
      if (found.worker === this.#self) continue;
      const death = await this.#deathOf(found);
      if (death !== undefined && (await this.#bury(found, death))) continue;
      if (found.holder !== undefined) living.push(found.holder);
    }
    return living;
  }

  /** How certain a worker is dead; undefined if it may live. */
  async #deathOf({ worker, dead, holder }: FoundWorker): Promise<"gone" | "silent" | undefined> {
    if (dead) return holder !== undefined && (await isGone(holder)) ? "gone" : "silent";
    if (holder === undefined) return undefined;
    if (await isGone(holder)) return "gone";
    const before = this.#seen.get(worker);
    if (before?.beat !== holder.beat) {
      this.#seen.set(worker, { beat: holder.beat, since: now() });
      return undefined;
    }
    return now() - before.since >= holder.lease_seconds ? "silent" : undefined;
  }

  /**
   * Takes back what a dead worker held: one watcher at a time, and never from a worker that beats again. The leases on completion
   * files of one that is only silent stay: should it ever wake within a write, nobody else has its file.
   *
   * @returns whether it is out of the way
   */
  async #bury({ worker, dead, holder }: FoundWorker, death: "gone" | "silent"): Promise<boolean> {
    const [alive, grave] = [join(this.#folder, `worker.${worker}`), join(this.#folder, `dead.${worker}`)];
    const burial = join(this.#folder, `lease.burial:${worker}`);
    try {
      await link(join(this.#folder, `worker.${this.#self}`), burial);
    } catch (error) {
      // Another buries it; or this worker itself was found dead, which it notices before it writes.
      if (["EEXIST", "ENOENT"].includes(systemCodeOf(error) ?? "")) return false;
      throw error;
    }
    try {
      if (!dead) {
        if (!(await moveIfThere(alive, grave))) return true;
        const moved = await readHolder(grave);
        if (death === "silent" && moved?.beat !== holder?.beat) {
          await rename(grave, alive);
          return false;
        }
      }
      for (const name of await listLeaseFolder(this.#folder)) {
        // A note of progress may have been cut off while it was written.
        if (name.startsWith(`progress.${worker}`)) await rm(join(this.#folder, name), { force: true });
        if (!name.startsWith("lease.") || (death === "silent" && isFileLease(name))) continue;
        const path = join(this.#folder, name);
        if ((await readHolder(path))?.worker === worker) await rm(path, { force: true });
      }
      await rm(grave, { force: true });
      return true;
    } finally {
      await rm(burial, { force: true });
    }
  }
}

/** Whether a lease is one on a file of completions. */
export function isFileLease(name: string): boolean {
  return /:file-\d+$/.test(name);
}

async function moveIfThere(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return false;
    throw error;
  }
}
