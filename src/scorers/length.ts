import type { LengthScore, ScoredText } from "./score.ts";
import { splitReasoning } from "./split-reasoning.ts";

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
    words: countWords(text.completion),
    truncated: text.finishReason === "length" ? 1 : 0,
  };
}

/** Unicode code points of a text. */
export function countCharacters(text: string): number {
  let count = text.length;
  for (let i = 0; i < text.length; i++) if ((text.charCodeAt(i) & 0xfc00) === 0xdc00) count--;
  return count;
}

/** Words of a text: what stands between white space. */
export function countWords(text: string): number {
  return text.match(/\S+/g)?.length ?? 0;
}
