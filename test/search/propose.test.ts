import { describe, expect, it } from "vitest";
import { seededRandom } from "../../src/base/random.ts";
import { coarsePlaces } from "../../src/search/propose.ts";
import { runRace } from "../../src/search/race.ts";
import { ALL_LEVERS, type RacePlan } from "../../src/search/race-plan.ts";

const SIDE = 6;
const places = Array.from({ length: SIDE * SIDE }, (_, i) => [
  Math.floor(i / SIDE) / (SIDE - 1),
  (i % SIDE) / (SIDE - 1),
]);

describe("a race over two axes", () => {
  it("begins on a coarse grid of every axis", () => {
    expect(coarsePlaces(places, 2)).toEqual([0, 3, 5, 18, 21, 23, 30, 33, 35]);
    expect(coarsePlaces(places, 0)).toHaveLength(36);
    // Of points that are no grid too few may lie on it.
    const scattered = [
      [0, 0.3],
      [0.2, 1],
      [0.7, 0.1],
      [1, 0.6],
    ];
    expect(coarsePlaces(scattered, 1)).toEqual([0, 1, 2, 3]);
  });

  it("finds a hill between the points that it began with, and asks few of the others", () => {
    const questions = 1500;
    const random = seededRandom(3);
    const accuracy = places.map(([a = 0, b = 0]) => 0.85 - 0.8 * ((a - 0.4) * (a - 0.4) + (b - 0.6) * (b - 0.6)));
    const right = Array.from({ length: questions }, () => {
      const difficulty = random();
      return accuracy.map((rate) => (0.9 * difficulty + 0.1 * random() < rate ? 1 : 0));
    });
    const plan: RacePlan = {
      positions: undefined,
      places,
      points: places.length,
      benchmarks: [{ name: "made up", questions }],
      measures: [{ measure: "accuracy", margin: 0 }],
      cheapest: false,
      against: undefined,
      levers: ALL_LEVERS,
      budget: { tokens: Number.POSITIVE_INFINITY },
      confidence: 0.95,
      seed: "two axes",
    };
    const outcome = runRace(plan, (point, _benchmark, question) => ({
      rates: [right[question]?.[point] ?? 0],
      tokens: 50,
    }));
    const best = places.findIndex(([a, b]) => a === 0.4 && b === 0.6);
    expect(outcome.looks[0]?.points).not.toContain(best);
    expect(outcome.asked[best]).toBeGreaterThan(100);
    expect(outcome.candidates[0]).toBe(best);
    expect(outcome.tokens).toBeLessThan(0.3 * outcome.gridTokens);
    expect(outcome.asked.filter((count) => count === 0).length).toBeGreaterThan(15);
    const dropped = outcome.looks.flatMap((look) => look.dropped.map(({ point }) => point));
    expect(dropped).not.toContain(best);
  });
});
