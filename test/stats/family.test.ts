import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seededRandom } from "../../src/base/random.ts";
import { RATE_BOUND } from "../../src/stats/contrast.ts";
import { adjustFamily, BenchmarkFlips, bandCritical, type Contrast } from "../../src/stats/family.ts";
import { drawSigns, flippedSums } from "../../src/stats/sign-flips.ts";

const difference = (a: number, b: number): Contrast => ({ points: [a, b], coefficients: [1, -1], bound: RATE_BOUND });

function column(n: number, rate: number, seed: number): Float64Array {
  const random = seededRandom(seed);
  return Float64Array.from({ length: n }, () => (random() < rate ? 1 : 0));
}

describe("sign flips", () => {
  it("sum a column as one by one", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 40 }), (values) => {
        const signs = drawSigns("a seed", values.length, 16, false);
        const sums = new Float64Array(16);
        flippedSums(signs, Float64Array.from(values), sums);
        const bytes = Math.ceil(values.length / 8);
        sums.forEach((sum, draw) => {
          const byHand = values.reduce((total, value, q) => {
            const minus = ((signs.bits[draw * bytes + (q >> 3)] ?? 0) >> (q & 7)) & 1;
            return total + (minus === 1 ? -value : value);
          }, 0);
          expect(sum).toBeCloseTo(byHand, 9);
        });
      }),
    );
  });

  it("are fair, belong to their seed, and are all there are where those are few", () => {
    const signs = drawSigns("x", 64, 4000, false);
    const ones = signs.bits.reduce((total, byte) => total + byte.toString(2).replaceAll("0", "").length, 0);
    expect(ones / (64 * 4000)).toBeCloseTo(0.5, 2);
    expect(drawSigns("x", 64, 10, false).bits).toEqual(signs.bits.slice(0, 80));
    expect(drawSigns("y", 64, 10, false).bits).not.toEqual(signs.bits.slice(0, 80));
    const all = drawSigns("x", 9, 100, true);
    expect(all.draws).toBe(512);
    const sums = new Float64Array(512);
    flippedSums(all, Float64Array.of(1, 2, 4, 8, 16, 32, 64, 128, 256), sums);
    expect(new Set(sums).size).toBe(512);
  });
});

describe("a family of claims", () => {
  it("cannot claim anything of five questions, and just can of six", () => {
    for (const [n, p] of [
      [5, 2 ** -4],
      [6, 2 ** -5],
    ] as const) {
      const flips = new BenchmarkFlips("few", n, 999, true);
      const measure = { columns: [new Float64Array(n).fill(1), new Float64Array(n)] };
      const [adjusted] = adjustFamily([flips.flip(measure, difference(0, 1))], true);
      expect(adjusted).toBeGreaterThanOrEqual(p);
    }
  });

  it("claims no more of few questions than all of them leaning one way can show", () => {
    // Twice as long at every question, but for rounding.
    for (const n of [2, 3, 4, 6]) {
      const short = Float64Array.from({ length: n }, (_, q) => Math.log(100 + 37 * q));
      const long = Float64Array.from({ length: n }, (_, q) => Math.log(2 * (100 + 37 * q)));
      const found = new BenchmarkFlips("few", n, 999, true).flip(
        { columns: [long, short] },
        { ...difference(0, 1), bound: 0 },
      );
      expect(adjustFamily([found], true)[0]).toBeGreaterThanOrEqual(2 ** (1 - n));
    }
  });

  it("adjusts one claim to its own p or more, and more claims to more", () => {
    const n = 200;
    const columns = [column(n, 0.5, 1), column(n, 0.75, 2), column(n, 0.5, 3), column(n, 0.5, 4)];
    const flips = new BenchmarkFlips("some", n, 1999, false);
    const pairs = [difference(1, 0), difference(2, 0), difference(3, 0), difference(2, 3)].map((contrast) =>
      flips.flip({ columns }, contrast),
    );
    const [alone] = adjustFamily(pairs.slice(0, 1), false);
    const together = adjustFamily(pairs, false);
    expect(alone).toBeGreaterThanOrEqual(pairs[0]?.test.p ?? 1);
    expect(together[0]).toBeGreaterThanOrEqual(alone ?? 0);
    expect(together[0]).toBeLessThan(0.01);
    expect(together[3]).toBeGreaterThan(0.2);
  });

  it("gives one p to claims that are the same, whatever their place", () => {
    const n = 60;
    const columns = [column(n, 0.4, 5), column(n, 0.6, 6)];
    const flips = new BenchmarkFlips("twice", n, 999, false);
    const [a, b] = [flips.flip({ columns }, difference(0, 1)), flips.flip({ columns }, difference(1, 0))];
    const adjusted = adjustFamily([a, b, a], false);
    expect(new Set(adjusted).size).toBe(1);
  });

  it("has the same statistic by its points' sums and by its own, with questions missing and with strata", () => {
    const n = 90;
    const columns = [column(n, 0.4, 7), column(n, 0.6, 8), column(n, 0.6, 9)];
    const trend: Contrast = { points: [0, 1, 2], coefficients: [-1, 0, 1], bound: RATE_BOUND };
    const flips = new BenchmarkFlips("same", n, 500, false);
    const plain = flips.flip({ columns }, trend);
    // All of every stratum was asked.
    const strata = { of: Int32Array.from({ length: n }, (_, q) => q % 2), sizes: [n / 2, n / 2] };
    expect(flips.flip({ columns, strata }, trend)).toEqual(plain);
    // One point lacks two thirds of the odd questions: the others stand for three each.
    const sampled = columns.map((values, i) =>
      values.map((value, q) => (i === 1 && q % 2 === 1 && q % 3 > 0 ? Number.NaN : value)),
    );
    const weighted = flips.flip({ columns: sampled, strata }, trend);
    expect(weighted.test.questions).toBe(60);
    const differences = Array.from({ length: n }, (_, q) => (columns[2]?.[q] ?? 0) - (columns[0]?.[q] ?? 0));
    const mean = (of: (q: number) => boolean): number => {
      const own = differences.filter((_, q) => of(q));
      return own.reduce((sum, value) => sum + value, 0) / own.length;
    };
    const [even, odd] = [mean((q) => q % 2 === 0), mean((q) => q % 2 === 1 && q % 3 === 0)];
    expect(weighted.test.estimate).toBeCloseTo((even + odd) / 2, 12);
    const missing = columns.map((values, i) => values.map((value, q) => (i === 1 && q < 30 ? Number.NaN : value)));
    expect(flips.flip({ columns: missing }, trend).test.questions).toBe(60);
  });

  it("has a band that is wider than one interval and narrower than Bonferroni's", () => {
    const n = 300;
    const columns = Array.from({ length: 11 }, (_, i) => column(n, 0.5, 20 + i));
    const flips = new BenchmarkFlips("band", n, 1999, false);
    const contrasts = columns.slice(1).map((_, i) => flips.flip({ columns }, difference(i + 1, 0)));
    expect(bandCritical(contrasts)).toBeGreaterThan(2.2);
    expect(bandCritical(contrasts)).toBeLessThan(2.81);
    expect(bandCritical(contrasts.slice(0, 1))).toBeLessThan(2.1);
  });
});
