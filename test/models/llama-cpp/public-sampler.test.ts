import { describe, expect, test } from "vitest";
import { PublicSampler } from "../../../src/models/llama-cpp/native/public-context.ts";

const LOGITS = new Map([
  [1, 3],
  [2, 2],
  [3, -1],
  [4, -2],
]);

describe("the repetition penalty, by transformers' definition", () => {
  test("divides positive logits and multiplies negative ones, once for a token however often it occurred", () => {
    const sampler = new PublicSampler();
    sampler.applyConfig({ temperature: 1, topK: 4, repeatPenalty: 2, repeatPenaltyTokens: Uint32Array.of(1, 3, 1, 9) });
    expect(sampler.best(LOGITS)).toEqual([
      [2, 2],
      [1, 1.5],
      [3, -2],
      [4, -2],
    ]);
  });

  test("comes before the greedy choice and before top_k", () => {
    const sampler = new PublicSampler();
    const penalty = { repeatPenalty: 2, repeatPenaltyTokens: Uint32Array.of(1) };
    sampler.applyConfig({ temperature: 0, ...penalty });
    expect(sampler.best(LOGITS)).toEqual([[2, 2]]);
    sampler.applyConfig({ temperature: 1, topK: 2, ...penalty });
    expect(sampler.best(LOGITS).map(([token]) => token)).toEqual([2, 1]);
  });

  test("is none without a penalty; equal logits come in the order of their ids", () => {
    const sampler = new PublicSampler();
    sampler.applyConfig({ temperature: 1, topK: 2 });
    expect(sampler.best(new Map([...LOGITS, [0, 3]]))).toEqual([
      [0, 3],
      [1, 3],
    ]);
  });
});
