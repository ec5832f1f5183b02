import { assert, double, integer, property, uniqueArray } from "fast-check";
import { describe, expect, test } from "vitest";
import { seededRandom } from "../../../src/base/random.ts";
import { drawToken, keptTokens } from "../../../src/models/llama-cpp/draw-token.ts";
import type { Sampling } from "../../../src/models/sampling.ts";
import { GREEDY } from "../../helpers/models/greedy.ts";

/** Tokens, each followed by its logit. */
const LOGITS = [10, 2, 11, 1, 12, 0, 13, -1, 14, -2];

function sampling(changes: Partial<Sampling>): Sampling {
  return { ...GREEDY, temperature: 1, ...changes };
}

function kept(changes: Partial<Sampling>, candidates = LOGITS): number[] {
  return [...(keptTokens(candidates, sampling(changes))?.tokens ?? [])];
}

describe("the tokens that may be drawn", () => {
  test("are all of them without filters, the most probable first", () => {
    expect(kept({}, [7, -1, 8, 3, 9, 0])).toEqual([8, 9, 7]);
  });

  test("temperature divides the logits before top_p: a hot model keeps more tokens", () => {
    // softmax(2, 1, 0, -1, -2) = .636 .234 .086 .032 .012; at temperature 2: .424 .257 .156 .095 .057 (transformers)
    expect(kept({ topP: 0.8 })).toEqual([10, 11]);
    expect(kept({ topP: 0.8, temperature: 2 })).toEqual([10, 11, 12]);
    expect(kept({ topP: 0.8, temperature: 0.5 })).toEqual([10]);
  });

  test("top_p keeps the token that crosses p, and one always", () => {
    expect(kept({ topP: 0.64 })).toEqual([10, 11]);
    expect(kept({ topP: 0.63 })).toEqual([10]);
    expect(kept({ topP: 0 })).toEqual([10]);
  });

  test("top_k keeps k tokens, and those that tie with the k-th", () => {
    expect(kept({ topK: 2 })).toEqual([10, 11]);
    expect(kept({ topK: 2 }, [4, 1, 3, 0, 2, 0, 1, -1])).toEqual([4, 2, 3]);
  });

  test("top_p counts on what top_k left over", () => {
    // Of the best two, the first has .731 of the probability.
    expect(kept({ topK: 2, topP: 0.7 })).toEqual([10]);
    expect(kept({ topP: 0.7 })).toEqual([10, 11]);
  });

  test("min_p is relative to the most probable token", () => {
    // Ratios to the best: 1, .368, .135, .050, .018
    expect(kept({ minP: 0.1 })).toEqual([10, 11, 12]);
    expect(kept({ minP: 0.4 })).toEqual([10]);
  });

  test("are the best alone at a temperature that is all but 0", () => {
    const { tokens = [], weights = [] } = keptTokens(LOGITS, sampling({ temperature: 1e-310 })) ?? {};
    expect([...tokens]).toEqual([10, 11, 12, 13, 14]);
    expect([...weights]).toEqual([1, 0, 0, 0, 0]);
    const random = seededRandom(1);
    for (let i = 0; i < 20; i++) expect(drawToken(LOGITS, sampling({ temperature: 1e-310 }), random())).toBe(10);
  });

  test("follow transformers' warpers, word by word, for any logits", () => {
    // Steps of a hundredth: logits that differ in their last bit only are as good as equal, and rounding decides.
    const logit = integer({ min: -2000, max: 2000 }).map((hundredths) => hundredths / 100);
    assert(
      property(
        uniqueArray(logit, { minLength: 1, maxLength: 30 }),
        double({ min: 0.1, max: 3, noNaN: true }),
        integer({ min: 0, max: 10 }),
        // As above: within rounding of 1 the two sums decide differently.
        integer({ min: 1, max: 20 }).map((twentieths) => twentieths / 20),
        double({ min: 0, max: 0.9, noNaN: true }),
        (logits, temperature, topK, topP, minP) => {
          const ours = kept(
            { temperature, topK, topP, minP },
            logits.flatMap((one, i) => [i, one]),
          );
          expect(ours.toSorted((a, b) => a - b)).toEqual(transformersKeeps(logits, { temperature, topK, topP, minP }));
        },
      ),
    );
  });
});

describe("a draw", () => {
  test("falls on each token as often as its probability says", () => {
    const random = seededRandom(1);
    const counts = new Map<number, number>();
    for (let i = 0; i < 20_000; i++) {
      const token = drawToken(LOGITS, sampling({}), random()) ?? -1;
      counts.set(token, (counts.get(token) ?? 0) + 1);
    }
    const shares = [10, 11, 12, 13, 14].map((token) => (counts.get(token) ?? 0) / 20_000);
    for (const [i, probability] of [0.6364, 0.2341, 0.0861, 0.0317, 0.0117].entries()) {
      expect(shares[i]).toBeCloseTo(probability, 1.5);
    }
  });

  test("never falls outside, at both ends of the random numbers", () => {
    expect(drawToken(LOGITS, sampling({}), 0)).toBe(10);
    expect(drawToken(LOGITS, sampling({}), 1 - 2 ** -32)).toBe(14);
  });
});

/** TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper and MinPLogitsWarper, transcribed. */
function transformersKeeps(
  logits: readonly number[],
  { temperature, topK, topP, minP }: Pick<Sampling, "temperature" | "topK" | "topP" | "minP">,
): number[] {
  let scores = logits.map((logit) => logit / temperature);
  if (topK > 0) {
    const kth = scores.toSorted((a, b) => b - a)[Math.min(topK, scores.length) - 1] ?? 0;
    scores = scores.map((score) => (score < kth ? Number.NEGATIVE_INFINITY : score));
  }
  if (topP < 1) {
    const ascending = softmax(scores)
      .map((p, i) => ({ p, i }))
      // Of equal ones, the one with the higher id is removed first here; a stable sort of torch's is not promised either.
      .toSorted((a, b) => a.p - b.p || b.i - a.i);
    let cumulative = 0;
    for (const { p, i } of ascending.slice(0, -1)) {
      cumulative += p;
      if (cumulative <= 1 - topP) scores[i] = Number.NEGATIVE_INFINITY;
    }
  }
  if (minP > 0) {
    const probabilities = softmax(scores);
    const threshold = minP * Math.max(...probabilities);
    scores = scores.map((score, i) => ((probabilities[i] ?? 0) < threshold ? Number.NEGATIVE_INFINITY : score));
  }
  return scores.flatMap((score, i) => (score === Number.NEGATIVE_INFINITY ? [] : [i]));
}

function softmax(scores: readonly number[]): number[] {
  const best = Math.max(...scores);
  const weights = scores.map((score) => Math.exp(score - best));
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}
