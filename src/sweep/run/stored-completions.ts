import { digestOf } from "../../base/digest.ts";
import { type AskedBenchmark, completionKey, taskKeys } from "../../eval/evaluate.ts";
import type { UnitResult } from "../../runs/schema.ts";
import type { UnitStore } from "../../runs/unit-store.ts";

/** Names what is asked: the same, and a unit that was done is done. */
export function askedDigest(benchmarks: readonly AskedBenchmark[]): string {
  return digestOf(benchmarks.map(({ name, attempts, samples }) => [name, attempts, samples.map(({ id }) => id)]));
}

/** What a finished unit's store has of what is asked. */
export interface StoredShare {
  /** Whether all of it is there. */
  readonly complete: boolean;
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
  if (result.asked === asked && result.samples_bytes === bytes) return { complete: true, lost: 0 };
  const { records, damaged } = await store.completions();
  const keys = new Set(records.map(completionKey));
  const lost = Math.max(0, result.attempts - keys.size);
  const complete = lost === 0 && damaged.length === 0 && [...taskKeys(benchmarks)].every((key) => keys.has(key));
  if (complete) await store.writeResult({ ...result, asked, samples_bytes: bytes });
  return { complete, lost };
}
