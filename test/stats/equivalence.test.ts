import { describe, expect, it } from "vitest";
import { seededRandom } from "../../src/base/random.ts";
import { errorForVerdict, testEquivalence } from "../../src/stats/equivalence.ts";
import { normalDraws } from "../../src/stats/normal-draws.ts";

const MANY = Number.POSITIVE_INFINITY;

describe("the equivalence test", () => {
  it("reads the verdict off the 90% interval, which more tests make wider", () => {
    const one = testEquivalence({ difference: 1, error: 1, degrees: MANY }, 3, 1);
    expect(one.interval.low).toBeCloseTo(1 - 1.6449, 3);
    expect(one.interval.high).toBeCloseTo(1 + 1.6449, 3);
    expect(one).toMatchObject({ verdict: "within", confidence: 0.9 });
    // P(t < -2) of the upper of the two tests.
    expect(one.pWithin).toBeCloseTo(0.02275, 4);
    const six = testEquivalence({ difference: 1, error: 1, degrees: MANY }, 3, 6);
    expect(six.interval.high).toBeCloseTo(1 + 2.394, 3);
    expect(six).toMatchObject({ verdict: "open" });
    expect(six.pWithin).toBeCloseTo(6 * 0.02275, 3);
  });

  it("uses Student's t where the error is an estimate", () => {
    const { interval } = testEquivalence({ difference: 0, error: 1, degrees: 2 }, 3, 1);
    expect(interval.high).toBeCloseTo(2.92, 3);
  });

  it("tells what is beyond the margin, on either side, and what is known exactly", () => {
    expect(testEquivalence({ difference: 5, error: 1, degrees: MANY }, 3, 1).verdict).toBe("beyond");
    const below = testEquivalence({ difference: -5, error: 1, degrees: MANY }, 3, 1);
    expect(below.verdict).toBe("beyond");
    expect(below.pBeyond).toBeCloseTo(0.02275, 4);
    expect(testEquivalence({ difference: 4, error: 1, degrees: MANY }, 3, 1).verdict).toBe("open");
    expect(testEquivalence({ difference: 2.9, error: 0, degrees: MANY }, 3, 1)).toMatchObject({
      verdict: "within",
      pWithin: 0,
    });
    expect(testEquivalence({ difference: 3.1, error: 0, degrees: MANY }, 3, 1)).toMatchObject({
      verdict: "beyond",
      pWithin: 1,
    });
  });

  it("claims equivalence in at most one of twenty cases when the truth lies on the margin", () => {
    const normal = normalDraws(seededRandom(7));
    let [claimed, beyond] = [0, 0];
    for (let i = 0; i < 4000; i++) {
      const { verdict } = testEquivalence({ difference: 3 + normal(), error: 1, degrees: MANY }, 3, 1);
      if (verdict === "within") claimed++;
      if (verdict === "beyond") beyond++;
    }
    for (const share of [claimed / 4000, beyond / 4000]) expect(share).toBeLessThan(0.06);
    expect(beyond / 4000).toBeGreaterThan(0.04);
  });

  it.each([0, 1.5, 6])(
    "at the error that it asks for, tells a true difference of %d in four of five cases",
    (truth) => {
      const error = errorForVerdict(truth, 3, 6);
      const normal = normalDraws(seededRandom(11));
      let told = 0;
      for (let i = 0; i < 1000; i++) {
        const { verdict } = testEquivalence({ difference: truth + error * normal(), error, degrees: MANY }, 3, 6);
        if (verdict !== "open") told++;
      }
      expect(told / 1000).toBeGreaterThan(0.77);
    },
  );
});
