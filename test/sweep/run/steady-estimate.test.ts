import { describe, expect, it } from "vitest";
import { SteadyEstimate } from "../../../src/sweep/run/steady-estimate.ts";

describe("the time that is left", () => {
  it("is not told while the estimates move, and told once they agree", () => {
    const estimate = new SteadyEstimate();
    // Loading makes the beginning look slow: 33 minutes were said of a run that took 10.
    expect([2, 4, 6, 8].map((at) => estimate.of(at, 2000 - 200 * at))).toEqual([null, null, null, null]);
    expect([20, 22, 24].map((at) => estimate.of(at, 600 - at))).toEqual([null, null, 576]);
    expect(estimate.of(26, 570)).toBe(570);
  });

  it("is taken back when they move again", () => {
    const estimate = new SteadyEstimate();
    for (const at of [6, 8, 10]) estimate.of(at, 100 - at);
    expect(estimate.of(12, 88)).toBe(88);
    expect(estimate.of(14, 186)).toBeNull();
  });

  it("needs more than one look, and more than a moment", () => {
    const estimate = new SteadyEstimate();
    expect([10, 10, 10].map((at) => estimate.of(at, 50))).toEqual([null, null, null]);
    const early = new SteadyEstimate();
    expect([1, 2, 3, 4].map((at) => early.of(at, 50 - at))).toEqual([null, null, null, null]);
  });

  it("is unknown where nothing is, and none at the end", () => {
    const estimate = new SteadyEstimate();
    expect(estimate.of(10, null)).toBeNull();
    expect(estimate.of(12, 0)).toBe(0);
  });
});
