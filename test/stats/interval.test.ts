import { describe, expect, it } from "vitest";
import { normalQuantile, studentCdf, studentQuantile } from "../../src/stats/distributions.ts";
import { studentInterval } from "../../src/stats/interval.ts";
import { mean, standardError, sum, variance } from "../../src/stats/mean.ts";
import { median, quantile } from "../../src/stats/quantile.ts";

describe("means and quantiles", () => {
  it("gives no mean of nothing, and no spread of one value", () => {
    expect(mean([])).toBeNull();
    expect(variance([3])).toBeNull();
    expect(standardError([3])).toBeNull();
  });

  it("gives textbook values", () => {
    expect(mean([2, 4, 4, 4, 5, 5, 7, 9])).toBe(5);
    expect(variance([2, 4, 4, 4, 5, 5, 7, 9])).toBeCloseTo(32 / 7, 12);
    expect(standardError([1, 2, 3, 4])).toBeCloseTo(Math.sqrt(5 / 3 / 4), 12);
  });

  it("does not lose small terms beside large ones", () => {
    expect(sum([1, 1e100, 1, -1e100])).toBe(2);
  });

  it("interpolates quantiles as R and NumPy do", () => {
    expect(median([5, 1, 3])).toBe(3);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(quantile([1, 2, 3, 4, 5], 0.9)).toBeCloseTo(4.6, 12);
    expect(quantile([7], 0.9)).toBe(7);
    expect(quantile([], 0.5)).toBeNull();
  });
});

describe("distributions", () => {
  it("knows the quantiles of the normal", () => {
    expect(normalQuantile(0.975)).toBeCloseTo(1.959963984540054, 12);
    expect(normalQuantile(0.8)).toBeCloseTo(0.8416212335729143, 12);
    expect(normalQuantile(1e-9)).toBeCloseTo(-5.997807015, 8);
  });

  it.each([
    [1, 12.706204736432095],
    [2, 4.302652729696142],
    [10, 2.228138851964939],
    [29, 2.045229642132703],
    [499, 1.964729390987682],
  ])("knows Student's t for %d degrees of freedom", (degrees, expected) => {
    expect(studentQuantile(0.975, degrees)).toBeCloseTo(expected, 9);
    expect(studentCdf(studentQuantile(0.3, degrees), degrees)).toBeCloseTo(0.3, 12);
  });
});

describe("intervals", () => {
  it("gives Student's interval, and none of one value", () => {
    const interval = studentInterval([1, 2, 3, 4, 5]);
    expect(interval?.low).toBeCloseTo(3 - 2.7764451052 * Math.sqrt(0.5), 8);
    expect(interval?.high).toBeCloseTo(3 + 2.7764451052 * Math.sqrt(0.5), 8);
    expect(studentInterval([3])).toBeNull();
  });
});
