import { describe, expect, test } from "vitest";
import { WorkError } from "../../../src/base/errors.ts";
import {
  chooseRuntimeShape,
  type ModelFacts,
  onGpu,
  type ShapeRequest,
} from "../../../src/models/llama-cpp/runtime-shape.ts";

/** Qwen2-0.5B in BF16 with a cache in F16. */
const HALF_BILLION: ModelFacts = {
  fileBytes: 988e6,
  attentionHeads: 14,
  feedForwardSize: 4864,
  vocabularySize: 151_936,
  cacheBytesPerToken: 24 * 2 * 128 * 2,
  flashAttention: false,
};

const ROOMY: ShapeRequest = { contextTokens: 2048, memoryBytes: 64e9, processes: 1, models: 1 };

function shape(request: Partial<ShapeRequest>, speeds: Record<number, number> = {}, model: Partial<ModelFacts> = {}) {
  return chooseRuntimeShape(
    { ...HALF_BILLION, ...model },
    { ...ROOMY, ...request },
    Object.entries(speeds).map(([sequences, tokensPerSecond]) => ({ sequences: Number(sequences), tokensPerSecond })),
  );
}

describe("on a GPU", () => {
  test("what is free there decides, with the weights already loaded, and no other process has a share", () => {
    // 32768 tokens take 403 MB and 2.4 MB of logits and candidates.
    const asked = { ...ROOMY, contextTokens: 32_768, memoryBytes: 1e9, processes: 4, models: 4 };
    const speeds = [64, 128].map((sequences) => ({ sequences, tokensPerSecond: 100 * sequences }));
    const flash = { ...HALF_BILLION, flashAttention: true };
    expect(chooseRuntimeShape(flash, onGpu(asked, flash, 10e9), speeds).sequences).toBe(21);
    expect(chooseRuntimeShape(flash, onGpu(asked, flash, 100e9), speeds).sequences).toBe(128);
    expect(() => chooseRuntimeShape(flash, onGpu(asked, flash, 0.5e9), speeds)).toThrow(WorkError);
  });
});

describe("sequences", () => {
  test("are the least number that is about as fast as the fastest", () => {
    expect(shape({}, { 8: 60, 16: 110, 32: 112 }).sequences).toBe(16);
    expect(shape({}, { 8: 60, 16: 110, 32: 130 }).sequences).toBe(32);
    expect(shape({}, { 8: 108, 16: 110, 32: 105 }).sequences).toBe(8);
    expect(shape({}, { 8: 60, 16: 110, 32: 112 }).reasons[0]).toContain("8: 60, 16: 110, 32: 112");
  });

  test("are 16 if nothing was measured, and as many as asked for otherwise", () => {
    expect(shape({}).sequences).toBe(16);
    expect(shape({ sequences: 5 }, { 8: 60, 16: 110 }).sequences).toBe(5);
  });

  test("are as many as fit when each grows to its full length; the others wait", () => {
    // 32768 tokens take 403 MB; of 8 GB 988 MB are weights, 150 MB the process.
    const { sequences, reasons } = shape({ contextTokens: 32_768, memoryBytes: 8e9 }, { 16: 110 });
    expect(sequences).toBe(13);
    expect(reasons[0]).toMatch(/13 sequences: more of 32768 tokens \(\d+\.\d MB\) do not fit/);
    expect(shape({ contextTokens: 32_768, memoryBytes: 8e9, sequences: 64 }).sequences).toBe(13);
  });

  test("share the memory of the machine with other processes, and the weights are there once", () => {
    const one = shape({ contextTokens: 32_768, memoryBytes: 8e9, sequences: 64 }).sequences;
    const two = shape({ contextTokens: 32_768, memoryBytes: 8e9, sequences: 64, processes: 2 }).sequences;
    expect(two).toBeGreaterThan(one / 2 - 2);
    expect(two).toBeLessThanOrEqual(one / 2);
  });

  test("leave room for the weights of every model that is in memory", () => {
    const shared = shape({ contextTokens: 32_768, memoryBytes: 12e9, sequences: 64, processes: 4 });
    const own = shape({ contextTokens: 32_768, memoryBytes: 12e9, sequences: 64, processes: 4, models: 4 });
    expect([shared.sequences, own.sequences]).toEqual([4, 3]);
    expect(own.reasons[0]).toContain("beside 4 models of 988.0 MB for each of 4 processes");
  });

  test("are more with a quantised cache", () => {
    const f16 = shape({ contextTokens: 32_768, memoryBytes: 8e9, sequences: 64 });
    const q8 = { cacheBytesPerToken: (HALF_BILLION.cacheBytesPerToken / 2) * (34 / 32), flashAttention: true };
    expect(shape({ contextTokens: 32_768, memoryBytes: 8e9, sequences: 64 }, {}, q8).sequences).toBeGreaterThan(
      1.7 * f16.sequences,
    );
  });

  test("that do not fit at all are refused, with the numbers", () => {
    expect(() => shape({ contextTokens: 32_768, memoryBytes: 1.5e9 })).toThrow(WorkError);
    expect(() => shape({ contextTokens: 32_768, memoryBytes: 1.5e9 })).toThrow(/32768 tokens and a spare one \(8\d\d/);
  });
});

describe("batches of prompt tokens", () => {
  test("are as large as asked for", () => {
    expect(shape({ batchTokens: 96 })).toMatchObject({ batchTokens: 96, sequences: 16 });
    expect(shape({ batchTokens: 96 }).reasons[1]).toBe("prompts in batches of 96 tokens: as asked");
  });

  test("are smaller where the attention to a long context would take the memory of the sequences", () => {
    expect(shape({}).batchTokens).toBe(512);
    expect(shape({ contextTokens: 32_768, memoryBytes: 8e9 }).batchTokens).toBe(256);
    expect(shape({ contextTokens: 32_768, memoryBytes: 8e9 }, {}, { flashAttention: true }).batchTokens).toBe(512);
  });
});
