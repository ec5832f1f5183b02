import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { sha256 } from "../../base/digest.ts";
import { systemCodeOf } from "../../base/errors.ts";
import { type Holder, holderSchema } from "./holder.ts";

/**
 * The folder of a run store in which its workers say who they are and what they hold:
 *
 *   leases/worker.<worker>     a Holder; its worker alone writes it
 *   leases/dead.<worker>       the same file after its worker was found dead, until its leases are taken back
 *   leases/progress.<worker>   RunProgress
 *   leases/lease.<what>        a lease: a hard link to the file of the worker that holds it
 *
 * A lease is taken by link(2), which makes a name or fails, as one operation on the server of every NFS since version 2, on
 * Lustre and on GPFS; that the new name is a link to the worker's file makes its holder, and whether that still beats, readable
 * from the lease itself. O_EXCL would need a second write for that, and is not exclusive on NFS version 2; mkdir has no content.
 * All names are in one folder: some file systems link within a folder only.
 */
export const LEASES_FOLDER = "leases";

const WORKER = /^(worker|dead)\.(.+)$/;

/** A worker that has a file. */
export interface FoundWorker {
  readonly worker: string;
  /** Whether it was found dead before, by somebody who has not taken back all of its leases. */
  readonly dead: boolean;
  /** Undefined where the file cannot be read as one, or is just gone. */
  readonly holder: Holder | undefined;
}

/** The name of a lease on a part of a unit. */
export function unitLease(unit: string, part: string): string {
  return `${unitLeasePrefix(unit)}${part}`;
}

/** The lease under which a unit's scores and result are written, by whoever finds all of its completions there. */
export function finishLease(unit: string): string {
  return unitLease(unit, "finish");
}

/** What all leases on parts of a unit begin with. File systems have names of up to 255 bytes. */
export function unitLeasePrefix(unit: string): string {
  return `${Buffer.byteLength(unit) <= 180 ? unit : sha256(unit)}:`;
}

export async function listLeaseFolder(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return [];
    throw error;
  }
}

export async function readHolder(path: string): Promise<Holder | undefined> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    if (["ENOENT", "ESTALE"].includes(systemCodeOf(error) ?? "")) return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  try {
    return holderSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** The workers among the names in a lease folder. */
export async function findWorkers(folder: string, names: readonly string[]): Promise<FoundWorker[]> {
  const found = names.map(async (name): Promise<FoundWorker[]> => {
    const [, kind, worker] = WORKER.exec(name) ?? [];
    if (worker === undefined) return [];
    return [{ worker, dead: kind === "dead", holder: await readHolder(join(folder, name)) }];
  });
  return (await Promise.all(found)).flat();
}
