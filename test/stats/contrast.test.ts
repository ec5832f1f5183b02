import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { contrastSums, normalOfT, RATE_BOUND, runBound, testContrast } from "../../src/stats/contrast.ts";

const values = (n: number, ...first: readonly number[]): number[] => [
  ...first,
  ...Array.from({ length: n - first.length }, () => 0),
];
const repeat = (value: number, times: number): number[] => Array.from({ length: times }, () => value);

const test = (differences: readonly number[], bound = RATE_BOUND): ReturnType<typeof testContrast> =>
  testContrast(contrastSums(differences, bound), bound);

describe("the pseudo-pair t", () => {
  it.each([
    ["5 wins, no loss", values(500, ...repeat(1, 5)), [0.00996, 0.005257, 1.894691, 0.058711, -0.000368, 0.020289]],
    [
      "20 to 8",
      values(500, ...repeat(1, 20), ...repeat(-1, 8)),
      [0.023904, 0.010869, 2.199247, 0.028318, 0.002549, 0.04526],
    ],
    ["no question differs", values(500), [0, 0.00282, 0, 1, -0.00554, 0.00554]],
    [
      "means over attempts",
      values(30, 0.1, 0.2, -0.1, 0.5, 0.3, 0.1),
      [0.034375, 0.027952, 1.229802, 0.228655, -0.022793, 0.091543],
    ],
  ] as const)("is as published: %s", (_name, differences, [centre, error, t, p, low, high]) => {
    const found = test(differences);
    expect(found.centre).toBeCloseTo(centre, 6);
    expect(found.error).toBeCloseTo(error, 6);
    expect(found.t).toBeCloseTo(t, 5);
    expect(found.p).toBeCloseTo(p, 6);
    expect(found.interval?.low).toBeCloseTo(low, 6);
    expect(found.interval?.high).toBeCloseTo(high, 6);
    expect(found.estimate).toBeCloseTo(differences.reduce((a, b) => a + b, 0) / differences.length, 12);
  });

  it("is the plain t of lengths, which have no bound", () => {
    const found = test([3, 5, 1, 7], 0);
    expect(found.estimate).toBe(4);
    expect(found.error).toBeCloseTo(Math.sqrt(20 / 3 / 4), 12);
  });

  it("says nothing of one question", () => {
    expect(test([1])).toMatchObject({ estimate: 1, p: null, interval: null });
    expect(test([Number.NaN])).toMatchObject({ questions: 0, estimate: 0, p: null });
  });

  it("is significant exactly when its interval leaves out 0; turns with the sign; weights of one scale change nothing", () => {
    const differences = fc.array(fc.constantFrom(-1, -0.5, 0, 0, 0, 0.5, 1), { minLength: 2, maxLength: 80 });
    fc.assert(
      fc.property(differences, (list) => {
        const found = test(list);
        const turned = test(list.map((value) => -value));
        if (found.interval === null || found.p === null) throw new Error("a test is missing");
        expect(found.p < 0.05).toBe(found.interval.low > 1e-15 || found.interval.high < -1e-15);
        expect(turned.t).toBeCloseTo(-found.t, 9);
        const weighted = contrastSums(list, RATE_BOUND, repeat(3, list.length));
        expect(weighted.sum).toBeCloseTo(found.sum, 9);
        expect(weighted.squares).toBeCloseTo(found.squares, 9);
      }),
    );
  });
});

describe("Wallace's z", () => {
  it("is near the exact one", () => {
    expect(normalOfT(2.5, 29)).toBeCloseTo(2.358812, 6);
    expect(normalOfT(-2.5, 29)).toBeCloseTo(-2.358812, 6);
  });
});

describe("a contrast of whole runs", () => {
  it("is the plain t, of differences that vary by no less than their rounding", () => {
    const bound = runBound(500);
    // R: t.test(c(0.01, 0.03, 0.02)): t = 3.4641, p = 0.07418
    expect(test([0.01, 0.03, 0.02], bound)).toMatchObject({
      t: expect.closeTo(3.4641, 4),
      p: expect.closeTo(0.07418, 5),
    });
    const same = test([0.01, 0.01, 0.01], bound);
    expect(same.error).toBeCloseTo(1 / 500 / Math.sqrt(18), 9);
    expect(same.p).toBeGreaterThan(0.001);
  });
});
