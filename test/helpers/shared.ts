import { existsSync } from "node:fs";
import { join } from "node:path";

/** The project's root, from which the pocket checkpoints and sweeps are found. */
export const projectRoot: string = join(import.meta.dirname, "../..");

const sharedRoot = process.env.MERGESWEEP_SHARED ?? join(projectRoot, "../shared");

/**
 * A file or folder of the test vectors that are not part of the project (golden merges, grading cases, benchmark files), or
 * undefined where they are absent: the test then skips and says so.
 */
export function sharedPath(relative: string): string | undefined {
  const path = join(sharedRoot, relative);
  return existsSync(path) ? path : undefined;
}
