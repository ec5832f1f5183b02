import { readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { countOf } from "../base/count-of.ts";
import { MergesweepError, systemCodeOf } from "../base/errors.ts";
import { DAMAGED_FILE, mendCompletions } from "./completions/completion-files.ts";
import { enterAlone } from "./leases/enter-store.ts";
import { readManifest } from "./read-manifest.ts";
import { unitStore } from "./run-store.ts";
import type { PlannedPoint } from "./schema.ts";

/** What was wrong with a point's store, and what was done about it. */
export interface Recovered {
  readonly point: string;
  readonly what: string;
}

/**
 * Finds and mends what can be mended in a run store: damaged lines and answers that contradict one another are set aside, and
 * points that lack completions count as unfinished again, so that the next run asks for them. Good completions stay, and
 * nothing is thrown away.
 *
 * @throws StoreError if the folder is no run store, or is being worked on
 */
export async function recoverRun(folder: string): Promise<Recovered[]> {
  const manifest = await readManifest(folder);
  const leases = await enterAlone(folder, "recover");
  try {
    const found: Recovered[] = [];
    for (const point of manifest.points) found.push(...(await recoverUnit(folder, point)));
    // After all others: a twin depends on the point that answered for it.
    for (const point of manifest.points) found.push(...(await recoverTwin(folder, point)));
    return found;
  } finally {
    await leases.leave();
  }
}

async function recoverUnit(run: string, { name, unit }: PlannedPoint): Promise<Recovered[]> {
  const folder = join(run, "units", unit);
  const store = unitStore(run, unit);
  const found: Recovered[] = [];
  const say = (what: string): void => void found.push({ point: name, what });
  for (const file of await filesIn(folder)) {
    if (file.endsWith(".tmp")) await rm(join(folder, file), { force: true });
  }
  if (!(await isReadable(() => store.identity()))) {
    const aside = await store.setAside();
    say(
      `identity.json is damaged: what the completions were made from is unknown. All of the point was moved to ${aside}`,
    );
    return found;
  }
  const lines = await mendCompletions(folder, await store.completionFiles(), { twoTexts: true });
  if (lines.length > 0) say(`${countOf(lines.length, "line")} set aside in ${join(folder, DAMAGED_FILE)}`);
  for (const [file, read] of [
    ["result.json", () => store.result()],
    ["failure.json", () => store.failure()],
    ["scores.jsonl", () => store.scores()],
  ] as const) {
    if (await isReadable(read)) continue;
    await rename(join(folder, file), join(folder, `${file}.damaged`));
    say(`${file} was damaged and is ${file}.damaged now; it is made again from the completions`);
  }
  const result = await store.result();
  const { records, differing } = await store.completions();
  if (differing > 0) {
    say(
      `${countOf(differing, "attempt is", "attempts are")} answered otherwise in another file; the first file by name counts`,
    );
  }
  const count = records.length;
  if (result?.same_as === null && count < result.attempts) {
    await store.removeResult();
    say(`${count} of ${countOf(result.attempts, "completion")} are there: the point counts as unfinished`);
  }
  return found;
}

async function recoverTwin(run: string, { name, unit }: PlannedPoint): Promise<Recovered[]> {
  const store = unitStore(run, unit);
  const owner = (await store.result())?.same_as ?? null;
  if (owner === null || (await unitStore(run, owner).result()) !== undefined) return [];
  await store.removeResult();
  return [{ point: name, what: `the point with the same weights (${owner}) is unfinished, and so is this one` }];
}

async function isReadable(read: () => Promise<unknown>): Promise<boolean> {
  try {
    await read();
    return true;
  } catch (error) {
    if (error instanceof MergesweepError) return false;
    throw error;
  }
}

async function filesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return [];
    throw error;
  }
}
