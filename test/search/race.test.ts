import { describe, expect, it } from "vitest";
import { seededRandom } from "../../src/base/random.ts";
import { type RaceOutcome, race, runRace } from "../../src/search/race.ts";
import { ALL_LEVERS, type AnswerLookup, type Ask, type Levers, type RacePlan } from "../../src/search/race-plan.ts";

const NO_LEVERS: Levers = { refine: 0, strata: false, elimination: false, futility: false };

/** Greedy answers of points that share questions: right where the question is easier than the point's accuracy, or nearly. */
function world(
  accuracies: readonly number[],
  questions: number,
  seed = 1,
  noise = 0.05,
): { readonly plan: RacePlan; readonly lookup: AnswerLookup } {
  const random = seededRandom(seed);
  const right = Array.from({ length: questions }, () => {
    const difficulty = random();
    return accuracies.map((accuracy) => ((1 - noise) * difficulty + noise * random() < accuracy ? 1 : 0));
  });
  const points = accuracies.length;
  const plan: RacePlan = {
    positions: accuracies.map((_, i) => i / (points - 1)),
    points,
    benchmarks: [{ name: "made up", questions }],
    measures: [{ measure: "accuracy", margin: 0.01 }],
    cheapest: true,
    against: undefined,
    levers: ALL_LEVERS,
    budget: { tokens: Number.POSITIVE_INFINITY },
    confidence: 0.95,
    seed: "test",
  };
  return {
    plan,
    lookup: (point, _benchmark, question) => ({ rates: [right[question]?.[point] ?? 0], tokens: 100 - 4 * point }),
  };
}

const steps = (of: (w: number) => number): number[] => Array.from({ length: 11 }, (_, i) => of(i / 10));

/** Everything that a race asks, and what comes of it. */
function asksOf(
  plan: RacePlan,
  lookup: AnswerLookup,
): { readonly asks: readonly Ask[]; readonly outcome: RaceOutcome } {
  const running = race(plan);
  const asks: Ask[] = [];
  let step = running.next();
  while (!step.done) {
    asks.push(...step.value.asks);
    step = running.next(lookup);
  }
  return { asks, outcome: step.value };
}

describe("a race over the points of a sweep", () => {
  it("finds the only point that keeps its accuracy, for a part of the tokens", () => {
    const { plan, lookup } = world(
      steps((w) => 0.8 - 0.3 * w),
      2000,
    );
    const outcome = runRace(plan, lookup);
    expect(outcome).toMatchObject({ stop: "answered", chosen: 0, needed: null });
    expect(outcome.tokens).toBeLessThan(0.1 * outcome.gridTokens);
    // Tokens are the same for all questions of a point: what the grid takes is known exactly.
    expect(outcome.gridTokens).toBeCloseTo(2000 * 11 * 80, 4);
  });

  it("finds the edge of a plateau between points that it began with", () => {
    const { plan, lookup } = world(
      steps((w) => (w <= 0.5 ? 0.8 : 0.5)),
      2000,
    );
    const outcome = runRace({ ...plan, measures: [{ measure: "accuracy", margin: 0.03 }] }, lookup);
    expect(outcome).toMatchObject({ stop: "answered", chosen: 5 });
    expect(outcome.asked[6]).toBeGreaterThan(0);
    const dropped = outcome.looks.flatMap((look) => look.dropped);
    expect(dropped.map(({ point }) => point).toSorted((a, b) => a - b)).toEqual(expect.arrayContaining([6, 7, 10]));
    for (const { t, critical, difference } of dropped) {
      expect(t).toBeGreaterThan(critical);
      expect(difference).toBeGreaterThan(0);
    }
  });

  it("gives a flat family up early, and says how many questions would decide", () => {
    const { plan, lookup } = world(
      steps(() => 0.8),
      500,
      1,
      0.3,
    );
    const outcome = runRace(plan, lookup);
    expect(outcome.stop).toBe("nothing more");
    expect(outcome.chosen).toBeUndefined();
    expect(outcome.candidates[0]).toBe(10);
    expect(outcome.needed).toBeGreaterThan(500);
    expect(outcome.tokens).toBeLessThan(0.4 * outcome.gridTokens);
  });

  it("looks for a peak between its points before it gives up", () => {
    const outcomes = Array.from({ length: 10 }, (_, seed) => {
      const { plan, lookup } = world(
        steps((w) => 0.7 + 0.1 * (1 - Math.abs(w - 0.5) / 0.5)),
        300,
        seed + 1,
        0.3,
      );
      return runRace(plan, lookup);
    });
    // By its coarse grid alone it would ask the middle in three of these.
    expect(outcomes.filter(({ asked }) => (asked[5] ?? 0) > 0).length).toBeGreaterThan(6);
  });

  it("looks for the highest where that is asked", () => {
    const { plan, lookup } = world(
      steps((w) => 0.9 - 0.6 * Math.abs(w - 0.3)),
      2000,
    );
    const outcome = runRace({ ...plan, cheapest: false, measures: [{ measure: "accuracy", margin: 0 }] }, lookup);
    expect(outcome).toMatchObject({ stop: "answered", chosen: 3, candidates: [3] });
  });

  it("holds points against one of them, which it asks to the end", () => {
    const { plan, lookup } = world(
      steps((w) => 0.6 + 0.3 * w),
      1000,
    );
    const outcome = runRace({ ...plan, against: 0 }, lookup);
    expect(outcome).toMatchObject({ stop: "answered", chosen: 10 });
    expect(outcome.asked[0]).toBeGreaterThanOrEqual(outcome.asked[10] ?? 0);
  });

  it("stops before the block that would not fit its budget", () => {
    const { plan, lookup } = world(
      steps(() => 0.8),
      500,
      1,
      0.3,
    );
    const budget = 50_000;
    const outcome = runRace(
      { ...plan, levers: { ...ALL_LEVERS, futility: false }, budget: { tokens: budget } },
      lookup,
    );
    expect(outcome.stop).toBe("budget");
    expect(outcome.tokens).toBeLessThanOrEqual(budget);
    expect(outcome.tokens).toBeGreaterThan(budget / 2);
  });

  it("asks everything with all levers off, and each question of a point once", () => {
    const { plan, lookup } = world(
      steps(() => 0.8),
      300,
    );
    const { asks, outcome } = asksOf({ ...plan, levers: NO_LEVERS }, lookup);
    expect(outcome).toMatchObject({ stop: "all asked", asked: steps(() => 300), tokens: outcome.gridTokens });
    const keys = asks.flatMap(({ point, questions }) => questions.map((question) => `${point} ${question}`));
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys).toHaveLength(3300);
  });

  it("asks a sample of what the ends answer alike, and never the same question twice", () => {
    const { plan, lookup } = world(
      steps((w) => 0.8 - 0.1 * w),
      500,
    );
    const { asks, outcome } = asksOf({ ...plan, levers: { ...NO_LEVERS, strata: true } }, lookup);
    const keys = asks.flatMap(({ point, questions }) => questions.map((question) => `${point} ${question}`));
    expect(new Set(keys).size).toBe(keys.length);
    expect(outcome.asked[0]).toBe(500);
    expect(outcome.asked[10]).toBe(500);
    expect(outcome.asked[5]).toBeLessThan(400);
    // Where the ends differ, every question is asked.
    const differing = Array.from({ length: 500 }, (_, q) => q).filter(
      (q) => lookup(0, 0, q).rates[0] !== lookup(10, 0, q).rates[0],
    );
    const ofMiddle = new Set(asks.filter(({ point }) => point === 5).flatMap(({ questions }) => questions));
    expect(differing.length).toBeGreaterThan(20);
    expect(differing.filter((q) => !ofMiddle.has(q))).toEqual([]);
  });

  it("depends on answers alone: begun again it asks and ends the same", () => {
    const { plan, lookup } = world(
      steps((w) => 0.8 - 0.1 * w),
      500,
    );
    const [first, second] = [asksOf(plan, lookup), asksOf(plan, lookup)];
    expect(second).toEqual(first);
  });

  it("counts several benchmarks the same, and several measures together", () => {
    const accuracy = world(
      steps((w) => (w <= 0.5 ? 0.8 : 0.5)),
      1200,
    );
    const format = world(
      steps((w) => (w <= 0.3 ? 0.9 : 0.6)),
      1200,
      2,
    );
    const plan: RacePlan = {
      ...accuracy.plan,
      benchmarks: [
        { name: "a", questions: 1000 },
        { name: "b", questions: 200 },
      ],
      measures: [
        { measure: "accuracy", margin: 0.03 },
        { measure: "format", margin: 0.03 },
      ],
    };
    const outcome = runRace(plan, (point, benchmark, question) => {
      const q = benchmark * 1000 + question;
      return {
        rates: [accuracy.lookup(point, 0, q).rates[0] ?? 0, format.lookup(point, 0, q).rates[0] ?? 0],
        tokens: 100 - 4 * point,
      };
    });
    expect(outcome).toMatchObject({ stop: "answered", chosen: 3 });
  });
});
