import { ONE_THREAD } from "../../src/models/llama-cpp/child-protocol.ts";
import { type NativeModel, startNativeEngine } from "../../src/models/llama-cpp/native/native-model.ts";
import { Samplers } from "../../src/models/llama-cpp/samplers.ts";
import { createTokenPicker } from "../../src/models/llama-cpp/token-picker.ts";
import type { Sampling } from "../../src/models/sampling.ts";
import { GREEDY } from "../../test/helpers/models/greedy.ts";
import { vocabularyModel } from "./bench-models.ts";
import { PUBLISHED } from "./evaluator.ts";

/** Rows of logits that are picked from, as for so many sequences side by side. */
const ROWS = 16;

const SETTINGS: Record<string, Partial<Sampling>> = {
  greedy: {},
  "temperature 0.8, top_p 0.9": PUBLISHED,
  "temperature 1": { temperature: 1 },
  "temperature 0.6, top_p 0.95, top_k 20": { temperature: 0.6, topP: 0.95, topK: 20 },
};

/** Sharpnesses of the model, and what they stand for. */
const KINDS = { 75: "peaked, as trained models are", 1: "flat" } as const;

/** Prints what picking one token of 151,936 costs, of CPU time, once the logits are there. */
export async function benchPicking(rounds: number): Promise<void> {
  process.stdout.write(`Picking a token of 151,936: microseconds of CPU, native code and threads included\n`);
  Object.assign(process.env, ONE_THREAD);
  const engine = await startNativeEngine({ gpu: false, kvType: "f16", flashAttention: undefined, api: "internal" });
  for (const [sharpness, kind] of Object.entries(KINDS)) {
    const { path } = await vocabularyModel(Number(sharpness));
    const weights = await engine.loadWeights(path);
    const model = await weights.openContext({ contextTokens: 256, sequences: ROWS + 1, batchTokens: 64 });
    const logits = await decodeRows(model);
    for (const [name, settings] of Object.entries(SETTINGS)) {
      const times = await pickTimes(model, logits, settings, rounds);
      process.stdout.write(`  ${kind.padEnd(32)}${name.padEnd(40)}${times.toFixed(0).padStart(6)}\n`);
    }
    await model.dispose();
    await weights.dispose();
  }
}

/** One token in each sequence; returns the handles of the logits after them. */
async function decodeRows({ context }: NativeModel): Promise<number[]> {
  context.initBatch(ROWS);
  const one = Uint32Array.of(0);
  const handles = Array.from(
    { length: ROWS },
    (_, row) => context.addToBatch(row, 0, Uint32Array.of(row + 1), one)[0] ?? 0,
  );
  await context.decodeBatch();
  return handles;
}

/** @returns microseconds of CPU time a token, the least of the rounds */
async function pickTimes(
  model: NativeModel,
  logits: readonly number[],
  settings: Partial<Sampling>,
  rounds: number,
): Promise<number> {
  const samplers = new Samplers(model);
  const pickers = logits.map((_, seed) =>
    createTokenPicker(model, samplers, { ...GREEDY, ...settings, seed }, Uint32Array.of(1)),
  );
  const steps = 20;
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round <= rounds; round++) {
    const before = process.cpuUsage();
    for (let step = 0; step < steps; step++) {
      await Promise.all(pickers.map((picker, row) => picker.pick(logits[row] ?? 0)));
    }
    const { user, system } = process.cpuUsage(before);
    // The first makes the native code's buffers.
    if (round > 0) least = Math.min(least, (user + system) / (steps * pickers.length));
  }
  for (const picker of pickers) picker.dispose();
  samplers.dispose();
  return least;
}
