import type { ScoredText } from "./score.ts";
import { splitReasoning } from "./split-reasoning.ts";

/** How long a completion is, in every unit that reports use. */
export interface LengthScore {
  /** Sampled tokens, without prompt, prefill and end token. */
  readonly tokens: number;
  readonly thinking_tokens: number | null;
  readonly answer_tokens: number | null;
  /** Unicode code points, as Python's `len` counts them in the training rewards. */
  readonly characters: number;
  readonly thinking_characters: number;
  readonly answer_characters: number;
  readonly words: number;
  readonly truncated: 0 | 1;
}

/** Measures a completion. The `</think>` tag itself belongs to the thinking part. */
export function scoreLength(text: ScoredText): LengthScore {
  const { answer } = splitReasoning(text.completion, text.prefill);
  const characters = countCharacters(text.completion);
  const answerCharacters = answer === null ? 0 : countCharacters(answer);
  return {
    tokens: text.completionTokens,
    thinking_tokens: text.thinkingTokens,
    answer_tokens: text.thinkingTokens === null ? null : text.completionTokens - text.thinkingTokens,
    characters,
    thinking_characters: characters - answerCharacters,
    answer_characters: answerCharacters,
    words: text.completion.match(/\S+/g)?.length ?? 0,
    truncated: text.finishReason === "length" ? 1 : 0,
  };
}

/** Unicode code points of a text. */
export function countCharacters(text: string): number {
  let count = text.length;
  for (let i = 0; i < text.length; i++) if ((text.charCodeAt(i) & 0xfc00) === 0xdc00) count--;
  return count;
}
