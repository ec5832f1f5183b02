import type { NativeModel } from "./native/native-model.ts";
import type { ProbedSpeed } from "./runtime-shape.ts";

/** For all numbers of sequences together; a large model takes two steps of each all the same. */
const PROBE_SECONDS = 0.5;

/** A model whose steps take longer is not worth a probe: it would take longer than it gains. */
const MAX_STEP_SECONDS = 1;

/**
 * Measures how many tokens per second of CPU time a context decodes with different numbers of sequences. CPU time, because
 * another process that happens to be at work would decide otherwise.
 *
 * @returns none if a single step takes too long
 */
export async function probeSpeed(model: NativeModel, counts: readonly number[]): Promise<ProbedSpeed[]> {
  const measured: ProbedSpeed[] = [];
  const possible = counts.filter((count) => count <= model.sequences);
  for (const count of possible) {
    // The first pages the weights in, and is not counted.
    const first = await decode(model, count, 0);
    if (first > MAX_STEP_SECONDS) return [];
    let seconds = 0;
    let steps = 0;
    while (seconds < PROBE_SECONDS / possible.length - first || steps === 0) {
      seconds += await decode(model, count, ++steps);
    }
    measured.push({ sequences: count, tokensPerSecond: (count * steps) / seconds });
    for (let sequence = 0; sequence < count; sequence++) model.context.disposeSequence(sequence);
  }
  return measured;
}

/** One token for each of `count` sequences; returns the CPU seconds. */
async function decode({ context, contextTokens }: NativeModel, count: number, step: number): Promise<number> {
  const start = process.cpuUsage();
  const position = step % contextTokens;
  if (position === 0) for (let sequence = 0; sequence < count; sequence++) context.disposeSequence(sequence);
  context.initBatch(count);
  for (let sequence = 0; sequence < count; sequence++) {
    context.addToBatch(sequence, position, Uint32Array.of(sequence % 7), Uint32Array.of(0));
  }
  await context.decodeBatch();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
}
