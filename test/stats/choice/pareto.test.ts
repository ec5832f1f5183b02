import { describe, expect, it } from "vitest";
import { dominates, hypervolume, paretoFront } from "../../../src/stats/choice/pareto.ts";

const choice = (gain: number, cost: number): { gain: number; cost: number } => ({ gain, cost });

describe("the Pareto front", () => {
  it("keeps what nothing beats in both, cheapest first", () => {
    const front = paretoFront([choice(0.9, 70), choice(0.8, 40), choice(0.85, 60), choice(0.84, 65), choice(0.8, 45)]);
    expect(front).toEqual([choice(0.8, 40), choice(0.85, 60), choice(0.9, 70)]);
  });

  it("keeps equal choices: neither beats the other", () => {
    expect(dominates(choice(1, 1), choice(1, 1))).toBe(false);
    expect(paretoFront([choice(1, 1), choice(1, 1)])).toHaveLength(2);
  });
});

describe("the hypervolume", () => {
  it("is the area up to the reference", () => {
    // 0.5 x (100 - 40) + 0.2 x (100 - 60)
    expect(hypervolume([choice(0.5, 40), choice(0.7, 60)], choice(0, 100))).toBeCloseTo(38, 12);
  });

  it("is not changed by what is beaten, equal, or beyond the reference", () => {
    const reference = choice(0.1, 100);
    const alone = hypervolume([choice(0.5, 40)], reference);
    expect(
      hypervolume([choice(0.5, 40), choice(0.4, 50), choice(0.5, 40), choice(0.9, 100), choice(0.1, 5)], reference),
    ).toBe(alone);
    expect(hypervolume([], reference)).toBe(0);
  });
});
