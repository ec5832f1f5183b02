import type { Sampling } from "../../src/models/sampling.ts";

/** A token that may be drawn and its unnormalised probability. */
interface WeightedToken {
  readonly token: number;
  readonly weight: number;
}

/**
 * Drawing as it was written first: every candidate an object, filters as filters, all of the candidates always. What draws
 * faster has to draw the same tokens.
 */
export function drawTokenPlainly(best: readonly number[], sampling: Sampling, random: number): number | undefined {
  const kept = keptTokens(best, sampling);
  const target = random * kept.reduce((sum, { weight }) => sum + weight, 0);
  let passed = 0;
  for (const { token, weight } of kept) {
    passed += weight;
    if (target < passed) return token;
  }
  return kept.at(-1)?.token;
}

function keptTokens(best: readonly number[], sampling: Sampling): WeightedToken[] {
  const tokens = best.filter((_, i) => i % 2 === 0);
  const logits = best.filter((_, i) => i % 2 === 1);
  const most = logits.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const order = tokens
    .map((token, i) => ({ token, logit: ((logits[i] ?? Number.NEGATIVE_INFINITY) - most) / sampling.temperature }))
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
