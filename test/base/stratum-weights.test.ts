import { describe, expect, it } from "vitest";
import { stratumWeights } from "../../src/base/stratum-weights.ts";

describe("what questions of strata stand for", () => {
  const strata = { of: [0, 0, 0, 0, 1, 1, -1], sizes: [4, 2] };

  it("is all of a stratum over those that were asked", () => {
    expect(stratumWeights(strata, (q) => ![1, 2].includes(q))).toEqual(Float64Array.of(2, 2, 2, 2, 1, 1, 1));
  });

  it("is nothing but themselves where all or none of each stratum was asked", () => {
    expect(stratumWeights(strata, () => true)).toBeUndefined();
    expect(stratumWeights(strata, (q) => q > 3)).toBeUndefined();
    expect(stratumWeights(undefined, () => true)).toBeUndefined();
  });
});
