import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/** What marks the root of a project. */
const MARKS = ["package.json", "datasets", "sweeps"];

/**
 * Where the relative paths in a file begin, before the working directory is tried: the nearest folder above the file that
 * holds a `sweeps` or `datasets` folder or a package.json; else the file's own folder.
 */
export function projectRootOf(path: string): string {
  const own = dirname(resolve(path));
  for (let folder = own; ; folder = dirname(folder)) {
    if (MARKS.some((name) => existsSync(join(folder, name)))) return folder;
    if (folder === dirname(folder)) return own;
  }
}
