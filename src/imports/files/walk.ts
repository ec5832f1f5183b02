import { readdir, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { InputError, messageOf } from "../../base/errors.ts";

/** The endings of files that may hold results. */
const ENDINGS = new Set([".json", ".jsonl", ".eval", ".parquet", ".csv"]);

/** What lies under the paths of an import. */
export interface FoundFiles {
  /** Sorted; those that were named themselves and those in folders. */
  readonly files: readonly string[];
  /** Files that were named themselves: each must be one of results. */
  readonly named: ReadonlySet<string>;
  /** Files in folders whose ending says that they hold no results. */
  readonly others: readonly string[];
}

/** @throws InputError for a path that is not there */
export async function findResultFiles(paths: readonly string[]): Promise<FoundFiles> {
  const [files, named, others] = [new Set<string>(), new Set<string>(), new Set<string>()];
  for (const path of paths) {
    const status = await stat(path).catch((error: unknown) => {
      throw new InputError(`${path}: expected a file or a folder, found none: ${messageOf(error)}`, { cause: error });
    });
    if (!status.isDirectory()) {
      files.add(path);
      named.add(path);
      continue;
    }
    for (const entry of await readdir(path, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() && !entry.isSymbolicLink()) continue;
      const file = join(entry.parentPath, entry.name);
      (ENDINGS.has(extname(file).toLowerCase()) ? files : others).add(file);
    }
  }
  return { files: [...files].toSorted(byName), named, others: [...others].toSorted(byName) };
}

function byName(a: string, b: string): number {
  return a < b ? -1 : 1;
}
