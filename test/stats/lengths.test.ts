import { describe, expect, it } from "vitest";
import { lengthInterval, ratioOfMeans, ratioOfQuestions } from "../../src/stats/lengths.ts";

const long = [812, 950, 1033, 1210, 1398, 1502, 1777, 2204, 3051, 8192];
const short = [401, 520, 499, 700, 650, 801, 850, 1300, 1500, 5000];

describe("lengths", () => {
  it("have Hall's interval: further up than Student's where some answers are long", () => {
    const interval = lengthInterval(long);
    expect(interval?.low).toBeCloseTo(1201.688, 3);
    expect(interval?.high).toBeCloseTo(7195.434, 3);
  });

  it("have Student's interval where they are symmetric, none of one, no width where all are alike", () => {
    expect(lengthInterval([1, 2, 3])?.low).toBeCloseTo(Math.max(0, 2 - 4.302653 * Math.sqrt(1 / 3)), 5);
    expect(lengthInterval([5])).toBeNull();
    expect(lengthInterval([5, 5, 5])).toEqual({ low: 5, high: 5 });
  });

  it("are compared by the ratio of their means, with Fieller's interval", () => {
    const found = ratioOfMeans(short, long);
    expect(found?.ratio).toBeCloseTo(12221 / 22129, 12);
    expect(found?.interval?.low).toBeCloseTo(0.370823, 6);
    expect(found?.interval?.high).toBeCloseTo(0.592454, 6);
    expect(ratioOfMeans([1, 2], [0, 0])).toBeNull();
    expect(ratioOfMeans([1, 1000], [1, 1000])?.interval).toBeNull();
  });

  it("count a question for as many as it stands for", () => {
    const alike = long.map(() => 3);
    expect(lengthInterval(long, { weights: alike })?.high).toBeCloseTo(lengthInterval(long)?.high ?? 0, 9);
    expect(ratioOfMeans(short, long, { weights: alike })?.interval?.low).toBeCloseTo(0.370823, 6);
    expect(ratioOfQuestions(short, long, { weights: alike })?.ratio).toBeCloseTo(
      ratioOfQuestions(short, long)?.ratio ?? 0,
      12,
    );

    const weights = [1, 1, 3];
    expect(ratioOfMeans([1, 2, 3], [2, 2, 4], { weights })?.ratio).toBeCloseTo(12 / 16, 12);
    expect(ratioOfQuestions([1, 2, 3], [2, 2, 0], { weights })?.ratio).toBeCloseTo(Math.sqrt(0.5), 12);
    const interval = lengthInterval([10, 20, 30], { weights });
    expect(interval?.low).toBeLessThan(24);
    expect(interval?.high).toBeGreaterThan(24);
    // Hardly asked for what it stands for: one long answer moves the mean by its weight, and is as uncertain.
    const few = [...Array.from({ length: 30 }, (_, i) => 100 + i), 900];
    const heavy = lengthInterval(few, { weights: [...Array.from({ length: 30 }, () => 1), 30] });
    expect((heavy?.high ?? 0) - (heavy?.low ?? 0)).toBeGreaterThan(400);
  });

  it("are compared question by question, without those that have no length", () => {
    expect(ratioOfQuestions([10, 20, 0], [20, 40, 5])).toEqual({
      ratio: expect.closeTo(0.5, 12),
      interval: { low: expect.closeTo(0.5, 12), high: expect.closeTo(0.5, 12) },
      questions: 2,
    });
    expect(ratioOfQuestions([0], [1])).toBeNull();
  });
});
