import { stat } from "node:fs/promises";
import { expect, test } from "vitest";
import { readModelConfig } from "../../../src/checkpoints/config.ts";
import { openCheckpoint } from "../../../src/checkpoints/open-checkpoint.ts";
import { createLlamaCppRuntime } from "../../../src/models/llama-cpp/llama-cpp.ts";
import { chooseRuntimeShape, type ModelFacts } from "../../../src/models/llama-cpp/runtime-shape.ts";
import { chooseWorkers, modelFacts } from "../../../src/sweep/plan/choose-workers.ts";
import { scratchFolder } from "../../helpers/files/scratch-folder.ts";
import { pocketGguf } from "../../helpers/models/pocket-gguf.ts";

/** DeepSeek-R1-Distill-Qwen-1.5B in BF16 with a cache in F16. */
const BILLION_AND_A_HALF: ModelFacts = {
  fileBytes: 3.55e9,
  attentionHeads: 12,
  feedForwardSize: 8960,
  vocabularySize: 151_936,
  cacheBytesPerToken: 28 * 2 * 2 * 128 * 2,
  flashAttention: false,
};

function choose(cores: number, memoryBytes: number, contextTokens: number, points = 20) {
  const models = Array.from({ length: points }, () => BILLION_AND_A_HALF);
  return chooseWorkers({ models, contextTokens, cores, memoryBytes });
}

const folder = scratchFolder();

function sequenceSize(reasons: readonly string[] = []): string | undefined {
  return /more of (.*?\))/.exec(reasons[0] ?? "")?.[1];
}

test("a process a core, where each has memory for a model and sequences of its own", () => {
  expect(choose(2, 20e9, 4096)).toEqual({ workers: 2, why: "one per core" });
  expect(choose(8, 200e9, 32_768).workers).toBe(8);
});

test("fewer where memory is short, which is said", () => {
  const { workers, why } = choose(32, 51e9, 4096);
  expect(workers).toBe(11);
  expect(why).toBe("of 32 cores: more would not have memory for a model and 4 sequences of 4096 tokens each");
  expect(choose(8, 12.8e9, 8192).workers).toBe(2);
});

test("a few points have a few models in memory, however many processes work on them", () => {
  expect(choose(16, 20e9, 2048, 1).workers).toBeGreaterThan(choose(16, 20e9, 2048, 16).workers);
});

test("as many as have memory for one sequence, where no process has it for several; one, where there is none for that", () => {
  expect(choose(4, 7e9, 32_768)).toEqual({
    workers: 1,
    why: "of 4 cores: more would not have memory for a model and 1 sequence of 32768 tokens each",
  });
  expect(choose(4, 4e9, 32_768)).toEqual({ workers: 1, why: "memory is short" });
});

test("what a model takes is known before it is made, as the loaded model says it", async () => {
  const checkpoint = await openCheckpoint("checkpoints/pocket/len");
  const config = readModelConfig(checkpoint.config, checkpoint.path);
  await checkpoint.close();
  const path = await pocketGguf("len", folder);
  const { size } = await stat(path);
  const request = { contextTokens: 1024, sequences: 4096, memoryBytes: 200e6, processes: 1, models: 1 };
  const { reasons } = chooseRuntimeShape(modelFacts(config, {}, size), request);
  await using runtime = await createLlamaCppRuntime({ memoryBytes: request.memoryBytes });
  await using model = await runtime.load(path, request);
  expect(sequenceSize(model.reasons)).toBe(sequenceSize(reasons));
  expect(sequenceSize(reasons)).toMatch(/^1024 tokens \(.* MB\)$/);
});
