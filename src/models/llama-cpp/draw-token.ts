import type { RandomSource } from "../../base/random.ts";
import type { Sampling } from "../sampling.ts";

/** The best tokens of a vocabulary and their logits (after the repetition penalty), in any order. */
export interface TokenLogits {
  readonly tokens: readonly number[];
  readonly logits: readonly number[];
}

/**
 * Draws a token in the order of Hugging Face and vLLM: temperature, top_k, top_p, min_p, each on what the one before it
 * left over. As there, tokens that tie with the k-th are kept, and top_p keeps the token that crosses p.
 *
 * @param random gives one number a call; exactly one is taken
 */
export function drawToken(candidates: TokenLogits, sampling: Sampling, random: RandomSource): number {
  const kept = keptTokens(candidates, sampling);
  const target = random() * kept.reduce((sum, { weight }) => sum + weight, 0);
  let passed = 0;
  for (const { token, weight } of kept) {
    passed += weight;
    if (target < passed) return token;
  }
  const last = kept.at(-1);
  if (last === undefined) throw new RangeError("Expected at least one candidate token, found none");
  return last.token;
}

/** A token that may be drawn and its unnormalised probability. */
export interface WeightedToken {
  readonly token: number;
  readonly weight: number;
}

/** The tokens that survive all filters, most probable first; equal ones in the order of their ids. Weights of the best is 1. */
export function keptTokens({ tokens, logits }: TokenLogits, sampling: Sampling): WeightedToken[] {
  const best = logits.reduce((most, logit) => Math.max(most, logit), Number.NEGATIVE_INFINITY);
  // Below the best before they are divided: a tiny temperature would make infinities of all, the best among them.
  const order = tokens
    .map((token, i) => ({ token, logit: ((logits[i] ?? Number.NEGATIVE_INFINITY) - best) / sampling.temperature }))
    .toSorted((a, b) => compareLogits(b.logit, a.logit) || a.token - b.token);
  let kept = order.map(({ token, logit }) => ({ token, weight: Math.exp(logit) }));

  if (sampling.topK > 0 && sampling.topK < kept.length) {
    const lowest = order[sampling.topK - 1]?.logit ?? Number.NEGATIVE_INFINITY;
    kept = kept.filter((_, i) => (order[i]?.logit ?? Number.NEGATIVE_INFINITY) >= lowest);
  }
  if (sampling.topP < 1) {
    const enough = sampling.topP * kept.reduce((sum, { weight }) => sum + weight, 0);
    let before = 0;
    let count = 0;
    while (count < kept.length && (count === 0 || before < enough)) before += kept[count++]?.weight ?? 0;
    kept = kept.slice(0, count);
  }
  return sampling.minP > 0 ? kept.filter(({ weight }) => weight >= sampling.minP) : kept;
}

/** As for a sort; two that are both infinite are equal. */
function compareLogits(a: number, b: number): number {
  return a === b ? 0 : a - b;
}
