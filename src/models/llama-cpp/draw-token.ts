import type { Sampling } from "../sampling.ts";

/**
 * Draws a token in the order of Hugging Face and vLLM: temperature, top_k, top_p, min_p, each on what the one before it
 * left over. As there, tokens that tie with the k-th are kept, and top_p keeps the token that crosses p; equal tokens stand
 * in the order of their ids.
 *
 * @param best the likeliest tokens, each followed by its logit (after the repetition penalty); quick if the best come first
 * @param random from 0 up to 1
 * @param unseen further candidates, none likelier than those that are given
 * @returns the token that is drawn whatever is not seen; undefined where that cannot be told
 */
export function drawToken(best: readonly number[], sampling: Sampling, random: number, unseen = 0): number | undefined {
  const kept = keptTokens(best, sampling, unseen);
  if (kept === undefined) return undefined;
  const { tokens, weights, unseenWeight } = kept;
  const sum = sumOf(weights);
  const place = placeOf(weights, random * sum);
  if (unseenWeight === 0) return tokens[Math.min(place, tokens.length - 1)];
  const withUnseen = placeOf(weights, random * (sum + unseenWeight) * ROUNDING);
  return withUnseen === place && place < tokens.length ? tokens[place] : undefined;
}

interface Weighted {
  readonly tokens: Int32Array;
  readonly weights: Float64Array;
}

/** Tokens that may be drawn, the likeliest first, and their probabilities up to a factor: the likeliest of all has weight 1. */
export interface KeptTokens extends Weighted {
  /** What tokens that were not seen and may be drawn weigh at most. */
  readonly unseenWeight: number;
}

/** The tokens that survive all filters, or undefined where that depends on what is not seen; parameters as of `drawToken`. */
export function keptTokens(best: readonly number[], sampling: Sampling, unseen = 0): KeptTokens | undefined {
  const ordered = order(best, sampling.temperature);
  if (unseen === 0) return keep(ordered, sampling);
  // Which of the tokens that tie with the last are seen is chance.
  const { tokens, scores } = ordered;
  const last = scores.at(-1) ?? Number.NaN;
  let sure = scores.length;
  while (sure > 0 && !((scores[sure - 1] ?? 0) > last)) sure--;
  if (sure === 0 || sampling.topK > 0) return undefined;
  const seen = { tokens: tokens.subarray(0, sure), scores: scores.subarray(0, sure) };
  return keep(seen, sampling, (unseen + tokens.length - sure) * Math.exp(last) * ROUNDING);
}

/** More than sums of a few thousand numbers are off by. */
const ROUNDING = 1 + 1e-9;

/** Candidates, the likeliest first. */
interface Ordered {
  readonly tokens: Int32Array;
  /** Logits below that of the likeliest, over the temperature. */
  readonly scores: Float64Array;
}

function order(best: readonly number[], temperature: number): Ordered {
  const count = best.length >> 1;
  const tokens = new Int32Array(count);
  const scores = new Float64Array(count);
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < count; i++) most = Math.max(most, best[2 * i + 1] ?? Number.NaN);
  for (let i = 0; i < count; i++) {
    const token = best[2 * i] ?? 0;
    // Below the likeliest before they are divided: a tiny temperature would make infinities of all, the likeliest among them.
    const score = ((best[2 * i + 1] ?? Number.NaN) - most) / temperature;
    // They come in order but for ties.
    let place = i;
    for (; place > 0 && comesBefore(score, token, scores[place - 1] ?? 0, tokens[place - 1] ?? 0); place--) {
      scores[place] = scores[place - 1] ?? 0;
      tokens[place] = tokens[place - 1] ?? 0;
    }
    scores[place] = score;
    tokens[place] = token;
  }
  return { tokens, scores };
}

/** Scores that are no numbers are equal to all others: the tokens decide. */
function comesBefore(score: number, token: number, otherScore: number, otherToken: number): boolean {
  return score > otherScore || (!(score < otherScore) && token < otherToken);
}

/**
 * @param unseenWeight what all tokens that were not seen weigh at most
 */
function keep({ tokens, scores }: Ordered, { topK, topP, minP }: Sampling, unseenWeight = 0): KeptTokens | undefined {
  let kept: Weighted = { tokens, weights: weightsOf(scores) };
  let unseen = unseenWeight;
  if (topK > 0 && topK < tokens.length) {
    const lowest = scores[topK - 1] ?? Number.NEGATIVE_INFINITY;
    kept = filter(kept, (i) => (scores[i] ?? 0) >= lowest);
  }
  if (topP < 1) {
    const sum = sumOf(kept.weights);
    const count = countUpTo(kept.weights, topP * sum);
    // With all that was not seen, the same ones must be enough.
    if (unseen > 0 && !reaches(kept.weights, count, topP * (sum + unseen) * ROUNDING)) return undefined;
    unseen = 0;
    kept = { tokens: kept.tokens.subarray(0, count), weights: kept.weights.subarray(0, count) };
  }
  if (minP > 0) {
    const { weights } = kept;
    if (unseen > 0 && !((weights.at(-1) ?? 1) < minP)) return undefined;
    unseen = 0;
    kept = filter(kept, (i) => (weights[i] ?? 0) >= minP);
  }
  return { ...kept, unseenWeight: unseen };
}

function weightsOf(scores: Float64Array): Float64Array {
  const weights = new Float64Array(scores.length);
  for (let i = 0; i < scores.length; i++) weights[i] = Math.exp(scores[i] ?? 0);
  return weights;
}

function filter({ tokens, weights }: Weighted, isKept: (index: number) => boolean): Weighted {
  const keeps = (_value: number, index: number): boolean => isKept(index);
  return { tokens: tokens.filter(keeps), weights: weights.filter(keeps) };
}

/** How many of the weights make up `enough`, one at least. */
function countUpTo(weights: Float64Array, enough: number): number {
  let before = 0;
  let count = 0;
  while (count < weights.length && (count === 0 || before < enough)) before += weights[count++] ?? 0;
  return count;
}

/** Whether so many of the weights make up `enough`. */
function reaches(weights: Float64Array, count: number, enough: number): boolean {
  return sumOf(weights.subarray(0, count)) >= enough;
}

/** In which of the weights, laid side by side, a target lies; their number if it lies beyond. */
function placeOf(weights: Float64Array, target: number): number {
  let passed = 0;
  for (let i = 0; i < weights.length; i++) {
    passed += weights[i] ?? 0;
    if (target < passed) return i;
  }
  return weights.length;
}

function sumOf(weights: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < weights.length; i++) sum += weights[i] ?? 0;
  return sum;
}
