import { array, assert, constantFrom, double, integer, oneof, property, record } from "fast-check";
import { describe, expect, test } from "vitest";
import { seededRandom } from "../../../src/base/random.ts";
import { drawToken } from "../../../src/models/llama-cpp/draw-token.ts";
import type { NativeSampler, NativeSamplerConfig } from "../../../src/models/llama-cpp/native/native-context.ts";
import { Samplers } from "../../../src/models/llama-cpp/samplers.ts";
import { createTokenPicker, type PickedModel } from "../../../src/models/llama-cpp/token-picker.ts";
import type { Sampling } from "../../../src/models/sampling.ts";
import { drawTokenPlainly } from "../../helpers/draw-token-reference.ts";
import { GREEDY } from "../../helpers/models/greedy.ts";

/** The likeliest tokens of a vocabulary as llama.cpp gives them: of equal ones, in any order and any of them. */
function bestOf(logits: readonly number[], count: number, shuffle: number): number[] {
  const random = seededRandom(shuffle);
  return logits
    .map((logit, token) => ({ token, logit, chance: random() }))
    .toSorted((a, b) => (a.logit === b.logit ? a.chance - b.chance : b.logit - a.logit || a.chance - b.chance))
    .slice(0, count)
    .flatMap(({ token, logit }) => [token, logit]);
}

const settings = record({
  temperature: oneof(constantFrom(0.8, 1, 0.6), double({ min: 1e-3, max: 5, noNaN: true }), constantFrom(1e-310)),
  topP: oneof(constantFrom(0.9, 1, 0), double({ min: 0, max: 1, noNaN: true })),
  topK: oneof(constantFrom(0), integer({ min: 0, max: 40 })),
  minP: oneof(constantFrom(0, 0), double({ min: 0, max: 1, noNaN: true })),
});

/** From a few values, so that there are ties; from any; and what must not happen but may. */
const logit = oneof(
  integer({ min: -3, max: 3 }),
  double({ min: -30, max: 30, noNaN: true }).map(Math.fround),
  constantFrom(-1e30, 1e30),
);
const broken = oneof(logit, constantFrom(Number.NaN, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY));
const uniform = integer({ min: 0, max: 2 ** 32 - 1 }).map((bits) => bits / 2 ** 32);

describe("a draw", () => {
  test("is the one of the plain way of drawing, ties, infinities and NaN included", () => {
    assert(
      property(
        array(broken, { minLength: 1, maxLength: 60 }),
        settings,
        uniform,
        integer(),
        (logits, changes, random, shuffle) => {
          const sampling = { ...GREEDY, ...changes };
          const best = bestOf(logits, logits.length, shuffle);
          expect(drawToken(best, sampling, random)).toBe(drawTokenPlainly(best, sampling, random));
        },
      ),
      { numRuns: 3000 },
    );
  });

  test("from a few of the candidates is the one from all of them, or is not made", () => {
    let made = 0;
    assert(
      property(
        array(logit, { minLength: 2, maxLength: 60 }),
        integer({ min: 1, max: 20 }),
        settings,
        uniform,
        integer(),
        (logits, count, changes, random, shuffle) => {
          const sampling = { ...GREEDY, ...changes };
          const few = bestOf(logits, count, shuffle);
          const token = drawToken(few, sampling, random, Math.max(0, logits.length - count));
          if (token === undefined) return;
          made++;
          expect(token).toBe(drawTokenPlainly(bestOf(logits, logits.length, shuffle + 1), sampling, random));
        },
      ),
      { numRuns: 5000 },
    );
    expect(made).toBeGreaterThan(500);
  });

  test("is not made from a few where the unseen may weigh more than is left to spare", () => {
    const sampling = { ...GREEDY, temperature: 1, topP: 0.9 };
    const best = [0, 0, 1, -1, 2, -5];
    // 1 + 0.37 are enough beside 10 x 0.007, and not beside 1000 x 0.007.
    expect(drawToken(best, sampling, 0.5, 10)).toBe(0);
    expect(drawToken(best, sampling, 0.5, 1000)).toBeUndefined();
    // Without top_p the end of the random numbers lies among the unseen.
    expect(drawToken(best, { ...sampling, topP: 1 }, 0.5, 10)).toBe(0);
    expect(drawToken(best, { ...sampling, topP: 1 }, 0.99, 10)).toBeUndefined();
  });

  test("of nothing but equal candidates is not made from a few: which of them are seen is chance", () => {
    const sampling = { ...GREEDY, temperature: 1, topP: 0.5 };
    expect(drawToken([3, 1, 8, 1, 5, 1], sampling, 0, 3)).toBeUndefined();
    expect(drawToken([3, 1, 8, 1, 5, 1], sampling, 0)).toBe(3);
  });
});

const VOCABULARY = 3000;

class TopSampler implements NativeSampler {
  config: NativeSamplerConfig = { temperature: 0 };

  applyConfig(config: NativeSamplerConfig): void {
    this.config = config;
  }

  dispose(): void {}
}

function createSampler(): TopSampler {
  return new TopSampler();
}

/** A picker over rows of logits, and how many candidates it asked for at each call. */
function pickerOver(
  rows: readonly (readonly number[])[],
  sampling: Sampling,
): { pick: () => Promise<number[]>; asked: number[] } {
  const asked: number[] = [];
  function sampleToken(row: number, from: NativeSampler): Promise<number>;
  function sampleToken(
    row: number,
    from: NativeSampler,
    ...more: boolean[]
  ): Promise<readonly [number, unknown, unknown, readonly number[]]>;
  function sampleToken(row: number, from: NativeSampler): Promise<unknown> {
    const count = from instanceof TopSampler ? (from.config.topK ?? 1) : 1;
    asked.push(count);
    return Promise.resolve([0, undefined, undefined, bestOf(rows[row] ?? [], count, row)]);
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- overloads that an implementation cannot be checked against
  const context = { sampleToken } as PickedModel["context"];
  const model = { context, createSampler, vocabularySize: VOCABULARY, contextTokens: 64, inOrder: false };
  const picker = createTokenPicker(model, new Samplers(model), sampling, Uint32Array.of(1));
  return {
    asked,
    async pick() {
      const tokens: number[] = [];
      for (const row of rows.keys()) tokens.push(await picker.pick(row));
      return tokens;
    },
  };
}

function rowOf(seed: number, spread: number): number[] {
  const random = seededRandom(seed);
  return Array.from({ length: VOCABULARY }, () => Math.fround(spread * (random() + random() + random() - 1.5) ** 3));
}

describe("a picker", () => {
  const sampling = { ...GREEDY, temperature: 0.8, topP: 0.9, seed: 7 };
  const plainly = (rows: readonly (readonly number[])[], seed = sampling.seed): (number | undefined)[] => {
    const random = seededRandom(seed);
    return rows.map((row, i) => drawTokenPlainly(bestOf(row, 1024, i), sampling, random()));
  };

  test("asks for a few candidates where they decide, and draws as from a thousand", async () => {
    const rows = Array.from({ length: 50 }, (_, seed) => rowOf(seed, 30));
    const { pick, asked } = pickerOver(rows, sampling);
    expect(await pick()).toEqual(plainly(rows));
    expect(asked).toEqual(rows.map(() => Math.min(...asked)));
    expect(asked[0]).toBeLessThan(100);
  });

  test("asks for all where a few do not decide, at once while that lasts", async () => {
    const flat = Array.from({ length: 6 }, (_, seed) => rowOf(seed, 1));
    const peaked = Array.from({ length: 6 }, (_, seed) => rowOf(seed, 30));
    const rows = [...flat, ...peaked];
    const { pick, asked } = pickerOver(rows, sampling);
    expect(await pick()).toEqual(plainly(rows));
    const few = asked[0] ?? 0;
    expect(asked).toEqual([few, ...flat.map(() => 1024), 1024, ...peaked.slice(1).map(() => few)]);
  });
});
