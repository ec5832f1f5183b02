import { randomBytes } from "node:crypto";
import { link, readFile, rename, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { StoreError, systemCodeOf } from "../base/errors.ts";
import { isProcessAlive } from "../base/process-alive.ts";

const holderSchema = z.object({ pid: z.int(), host: z.string(), started: z.string() });
type Holder = z.infer<typeof holderSchema>;

export interface Lock {
  release(): Promise<void>;
}

/**
 * Takes a folder for this process. The lock file names its holder, so that one left by a killed process is recognised (its
 * pid is gone, or belongs to a process that started at another time) and taken over; a live one is refused.
 *
 * @throws StoreError if another live process, or a process on another machine, holds it
 */
export async function lockFolder(folder: string): Promise<Lock> {
  const path = join(folder, "lock");
  const mine: Holder = { pid: process.pid, host: hostname(), started: (await startTime(process.pid)) ?? "" };
  const content = JSON.stringify(mine);
  // link() makes the lock appear with its content already in it; a plain exclusive create would show an empty file first.
  const draft = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  await writeFile(draft, content);
  try {
    for (;;) {
      try {
        await link(draft, path);
        return { release: () => rm(path, { force: true }) };
      } catch (error) {
        if (systemCodeOf(error) !== "EEXIST") throw error;
        await removeIfAbandoned(path, folder);
      }
    }
  } finally {
    await rm(draft, { force: true });
  }
}

/** Who holds a folder, and whether that process is still there; undefined if nobody does. */
export async function readLock(folder: string): Promise<{ pid: number; host: string; alive: boolean } | undefined> {
  const text = await readFile(join(folder, "lock"), "utf8").catch(() => undefined);
  const holder = text === undefined ? undefined : parseHolder(text);
  return holder && { pid: holder.pid, host: holder.host, alive: await isAlive(holder) };
}

async function removeIfAbandoned(path: string, folder: string): Promise<void> {
  const text = await readFile(path, "utf8").catch(() => undefined);
  if (text === undefined) return;
  const holder = parseHolder(text);
  if (holder !== undefined && (await isAlive(holder))) {
    throw new StoreError(`${folder} is in use by process ${holder.pid} on ${holder.host}`, {
      hint:
        holder.host === hostname()
          ? "Wait until it ends, or stop it; its finished work is kept."
          : `If that process is gone, remove ${path}.`,
    });
  }
  // Renamed first: of two processes that find the same abandoned lock, only one can move that very file away.
  const aside = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return;
    throw error;
  }
  if ((await readFile(aside, "utf8")) !== text) await link(aside, path).catch(() => {});
  await rm(aside, { force: true });
}

function parseHolder(text: string): Holder | undefined {
  try {
    return holderSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

async function isAlive(holder: Holder): Promise<boolean> {
  if (holder.host !== hostname()) return true;
  if (!isProcessAlive(holder.pid)) return false;
  const started = await startTime(holder.pid);
  return started === undefined || started === holder.started;
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
