import { randomBytes } from "node:crypto";
import { link, open, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { systemCodeOf, WorkError } from "../../base/errors.ts";
import { writeFileAtomic } from "../../base/files/atomic-write.ts";
import { makeFolder } from "../../base/files/make-folder.ts";
import { type Holder, thisProcess } from "./holder.ts";
import { LEASES_FOLDER, listLeaseFolder, readHolder } from "./lease-files.ts";
import type { RunProgress } from "./progress.ts";
import { isFileLease, now, WorkerWatch } from "./worker-watch.ts";

/** A worker that is silent for so long has lost what it held, in seconds, if nothing else is said. */
export const DEFAULT_LEASE_SECONDS = 120;

/** Beats in the time of a lease: two may be late, and a third is in time. */
const BEATS_PER_LEASE = 4;

/** Between two tries for a lease that is held for a moment only, in milliseconds: at first, and at the most. */
const FIRST_RETRY = 50;
const LONGEST_RETRY = 2000;

/** This worker was silent for longer than its leases last: others have taken over. What it stored stays. */
export class LeasesLost extends WorkError {}

/** Who a worker is in its store. */
export type WorkerRole = Pick<Holder, "purpose" | "asked" | "lease_seconds">;

/** A worker's place among those of a store: its file, its heartbeat, and the leases that it holds. */
export class WorkerLeases {
  readonly worker: string;
  readonly #folder: string;
  readonly #watch: WorkerWatch;
  readonly #held = new Set<string>();
  #holder: Holder;
  #beats = 0;
  #lastBeat = now();
  #beating: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;

  private constructor(folder: string, holder: Holder) {
    this.worker = holder.worker;
    this.#folder = folder;
    this.#holder = holder;
    this.#watch = new WorkerWatch(folder, holder.worker);
  }

  /** Puts a worker's file into a store; the worker is not admitted yet. */
  static async enter(run: string, role: WorkerRole): Promise<WorkerLeases> {
    const worker = randomBytes(6).toString("hex");
    const holder: Holder = { worker, ...(await thisProcess()), ...role, admitted: "0", beat: beatText(0) };
    const folder = join(run, LEASES_FOLDER);
    const leases = new WorkerLeases(folder, holder);
    for (;;) {
      await makeFolder(folder);
      try {
        const file = await open(join(folder, `worker.${worker}`), "wx");
        try {
          await file.writeFile(contentOf(holder));
          await file.sync();
        } finally {
          await file.close();
        }
        break;
      } catch (error) {
        // The last worker has just gone, and the folder with it.
        if (systemCodeOf(error) !== "ENOENT") throw error;
      }
    }
    const milliseconds = (1000 * role.lease_seconds) / BEATS_PER_LEASE;
    // A beat that fails is found by `check`, before anything is written.
    leases.#timer = setInterval(() => void leases.#beat().catch(() => {}), milliseconds).unref();
    return leases;
  }

  get #file(): string {
    return join(this.#folder, `worker.${this.worker}`);
  }

  /** Says to all that this worker works by its role. */
  async admit(): Promise<void> {
    this.#holder = { ...this.#holder, admitted: "1" };
    await this.#beat();
  }

  /** The other workers that live, or may live; what the dead held is free then. */
  living(): Promise<Holder[]> {
    return this.#watch.living();
  }

  /** Names of all leases, this worker's as well. */
  async taken(): Promise<Set<string>> {
    const names = await listLeaseFolder(this.#folder);
    return new Set(names.filter((name) => name.startsWith(PREFIX)).map((name) => name.slice(PREFIX.length)));
  }

  /** Takes a lease. @returns false if somebody has it, this worker included */
  async claim(name: string): Promise<boolean> {
    if (this.#held.has(name)) return false;
    this.#held.add(name);
    let taken = false;
    try {
      await this.check();
      taken = await this.#link(name);
      return taken;
    } finally {
      if (!taken) this.#held.delete(name);
    }
  }

  async #link(name: string): Promise<boolean> {
    try {
      await link(this.#file, this.#path(name));
      return true;
    } catch (error) {
      if (systemCodeOf(error) === "ENOENT") throw this.#lost();
      // NFS may have done it, lost the answer, and asked again; sshfs does not say why a link that is there already was refused.
      const holder = await readHolder(this.#path(name));
      if (holder === undefined && systemCodeOf(error) !== "EEXIST") throw error;
      return holder?.worker === this.worker;
    }
  }

  async release(name: string): Promise<void> {
    if (!this.#held.has(name)) return;
    // What was taken over is another's.
    if (await this.#isStillHere()) await rm(this.#path(name), { force: true });
    this.#held.delete(name);
  }

  /** Who holds a lease. */
  holderOf(name: string): Promise<Holder | undefined> {
    return readHolder(this.#path(name));
  }

  /** Does something that only one worker of the store may do at a time, and that takes a moment. */
  async exclusively<Result>(name: string, action: () => Promise<Result>): Promise<Result> {
    for (let tries = 1; !(await this.claim(name)); tries++) {
      if (tries % LOOK_AFTER === 0) await this.living();
      // A thousand workers that begin at once are not to ask for it twenty times a second each.
      await wait(Math.min(LONGEST_RETRY, FIRST_RETRY * tries) * (0.5 + Math.random()));
    }
    try {
      return await action();
    } finally {
      await this.release(name);
    }
  }

  /** Makes sure that this worker has not been taken for dead. Costs nothing while its heart has beaten in time. */
  async check(): Promise<void> {
    if (now() - this.#lastBeat < this.#holder.lease_seconds / 2) return;
    await this.#beat();
  }

  async #isStillHere(): Promise<boolean> {
    try {
      await this.check();
      return true;
    } catch {
      return false;
    }
  }

  /** @throws LeasesLost if the worker's file is not there any more */
  #beat(): Promise<void> {
    this.#beating = this.#beating
      .catch(() => {})
      .then(async () => {
        // From when others may see it: if this process stalls in what follows, they have counted from then.
        const at = now();
        const holder = { ...this.#holder, beat: beatText(++this.#beats) };
        // Never makes the file anew: whoever found this worker dead has moved it away.
        const file = await open(this.#file, "r+").catch((error: unknown) => {
          throw systemCodeOf(error) === "ENOENT" ? this.#lost() : error;
        });
        try {
          await file.write(contentOf(holder), 0);
        } finally {
          await file.close();
        }
        this.#lastBeat = at;
      });
    return this.#beating;
  }

  #lost(): LeasesLost {
    const seconds = this.#holder.lease_seconds;
    return new LeasesLost(
      `This worker was silent for more than ${seconds} seconds, and others have taken its work over`,
      {
        hint: "Start it again. If the machine or its disk stalls for longer, give more with --lease-seconds.",
      },
    );
  }

  #path(name: string): string {
    return join(this.#folder, `${PREFIX}${name}`);
  }

  /** Says how far this worker is, for `status`. */
  async writeProgress(progress: RunProgress): Promise<void> {
    await writeFileAtomic(join(this.#folder, `progress.${this.worker}`), `${JSON.stringify(progress)}\n`);
  }

  /** Gives everything back. The folder goes with the last worker. */
  async leave(): Promise<void> {
    clearInterval(this.#timer);
    await this.#beating.catch(() => {});
    for (const name of this.#held) await this.release(name);
    await rm(join(this.#folder, `progress.${this.worker}`), { force: true });
    await rm(this.#file, { force: true });
    const names = await listLeaseFolder(this.#folder);
    if (names.some((name) => !isFileLease(name))) return;
    for (const name of names) await rm(join(this.#folder, name), { force: true });
    await rmdir(this.#folder).catch((error: unknown) => {
      if (!["ENOENT", "ENOTEMPTY", "EEXIST"].includes(systemCodeOf(error) ?? "")) throw error;
    });
  }
}

const PREFIX = "lease.";

/** Tries for a lease after which its holder is looked at. */
const LOOK_AFTER = 4;

function contentOf(holder: Holder): string {
  return `${JSON.stringify(holder)}\n`;
}

function beatText(count: number): string {
  return String(count).padStart(12, "0");
}
