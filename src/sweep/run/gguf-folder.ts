import { access, constants, lstat, mkdir, readdir, rm, stat, statfs } from "node:fs/promises";
import { freemem, homedir } from "node:os";
import { join } from "node:path";
import { formatBytes } from "../../base/bytes.ts";
import { systemCodeOf, WorkError } from "../../base/errors.ts";
import { makeFolder } from "../../base/files/make-folder.ts";
import { isProcessAlive } from "../../base/process-alive.ts";
import { processPlace } from "../../base/process-place.ts";

/** A file system in memory, where Linux has one: loading from it costs no disk at all. */
const TMPFS = "/dev/shm";
/** A merged file may take at most this share of what is free in memory: the loaded model and its context need room too. */
const TMPFS_SHARE = 0.25;
/** What merged files may take in the cache folder on disk, in bytes, if the person says nothing. */
export const DEFAULT_CACHE_LIMIT = 50e9;

/** Where temporary merged files of all runs lie when they do not fit in memory: `MERGESWEEP_CACHE`, else ~/.cache/mergesweep. */
export function cacheRoot(): string {
  return process.env.MERGESWEEP_CACHE ?? join(homedir(), ".cache", "mergesweep");
}

/**
 * A folder with room for merged files of `bytes` each, `count` at a time: in memory if there is room, else the cache folder.
 * Files that killed processes left there are removed first.
 *
 * @throws WorkError if they fit nowhere
 */
export async function chooseGgufFolder(bytes: number, count: number, limit: number): Promise<string> {
  const needed = bytes * count;
  const inMemory = await tmpfsFolder();
  if (inMemory !== undefined) {
    await removeAbandoned(inMemory);
    if (needed <= Math.min((await freeBytes(TMPFS)) ?? 0, freemem()) * TMPFS_SHARE) return inMemory;
  }
  const folder = join(cacheRoot(), "gguf");
  await makeFolder(folder);
  await removeAbandoned(folder);
  const used = await folderBytes(folder);
  const left = Math.min((await freeBytes(folder)) ?? 0, limit - used);
  if (needed <= left) return folder;
  throw new WorkError(
    `Merged files need ${formatBytes(needed)} (${count} of ${formatBytes(bytes)}), but ${folder} has room for ${formatBytes(Math.max(0, left))}`,
    { hint: "Free some space, set MERGESWEEP_CACHE to a folder on a larger disk, or use fewer --workers." },
  );
}

/** The beginning of a temporary file's name: whose it is can be read off, so that a later run can tell that its maker is gone. */
export async function temporaryName(unit: string): Promise<string> {
  return `${process.pid}-${await processPlace()}-${unit}`;
}

async function removeAbandoned(folder: string): Promise<void> {
  const here = await processPlace();
  for (const name of await readdir(folder)) {
    // A home folder may be that of many machines: what another has made is left to it. Older versions did not say whose it is.
    const [, pid, place = here] = /^\.?(\d+)-(?:([0-9a-f]{16})-)?/.exec(name) ?? [];
    if (pid === undefined || place !== here || isProcessAlive(Number(pid))) continue;
    // In a cache folder of several users: what is another's stays until that one comes by.
    await rm(join(folder, name), { force: true, recursive: true }).catch(() => {});
  }
}

async function folderBytes(folder: string): Promise<number> {
  const sizes = (await readdir(folder)).map((name) =>
    stat(join(folder, name)).then(
      (entry) => entry.size,
      () => 0,
    ),
  );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

async function freeBytes(folder: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}

/**
 * This user's folder in memory, made if need be. Everybody may write to the place where it is: what another user has put
 * there under its name is not used.
 */
async function tmpfsFolder(): Promise<string | undefined> {
  const user = process.getuid?.();
  if (user === undefined || (await freeBytes(TMPFS)) === undefined) return undefined;
  const folder = join(TMPFS, `mergesweep-${user}`);
  try {
    await mkdir(folder, { mode: 0o700 }).catch((error: unknown) => {
      if (systemCodeOf(error) !== "EEXIST") throw error;
    });
    const found = await lstat(folder);
    if (!found.isDirectory() || found.uid !== user) return undefined;
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    return folder;
  } catch {
    return undefined;
  }
}
