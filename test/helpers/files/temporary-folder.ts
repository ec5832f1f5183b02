import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Begins the name of the folder that a run of the tests has. */
export const SUITE = "mergesweep-tests-";

/**
 * Gives a run of the tests a temporary folder of its own, which goes with all that is left in it when they end: also what
 * processes leave that are killed in the middle.
 */
export async function setup(): Promise<(() => Promise<void>) | undefined> {
  // The second project of the same run: it has the first one's.
  if (tmpdir().includes(SUITE)) return undefined;
  const folder = await mkdtemp(join(tmpdir(), SUITE));
  // As the system's own: there are tests of processes of other users.
  await chmod(folder, 0o1777);
  process.env.TMPDIR = folder;
  return () => rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}
