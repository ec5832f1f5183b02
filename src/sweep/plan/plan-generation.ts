import type { EvaluationSettings } from "../../eval/evaluate.ts";
import type { GenerationConfig } from "../file/config.ts";

/** Everything about generation, decided. */
export type Generation = GenerationConfig & { readonly max_tokens: number };

/** What an evaluation takes of it. */
export function settingsOf(generation: Generation, contextTokens: number): EvaluationSettings {
  return {
    sampling: {
      temperature: generation.temperature,
      topP: generation.top_p,
      topK: generation.top_k,
      minP: generation.min_p,
      repetitionPenalty: generation.repetition_penalty,
      maxTokens: generation.max_tokens,
      maxThinkingTokens: generation.max_thinking_tokens,
      stop: generation.stop,
    },
    seed: generation.seed,
    contextTokens,
  };
}
