import { digestOf } from "../../base/digest.ts";
import { type AskedBenchmark, completionKey, taskKeys } from "../../eval/evaluate.ts";
import type { UnitIdentity, UnitResult } from "../../runs/schema.ts";
import type { UnitStore } from "../../runs/unit-store.ts";

/** Names what is asked: the same, and a unit that was done is done. */
export function askedDigest(benchmarks: readonly AskedBenchmark[]): string {
  return digestOf(benchmarks.map(({ name, attempts, samples }) => [name, attempts, samples.map(({ id }) => id)]));
}

/** What a finished unit's store has of what is asked. */
export interface StoredShare {
  /** Whether all of it is there. */
  readonly complete: boolean;
  /** Whether nothing has changed since the unit was done. */
  readonly unchanged: boolean;
  /** Completions that are there. */
  readonly attempts: number;
  /** Completions that were there when the unit was done, and are not any more. */
  readonly lost: number;
}

/**
 * Counts a finished unit's completions against what is asked. Where nothing has changed since the unit was done, its files
 * are not read.
 */
export async function storedShare(
  store: UnitStore,
  result: UnitResult,
  benchmarks: readonly AskedBenchmark[],
): Promise<StoredShare> {
  const asked = askedDigest(benchmarks);
  const bytes = await store.samplesBytes();
  if (result.asked === asked && result.samples_bytes === bytes) {
    return { complete: true, unchanged: true, attempts: result.attempts, lost: 0 };
  }
  const { records, damaged } = await store.completions();
  const keys = new Set(records.map(completionKey));
  const lost = Math.max(0, result.attempts - keys.size);
  const complete = lost === 0 && damaged.length === 0 && [...taskKeys(benchmarks)].every((key) => keys.has(key));
  return { complete, unchanged: false, attempts: keys.size, lost };
}

/** How many of a unit's completions each build of the runtime made; undefined if one made all. */
export function completionsByBuild(
  counts: ReadonlyMap<string, number>,
  identity: UnitIdentity | undefined,
): Record<string, number> | undefined {
  if (identity?.builds === undefined) return undefined;
  const totals: Record<string, number> = {};
  for (const [file, count] of counts) {
    const build = identity.builds[file] ?? String(identity.parts.runtime);
    totals[build] = (totals[build] ?? 0) + count;
  }
  return Object.keys(totals).length > 1 ? totals : undefined;
}
