import { createHash, randomBytes } from "node:crypto";
import { readdir, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { systemCodeOf } from "../errors.ts";
import { isProcessAlive } from "../process-alive.ts";

/** Of another machine that writes to the same disk, nobody here can tell whether its process still runs. */
const HOST = createHash("sha256").update(hostname()).digest("hex").slice(0, 8);

/** Where what is to be `path` stands until it is whole: beside it, under a name that says which process makes it. */
export function temporaryPath(path: string): string {
  return `${path}.${process.pid}.${HOST}${randomBytes(4).toString("hex")}.tmp`;
}

/** The same for a folder, hidden from whoever lists the one that it is in. */
export function temporaryFolder(path: string): string {
  return temporaryPath(hidden(path));
}

/** Removes what processes of this machine have left of `path` that were killed while they made it. */
export async function removeAbandoned(path: string): Promise<void> {
  const folder = dirname(path);
  const names = await readdir(folder).catch((error: unknown) => {
    if (["ENOENT", "ENOTDIR"].includes(systemCodeOf(error) ?? "")) return [];
    throw error;
  });
  const starts = [`${basename(path)}.`, `${basename(hidden(path))}.`];
  for (const name of names) {
    const start = starts.find((known) => name.startsWith(known));
    const [, pid, host] = /^(\d+)\.([0-9a-f]{8})[0-9a-f]{8}\.tmp$/.exec(name.slice(start?.length)) ?? [];
    if (start === undefined || host !== HOST || isProcessAlive(Number(pid))) continue;
    await rm(join(folder, name), { recursive: true, force: true });
  }
}

function hidden(path: string): string {
  return join(dirname(path), `.${basename(path)}`);
}
