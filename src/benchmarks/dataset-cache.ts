import { access } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { DATA_ENDINGS, type DataEnding } from "./read-rows.ts";
import type { BenchmarkFile } from "./schema.ts";

/** Where fetched data lies: `MERGESWEEP_CACHE`, or `~/.cache/mergesweep/datasets`. */
function datasetCacheFolder(): string {
  const folder = process.env.MERGESWEEP_CACHE;
  return folder === undefined || folder === "" ? join(homedir(), ".cache", "mergesweep", "datasets") : folder;
}

/** The name under which the data of a benchmark is cached: the digest that it declares, and the ending of its format. */
export function cachePath(sha256: string, ending: DataEnding): string {
  return join(datasetCacheFolder(), `${sha256}.${ending}`);
}

/** The cached data of a benchmark, in whatever format it was fetched; undefined if it was not. */
export async function cachedDataFile(declared: BenchmarkFile): Promise<string | undefined> {
  if (declared.sha256 === undefined) return undefined;
  for (const ending of DATA_ENDINGS) {
    const path = cachePath(declared.sha256, ending);
    const there = await access(path).then(
      () => true,
      () => false,
    );
    if (there) return path;
  }
  return undefined;
}
