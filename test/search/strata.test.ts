import { describe, expect, it } from "vitest";
import { AnswerSheets } from "../../src/search/answer-sheet.ts";
import { ALL_LEVERS, type RacePlan } from "../../src/search/race-plan.ts";
import { Strata } from "../../src/search/strata.ts";

const plan: RacePlan = {
  positions: [0, 0.5, 1],
  points: 3,
  benchmarks: [{ name: "made up", questions: 10 }],
  measures: [{ measure: "accuracy", margin: 0.01 }],
  cheapest: true,
  against: undefined,
  levers: ALL_LEVERS,
  budget: { tokens: Number.POSITIVE_INFINITY },
  confidence: 0.95,
  seed: "strata",
};
const block = { benchmark: 0, from: 0, to: 10 };
/** The ends differ on 0 and 1, are both right on 2 to 7, and both wrong on 8 and 9. */
const first = [1, 0, 1, 1, 1, 1, 1, 1, 0, 0];
const last = [0, 1, 1, 1, 1, 1, 1, 1, 0, 0];

const lookup = (point: number, _benchmark: number, question: number): { rates: number[]; tokens: number } => ({
  rates: [(point === 0 ? first : last)[question] ?? 0],
  tokens: 10,
});

describe("strata by the ends' answers", () => {
  const sheets = new AnswerSheets(plan);
  const strata = new Strata(plan, sheets);
  it("asks all of a block where nothing was drawn", () => {
    expect(strata.sample(1, block)).toEqual(strata.whole(1, block));
  });

  it("asks part of each stratum, and lets it stand for all", () => {
    sheets.note(strata.whole(0, block), lookup);
    sheets.note(strata.whole(2, block), lookup);
    expect(strata.pilotsOf(block, [0, 1, 2])).toEqual([0, 2]);
    strata.label(block, [0, 2]);
    strata.draw(block, [1, 0.5, 0.25]);
    const { questions, weights } = strata.sample(1, block);
    // Never fewer than two of a stratum.
    expect(questions).toEqual([0, 1, 2, 3, 4, 8, 9]);
    expect(weights).toEqual([1, 1, 2, 2, 2, 1, 1]);
  });

  it("draws a block once and for good", () => {
    strata.draw(block, [0.1, 0.1, 0.1]);
    expect(strata.sample(1, block).questions).toHaveLength(7);
  });

  it("makes of a sample the mean that all questions would have given, on average", () => {
    sheets.note(strata.sample(1, block), (_point, _benchmark, question) => ({
      rates: [question < 5 ? 1 : 0],
      tokens: 10,
    }));
    // Weighted: 2 of the stratum of two, 6 for three of six, none of two.
    expect(sheets.mean(1, 0)).toBeCloseTo(0.8, 12);
    expect(sheets.asked(1)).toBe(7);
    expect(sheets.spent).toBe(270);
    expect(sheets.wholeTokens(1, 0)).toBe(100);
  });
});
