import type { Sampling } from "../../../src/models/sampling.ts";

/** Greedy generation of at most 256 tokens. */
export const GREEDY: Sampling = {
  temperature: 0,
  topP: 1,
  topK: 0,
  minP: 0,
  repetitionPenalty: 1,
  maxTokens: 256,
  stop: [],
  maxThinkingTokens: null,
  seed: 0,
};
