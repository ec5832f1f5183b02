import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rateFacts, rateInterval, runsInterval } from "../../src/stats/rate.ts";

const rates = (n: number, ...first: readonly number[]): number[] => [
  ...first,
  ...Array.from({ length: n - first.length }, () => 0),
];

describe("the interval of a rate", () => {
  it.each([
    ["30 questions, none right", rates(30), 1, 30, [0, 0.134712]],
    ["30 questions of 10 attempts, none right", rates(30), 10, 30, [0, 0.134712]],
    ["one question 1 of 10", rates(30, 0.1), 10, 54.528875, [0, 0.083823]],
    ["one question 10 of 10", rates(30, 1), 10, 30, [0, 0.180918]],
    [
      "40 questions of 4, spread evenly",
      [0, 0.25, 0.5, 0.75, 1].flatMap((rate) => Array.from({ length: 8 }, () => rate)),
      4,
      75.817378,
      [0.3902, 0.6098],
    ],
  ] as const)("is as published: %s", (_name, values, attempts, effective, [low, high]) => {
    expect(rateFacts({ rates: values, attempts })?.effective).toBeCloseTo(effective, 5);
    const interval = rateInterval({ rates: values, attempts });
    expect(interval?.low).toBeCloseTo(low, 5);
    expect(interval?.high).toBeCloseTo(high, 5);
  });

  it("is Agresti and Coull's with one attempt each", () => {
    // (424 + 1.9208) / (500 + 3.8415) +- 1.96 sqrt(p (1 - p) / 503.84)
    const interval = rateInterval({ rates: rates(500, ...Array.from({ length: 424 }, () => 1)), attempts: 1 });
    expect(interval?.low).toBeCloseTo(0.813775, 5);
    expect(interval?.high).toBeCloseTo(0.876918, 5);
  });

  it("counts no question that was not asked", () => {
    const asked = rateInterval({ rates: [1, 0, 1, 1], attempts: 1 });
    expect(rateInterval({ rates: [1, Number.NaN, 0, 1, Number.NaN, 1], attempts: 1 })).toEqual(asked);
    expect(rateInterval({ rates: [Number.NaN], attempts: 1 })).toBeNull();
  });

  it("does not change with the scale of the weights, and is wider where they differ", () => {
    const values = [1, 0, 1, 1, 0, 1, 1, 1, 0, 1];
    const plain = rateInterval({ rates: values, attempts: 1 });
    expect(rateInterval({ rates: values, attempts: 1, weights: values.map(() => 7) })).toEqual(plain);
    const uneven = rateFacts({ rates: values, attempts: 1, weights: values.map((_, i) => (i < 5 ? 1 : 9)) });
    expect(uneven?.effective).toBeLessThan(7);
  });

  it("holds its middle, lies within 0 and 1, mirrors, and shrinks with confidence", () => {
    const sample = fc.record({
      counts: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 60 }),
    });
    fc.assert(
      fc.property(sample, ({ counts }) => {
        const values = counts.map((count) => count / 4);
        const interval = rateInterval({ rates: values, attempts: 4 });
        const mirrored = rateInterval({ rates: values.map((value) => 1 - value), attempts: 4 });
        const narrow = rateInterval({ rates: values, attempts: 4 }, { confidence: 0.8 });
        const mean = values.reduce((a, b) => a + b, 0) / values.length;
        if (interval === null || mirrored === null || narrow === null) throw new Error("an interval is missing");
        expect(interval.low).toBeGreaterThanOrEqual(0);
        expect(interval.high).toBeLessThanOrEqual(1);
        expect(interval.low).toBeLessThanOrEqual(mean + 1e-12);
        expect(interval.high).toBeGreaterThanOrEqual(mean - 1e-12);
        expect(1 - mirrored.high).toBeCloseTo(interval.low, 9);
        expect(narrow.high - narrow.low).toBeLessThanOrEqual(interval.high - interval.low + 1e-12);
      }),
    );
  });
});

describe("the interval over whole runs", () => {
  it("is Student's t of their means", () => {
    // R: t.test(c(0.2, 0.3, 0.25))$conf.int
    const { low, high } = runsInterval([0.2, 0.3, Number.NaN, 0.25], 500) ?? { low: 0, high: 1 };
    expect([low, high]).toEqual([expect.closeTo(0.125793, 6), expect.closeTo(0.374207, 6)]);
    expect(runsInterval([0.2], 500)).toBeNull();
  });

  it("is no finer than the means are, and lies within 0 and 1", () => {
    // Three runs of 30 questions that agree: each mean is known to 1/30 only.
    const half = 4.302653 / 30 / Math.sqrt(36);
    expect(runsInterval([0.5, 0.5, 0.5], 30)).toEqual({
      low: expect.closeTo(0.5 - half, 6),
      high: expect.closeTo(0.5 + half, 6),
    });
    expect(runsInterval([1, 1], 30)?.high).toBe(1);
  });
});
