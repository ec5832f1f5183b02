import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { readManifest } from "../../../src/runs/read-manifest.ts";
import { unitStore } from "../../../src/runs/run-store.ts";

/**
 * What the points of a run answered, a line a completion, sorted by benchmark, sample and attempt: everything that is stored
 * but for the time it took.
 */
export async function storedCompletions(run: string): Promise<Record<string, string[]>> {
  const { points } = await readManifest(run);
  const lines = points.map(async ({ name, unit }): Promise<[string, string[]]> => {
    const records = await unitStore(run, unit).samples();
    return [name, records.map((record) => JSON.stringify({ ...record, milliseconds: 0 })).toSorted()];
  });
  return Object.fromEntries(await Promise.all(lines));
}

/** How many whole lines a unit has stored so far; 0 before there is a file. */
export async function countStored(run: string, unit: string): Promise<number> {
  const text = await readFile(join(run, "units", unit, "samples.jsonl"), "utf8").catch(() => "");
  return text.split("\n").length - 1;
}
