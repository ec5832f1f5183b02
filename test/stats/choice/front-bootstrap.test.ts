import { describe, expect, it } from "vitest";
import { seededRandom } from "../../../src/base/random.ts";
import { bootstrapFront } from "../../../src/stats/choice/front-bootstrap.ts";

describe("the bootstrapped front", () => {
  const reference = { gain: 0, cost: 1 };

  it("is sure of what beats everything, and of what is beaten", () => {
    const gains = [
      [1, 1, 1, 1],
      [0, 0, 0, 0],
    ];
    const costs = [
      [0.1, 0.1, 0.1, 0.1],
      [0.5, 0.5, 0.5, 0.5],
    ];
    const { probability, hypervolume, hypervolumeInterval } = bootstrapFront([gains], costs, reference);
    expect(probability).toEqual([1, 0]);
    expect(hypervolume).toBeCloseTo(0.9, 12);
    expect(hypervolumeInterval?.low).toBeCloseTo(0.9, 12);
  });

  it("does not choose between choices that differ by luck only", () => {
    const random = seededRandom(5);
    const gains = [0, 1].map(() => Array.from({ length: 200 }, () => (random() < 0.5 ? 1 : 0)));
    const costs = [0, 1].map(() => Array.from({ length: 200 }, () => 0.4 + 0.2 * random()));
    const { probability } = bootstrapFront([gains], costs, reference, { seed: 1 });
    expect(Math.max(...probability)).toBeLessThanOrEqual(1);
    expect(Math.min(...probability)).toBeGreaterThan(0.01);
    expect(bootstrapFront([gains], costs, reference, { seed: 1 }).probability).toEqual(probability);
  });

  it("has nothing to say without questions", () => {
    expect(bootstrapFront([], [], reference)).toEqual({
      onFront: [],
      probability: [],
      hypervolume: 0,
      hypervolumeInterval: null,
    });
    expect(bootstrapFront([[[]]], [[]], reference).probability).toEqual([0]);
  });
});
