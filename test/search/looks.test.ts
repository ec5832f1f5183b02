import { describe, expect, it } from "vitest";
import { Boundary } from "../../src/search/boundary.ts";
import { frontOf, lookFronts, spentOnAnswers, spentOnDrops } from "../../src/search/looks.ts";
import { coarseGrid, middlesBeside } from "../../src/search/refine.ts";

describe("where a race looks", () => {
  it("has fixed borders that grow with the questions, the last of them all", () => {
    expect(lookFronts(500)).toEqual([50, 70, 98, 137, 192, 269, 377, 500]);
    expect(lookFronts(30)).toEqual([30]);
    expect(lookFronts(5000)).toHaveLength(15);
    for (let n = 1; n < 3000; n += 17) {
      const fronts = lookFronts(n);
      expect(fronts.at(-1)).toBe(n);
      expect(fronts).toEqual([...new Set(fronts)].toSorted((a, b) => a - b));
    }
  });

  it("lets every benchmark go on at the same pace, to its end", () => {
    expect([50, 250, 500].map((front) => frontOf(100, front, 500))).toEqual([10, 50, 100]);
  });

  it("never spends more than the error, and keeps half of what answers may spend for the end", () => {
    expect(spentOnDrops({ look: 2, looks: 10, whole: 0 }, 0.05)).toBeCloseTo(0.01, 12);
    expect(spentOnAnswers({ look: 9, looks: 10, whole: 0 }, 0.05)).toBeCloseTo(0.0225, 12);
    expect(spentOnAnswers({ look: 10, looks: 10, whole: 1 }, 0.05)).toBeCloseTo(0.0375, 12);
    expect(spentOnAnswers({ look: 40, looks: 10, whole: 30 }, 0.05)).toBeLessThanOrEqual(0.05);
  });
});

describe("the boundary of a family of tests", () => {
  const draws = Float64Array.from({ length: 99 }, (_, i) => i / 10);

  it("lets the given part of the draws exceed it, counting one that was not drawn", () => {
    // 4 of 99 draws exceed 9.4: (1 + 4) / 100.
    expect(new Boundary(99).critical(draws, 0.05, 1e6)).toBeCloseTo(9.4, 12);
    expect(new Boundary(99).critical(draws, 0.005, 1e6)).toBe(Number.POSITIVE_INFINITY);
  });

  it("does not count again what has crossed, and gives later looks what is left", () => {
    const boundary = new Boundary(99);
    boundary.cross(draws, boundary.critical(draws, 0.03, 1e6));
    // Draws 9.7 and 9.8 have crossed; two more may.
    expect(boundary.critical(draws, 0.05, 1e6)).toBeCloseTo(9.4, 12);
    boundary.cross(draws, 9.4);
    expect(boundary.critical(draws, 0.05, 1e6)).toBe(Number.POSITIVE_INFINITY);
  });

  it("asks at least for the t of one comparison at this look's share", () => {
    expect(new Boundary(99).critical(new Float64Array(99), 0.05, 1e6)).toBeCloseTo(1.6449, 3);
    expect(new Boundary(99).critical(new Float64Array(99), 0.05, 10)).toBeCloseTo(1.8125, 3);
  });
});

describe("the grid of a race", () => {
  it("begins evenly, with gaps that so many halvings close", () => {
    expect(coarseGrid(11, 2)).toEqual([0, 3, 7, 10]);
    expect(coarseGrid(11, 1)).toEqual([0, 2, 4, 6, 8, 10]);
    expect(coarseGrid(11, 0)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(coarseGrid(2, 3)).toEqual([0, 1]);
    expect(coarseGrid(1, 2)).toEqual([0]);
  });

  it("halves the gaps beside a point, and no others", () => {
    expect(middlesBeside([3], [0, 3, 7, 10])).toEqual([1, 5]);
    expect(middlesBeside([10], [7, 0, 3, 10])).toEqual([8]);
    expect(middlesBeside([4], [3, 4, 5])).toEqual([]);
  });
});
