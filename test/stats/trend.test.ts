import { describe, expect, it } from "vitest";
import { seededRandom } from "../../src/base/random.ts";
import { rank, spearman, trendTest } from "../../src/stats/trend.ts";

const LEVELS = [0, 0.25, 0.5, 0.75, 1];

describe("rank correlation", () => {
  it("shares ranks among ties", () => {
    expect(rank([10, 20, 20, 5])).toEqual([2, 3.5, 3.5, 1]);
  });

  it("gives textbook values", () => {
    expect(spearman([1, 2, 3, 4, 5], [5, 6, 7, 8, 7])).toBeCloseTo(0.8207826817, 9);
    expect(spearman([1, 2, 3], [3, 2, 1])).toBe(-1);
  });

  it("is unknown where nothing varies", () => {
    expect(spearman([1, 2, 3], [4, 4, 4])).toBeNull();
    expect(spearman([], [])).toBeNull();
  });
});

describe("the trend test within questions", () => {
  it("finds a fall that unpaired noise would hide", () => {
    const random = seededRandom(1);
    const questions = Array.from({ length: 40 }, () => {
      const length = 1000 * random();
      return LEVELS.map((level) => length - 5 * level + 4 * random());
    });
    const { spearman: rho, trendP, anyP } = trendTest(questions, LEVELS);
    expect(rho).toBeLessThan(-0.8);
    expect(trendP).toBeLessThan(0.01);
    expect(anyP).toBeLessThan(0.01);
  });

  it("finds a bump that is no trend", () => {
    const questions = Array.from({ length: 40 }, (_, i) => [0, i % 2, 1, i % 2, 0]);
    const { trendP, anyP } = trendTest(questions, LEVELS);
    expect(anyP).toBeLessThan(0.01);
    expect(trendP).toBeGreaterThan(0.5);
  });

  it("finds nothing in noise, at the rate it promises", () => {
    let found = 0;
    for (let trial = 0; trial < 100; trial++) {
      const random = seededRandom(100 + trial);
      const questions = Array.from({ length: 20 }, () => LEVELS.map(() => (random() < 0.7 ? 1 : 0)));
      if (trendTest(questions, LEVELS, trial, 199).trendP < 0.05) found++;
    }
    expect(found).toBeLessThanOrEqual(12);
  });

  it("calls identical answers no change", () => {
    expect(
      trendTest(
        [
          [1, 1, 1],
          [0, 0, 0],
        ],
        [0, 0.5, 1],
      ),
    ).toEqual({ spearman: null, trendP: 1, anyP: 1 });
    expect(trendTest([], [0, 1])).toEqual({ spearman: null, trendP: 1, anyP: 1 });
  });
});
