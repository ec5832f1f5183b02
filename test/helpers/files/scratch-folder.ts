import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const made: string[] = [];

/**
 * A new, empty folder. It goes with all that is in it at the end of the test that asks for it (in its `beforeEach`, too); asked
 * for outside of a test, at the end of the test file.
 */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "scratch-"));
  made.push(folder);
  return folder;
}

/** How many folders there are. */
export function countScratchFolders(): number {
  return made.length;
}

/** Removes all folders but the first ones. */
export function removeScratchFolders(first: number): void {
  for (const folder of made.splice(first))
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}
