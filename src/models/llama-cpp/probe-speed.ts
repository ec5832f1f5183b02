import type { NativeModel } from "./native/native-model.ts";
import type { ProbedSpeed } from "./runtime-shape.ts";

/** For all numbers of sequences together; a large model takes two steps of each all the same. */
const PROBE_SECONDS = 0.5;

/** A model whose steps take longer is not worth a probe: it would take longer than it gains. */
const MAX_STEP_SECONDS = 1;

/** Seconds that have passed, from any beginning. */
export type Clock = () => number;

/** What tells of a CPU: another process that happens to be at work would decide otherwise. */
export const cpuClock: Clock = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

/** What tells of a GPU: this process waits for it. */
export const wallClock: Clock = () => performance.now() / 1000;

/**
 * Measures how many tokens per second a context decodes with different numbers of sequences.
 *
 * @returns none if a single step takes too long
 */
export async function probeSpeed(model: NativeModel, counts: readonly number[], clock: Clock): Promise<ProbedSpeed[]> {
  const measured: ProbedSpeed[] = [];
  const possible = counts.filter((count) => count <= model.sequences);
  for (const count of possible) {
    // The first pages the weights in, and is not counted.
    const first = await decode(model, count, { step: 0, clock });
    if (first > MAX_STEP_SECONDS) return [];
    let seconds = 0;
    let steps = 0;
    while (seconds < PROBE_SECONDS / possible.length - first || steps === 0) {
      seconds += await decode(model, count, { step: ++steps, clock });
    }
    measured.push({ sequences: count, tokensPerSecond: (count * steps) / seconds });
    for (let sequence = 0; sequence < count; sequence++) model.context.disposeSequence(sequence);
  }
  return measured;
}

/** One token for each of `count` sequences; returns the seconds. */
async function decode(
  { context, contextTokens }: NativeModel,
  count: number,
  { step, clock }: { readonly step: number; readonly clock: Clock },
): Promise<number> {
  const start = clock();
  const position = step % contextTokens;
  if (position === 0) for (let sequence = 0; sequence < count; sequence++) context.disposeSequence(sequence);
  context.initBatch(count);
  for (let sequence = 0; sequence < count; sequence++) {
    context.addToBatch(sequence, position, Uint32Array.of(sequence % 7), Uint32Array.of(0));
  }
  await context.decodeBatch();
  return clock() - start;
}
