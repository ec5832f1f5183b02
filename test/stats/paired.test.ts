import { describe, expect, it } from "vitest";
import { holm } from "../../src/stats/multiple-comparisons.ts";
import {
  bootstrapInterval,
  mcnemarExact,
  minimumDetectableDifference,
  pairedRateInterval,
  pairedRatio,
  signFlipTest,
} from "../../src/stats/paired.ts";

describe("McNemar's exact test", () => {
  it("gives the exact binomial tail", () => {
    expect(mcnemarExact(1, 9)).toBeCloseTo(0.021484375, 12);
    expect(mcnemarExact(9, 1)).toBeCloseTo(0.021484375, 12);
  });

  it("is 1 where two models never differ, or differ evenly", () => {
    expect(mcnemarExact(0, 0)).toBe(1);
    expect(mcnemarExact(5, 5)).toBe(1);
    expect(mcnemarExact(3000, 3000)).toBeCloseTo(1, 9);
  });

  it("tells the published GSM8K solutions of 6B fine-tuning and 6B verification apart", () => {
    expect(mcnemarExact(64, 293) / 3.928874710490934e-36).toBeCloseTo(1, 9);
  });
});

describe("paired intervals", () => {
  it("gives the interval of Bonett and Price", () => {
    // (3+1)/102 - (11+1)/102 -/+ 1.96 sqrt((16/102 - (8/102)^2) / 102)
    const interval = pairedRateInterval(3, 11, 100);
    expect(interval?.low).toBeCloseTo(-0.0784314 - 0.0753087, 4);
    expect(interval?.high).toBeCloseTo(-0.0784314 + 0.0753087, 4);
  });

  it("keeps a width where no question differs", () => {
    const interval = pairedRateInterval(0, 0, 500);
    expect(interval?.low).toBeLessThan(0);
    expect(interval?.high).toBeGreaterThan(0);
    expect(interval?.high).toBeLessThan(0.01);
  });

  it("averages ratios geometrically, so that halving and doubling cancel", () => {
    expect(pairedRatio([1, 4], [2, 2])?.ratio).toBeCloseTo(1, 12);
    expect(pairedRatio([5, 10, 20], [10, 20, 40])?.ratio).toBeCloseTo(0.5, 12);
  });

  it("leaves out pairs without a ratio", () => {
    expect(pairedRatio([0, 5], [3, 10])?.ratio).toBeCloseTo(0.5, 12);
    expect(pairedRatio([0], [3])).toBeNull();
    expect(pairedRatio([], [])).toBeNull();
  });

  it("bootstraps the same interval for the same seed", () => {
    const values = Array.from({ length: 60 }, (_, i) => (i * 37) % 11);
    expect(bootstrapInterval(values, 1)).toEqual(bootstrapInterval(values, 1));
    expect(bootstrapInterval(values, 1)?.low).toBeLessThan(5);
    expect(bootstrapInterval(values, 1)?.high).toBeGreaterThan(4.5);
    expect(bootstrapInterval([1])).toBeNull();
  });
});

describe("the sign-flip test", () => {
  it("is exact for few questions", () => {
    expect(signFlipTest([1, 1, 1, 1, 1])).toBe(2 / 32);
    expect(signFlipTest([0.5, -0.5])).toBe(1);
    expect(signFlipTest([])).toBe(1);
    expect(signFlipTest([0, 0, 0])).toBe(1);
  });

  it("agrees with McNemar's test on many differences of one size", () => {
    const differences = [...Array.from({ length: 12 }, () => 1), ...Array.from({ length: 28 }, () => -1)];
    expect(signFlipTest(differences, 3)).toBeCloseTo(mcnemarExact(12, 28), 2);
  });

  it("is never 0 and repeats for a seed", () => {
    const differences = Array.from({ length: 200 }, () => 0.25);
    expect(signFlipTest(differences, 1)).toBe(1 / 10_000);
  });
});

describe("multiple comparisons", () => {
  it("adjusts as R's p.adjust with method holm", () => {
    expect(holm([0.01, 0.04, 0.03, 0.005])).toEqual([0.03, 0.06, 0.06, 0.02]);
  });

  it("never passes 1 and leaves unknown values out of the count", () => {
    expect(holm([0.6, null, 0.7])).toEqual([1, null, 1]);
    expect(holm([])).toEqual([]);
  });
});

describe("the minimum detectable difference", () => {
  it("shrinks with the square root of the questions", () => {
    const few = minimumDetectableDifference(Array.from({ length: 100 }, (_, i) => (i % 10 === 0 ? 1 : 0))) ?? 0;
    const many = minimumDetectableDifference(Array.from({ length: 400 }, (_, i) => (i % 10 === 0 ? 1 : 0))) ?? 0;
    // sd 0.3, n = 400: about 2.8 standard errors of 0.015.
    expect(many).toBeCloseTo(0.0422, 3);
    expect(few / many).toBeCloseTo(2, 1);
  });

  it("is unknown where no question differs", () => {
    expect(minimumDetectableDifference([0, 0, 0])).toBeNull();
    expect(minimumDetectableDifference([])).toBeNull();
  });
});
