/** How tokens are drawn. The order is Hugging Face's and vLLM's: repetition penalty, temperature, top_k, top_p, min_p. */
export interface Sampling {
  /** 0 is greedy. */
  readonly temperature: number;
  /** 1 keeps every token. */
  readonly topP: number;
  /** 0 keeps every token. */
  readonly topK: number;
  /** 0 keeps every token. */
  readonly minP: number;
  /** 1 is none. */
  readonly repetitionPenalty: number;
  readonly maxTokens: number;
  /** Generation ends before any of these; the stop string is not part of the completion. */
  readonly stop: readonly string[];
  /** Tokens after which thinking is closed and an answer asked for; null is no limit. */
  readonly maxThinkingTokens: number | null;
  /** 32-bit unsigned. Same seed, same text. */
  readonly seed: number;
}
