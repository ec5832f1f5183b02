import { describe, expect, it } from "vitest";
import { seededRandom } from "../../../src/base/random.ts";
import { differsBetween, macroAverage } from "../../../src/stats/averages.ts";
import { comparePairwise, decisionCritical, losesAtMost, mayBeBest } from "../../../src/stats/choice/best.ts";
import { shrinkMeans } from "../../../src/stats/choice/best-probability.ts";
import { crossFit, FOLDS, FoldedMeans, FoldedPairs, foldsOf } from "../../../src/stats/choice/cross-fit.ts";
import { contrastSums } from "../../../src/stats/contrast.ts";
import { detectableDifference } from "../../../src/stats/detectable.ts";
import { BenchmarkFlips } from "../../../src/stats/family.ts";
import { cholesky, solveFactored } from "../../../src/stats/matrix.ts";
import { attemptsForPair, questionCovariance, questionsForPair, questionsToDecide } from "../../../src/stats/needed.ts";
import { rateBand } from "../../../src/stats/rate-band.ts";
import { varianceComponents } from "../../../src/stats/variance-shares.ts";

/** Points that share questions: greedy answers by a latent ability, and so much more of the later ones right. */
function points(n: number, levels: readonly number[], seed = 1): Float64Array[] {
  const random = seededRandom(seed);
  const difficulty = Float64Array.from({ length: n }, () => random());
  return levels.map((level) =>
    Float64Array.from({ length: n }, (_, q) => (0.9 * (difficulty[q] ?? 0) + 0.1 * random() < level ? 1 : 0)),
  );
}

const covariance = (error: number, size: number): Float64Array[] =>
  Array.from({ length: size }, (_, i) => Float64Array.from({ length: size }, (__, j) => (i === j ? error ** 2 : 0)));

const sums = (right: number, wrong: number, n: number): ReturnType<typeof contrastSums> =>
  contrastSums(
    Array.from({ length: n }, (_, q) => (q < right ? 1 : q < right + wrong ? -1 : 0)),
    1,
  );

const part = (centre: number): { centre: number; error: number; questions: number } => ({
  centre,
  error: 0.01,
  questions: 100,
});

describe("multiple comparisons with the best", () => {
  const columns = points(2000, [0.5, 0.5, 0.6, 0.9]);
  const flips = new BenchmarkFlips("best", 2000, 1999, false);
  const pairwise = comparePairwise([{ measure: { columns }, flips }]);

  it("guarantees what the clear winner loses, and puts the others out of the race", () => {
    const losses = losesAtMost(pairwise, [0, 1, 2, 3]);
    expect(losses[3]).toBeLessThan(-0.25);
    expect(losses[0]).toBeGreaterThan(0.35);
    expect(mayBeBest(pairwise, [0, 1, 2, 3])).toEqual([false, false, false, true]);
    expect(mayBeBest(pairwise, [0, 1, 2, 3], 0.5)).toEqual([true, true, true, true]);
  });

  it("has a critical value above one comparison's and below Bonferroni's", () => {
    const critical = decisionCritical(pairwise, [0, 1, 2, 3]);
    expect(critical).toBeGreaterThan(1.8);
    expect(critical).toBeLessThan(2.4);
  });

  it("against one point looks at that point only", () => {
    const [first, second] = losesAtMost(pairwise, [0]);
    expect(first).toBe(0);
    expect(second).toBeGreaterThan(0);
    expect(second).toBeLessThan(0.05);
  });

  it("keeps twins together: neither loses anything to speak of against the other", () => {
    const twins = points(500, [0.5, 0.5]);
    twins[1] = Float64Array.from(twins[0] ?? []);
    const found = comparePairwise([
      { measure: { columns: twins }, flips: new BenchmarkFlips("twins", 500, 999, false) },
    ]);
    expect(losesAtMost(found, [0, 1])).toEqual([expect.closeTo(0.0046, 3), expect.closeTo(0.0046, 3)]);
  });

  it("knows nothing of points that share fewer than two questions, and never more to lose than all", () => {
    for (const n of [0, 1]) {
      const alone = comparePairwise([
        {
          measure: { columns: [new Float64Array(n).fill(1), new Float64Array(n)] },
          flips: new BenchmarkFlips("one", n, 99, true),
        },
      ]);
      expect(alone.errors[0]?.[1]).toBe(Number.POSITIVE_INFINITY);
      expect(losesAtMost(alone, [0, 1])).toEqual([1, 1]);
      expect(mayBeBest(alone, [0, 1])).toEqual([true, true]);
    }
    const few = comparePairwise([
      { measure: { columns: points(2, [0.5, 0.5]) }, flips: new BenchmarkFlips("two", 2, 99, true) },
    ]);
    expect(losesAtMost(few, [0, 1])).toEqual([1, 1]);
  });

  it("holds points against references without letting these raise the bar among points", () => {
    const random = seededRandom(8);
    const noise = (): Float64Array => Float64Array.from({ length: 300 }, () => (random() < 0.5 ? 1 : 0));
    const three = [noise(), noise(), noise()];
    const own = new BenchmarkFlips("references", 300, 1999, false);
    const plain = comparePairwise([{ measure: { columns: three }, flips: own }]);
    const withReferences = comparePairwise([{ measure: { columns: [...three, noise(), noise()] }, flips: own }], 3);
    expect(decisionCritical(withReferences, [0, 1, 2])).toBe(decisionCritical(plain, [0, 1, 2]));
    expect(decisionCritical(withReferences, [3])).toBeGreaterThan(1.9);
  });

  it("asks more of an exclusion where a point can fail in several measures", () => {
    // 1.9 standard errors: out at 5% for one measure, in for two.
    const values = Float64Array.from({ length: 1000 }, (_, q) => (q < 60 ? 1 : q < 102 ? -1 : 0));
    const both = [values.map((value) => (value > 0 ? 1 : 0)), values.map((value) => (value < 0 ? 1 : 0))];
    const found = comparePairwise([
      { measure: { columns: both }, flips: new BenchmarkFlips("bar", 1000, 4999, false) },
    ]);
    expect(mayBeBest(found, [0, 1])).toEqual([true, false]);
    expect(mayBeBest(found, [0, 1], 0, 2)).toEqual([true, true]);
  });

  it("averages benchmarks: two copies have the same difference and a smaller error", () => {
    const other = new BenchmarkFlips("other", 2000, 1999, false);
    const both = comparePairwise([
      { measure: { columns }, flips },
      { measure: { columns: points(2000, [0.5, 0.5, 0.6, 0.9], 2) }, flips: other },
    ]);
    expect(both.errors[3]?.[0]).toBeCloseTo((pairwise.errors[3]?.[0] ?? 0) / Math.SQRT2, 3);
    expect(both.differences[3]?.[0]).toBeCloseTo(pairwise.differences[3]?.[0] ?? 0, 1);
  });
});

describe("the probability of being best", () => {
  it("is shared by points that differ by noise, and goes to one that stands out", () => {
    const flat = shrinkMeans([0.5, 0.505, 0.495, 0.5], covariance(0.02, 4), undefined, "flat");
    expect(Math.max(...flat.probability)).toBeLessThan(0.4);
    expect(flat.means[1]).toBeLessThan(0.503);
    // Equal means that are known to be equal: none is named first.
    const equal = shrinkMeans([0.5, 0.5, 0.5, 0.5], covariance(0.02, 4), undefined, "equal");
    for (const share of equal.probability) expect(Math.abs(share - 0.25)).toBeLessThan(0.035);
    const clear = shrinkMeans([0.5, 0.7, 0.5, 0.5], covariance(0.01, 4), [0, 0.33, 0.67, 1], "clear");
    expect(clear.probability[1]).toBeGreaterThan(0.95);
    expect(clear.probability.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
  });
});

describe("factors of matrices", () => {
  it("solve, also where a point is a copy of another", () => {
    const matrix = [Float64Array.of(4, 2), Float64Array.of(2, 3)];
    const solved = solveFactored(cholesky(matrix), [1, 2]);
    expect(Array.from(solved)).toEqual([expect.closeTo(-0.125, 12), expect.closeTo(0.75, 12)]);
    expect(cholesky([Float64Array.of(1, 1), Float64Array.of(1, 1)])[1]?.[1]).toBe(0);
  });
});

describe("a band of rates", () => {
  it("is wider for points that have little in common", () => {
    const alike = rateBand({ columns: points(200, [0.5, 0.5, 0.5, 0.5, 0.5]) }, "alike");
    const random = seededRandom(9);
    const columns = Array.from({ length: 5 }, () => Float64Array.from({ length: 200 }, () => (random() < 0.5 ? 1 : 0)));
    const apart = rateBand({ columns }, "apart");
    expect(alike.critical).toBeGreaterThan(1.96);
    expect(apart.critical).toBeGreaterThan(alike.critical);
    expect(apart.critical).toBeLessThan(2.7);
    expect(apart.winner).toBeGreaterThan(1.96);
    expect(apart.winner).toBeLessThan(apart.critical + 0.15);
  });

  it("is never narrower than one interval, whatever is drawn", () => {
    const column = Float64Array.from({ length: 2000 }, (_, q) => q % 2);
    for (let seed = 0; seed < 12; seed++) {
      const { critical, winner } = rateBand({ columns: [column, column] }, `alike ${seed}`);
      expect(critical).toBeGreaterThanOrEqual(1.959963);
      expect(winner).toBeGreaterThanOrEqual(1.959963);
    }
  });
});

describe("the detectable difference", () => {
  it("grows with the critical value, shrinks with questions, and is none where nothing could be found", () => {
    const [a, b] = [
      detectableDifference(sums(20, 20, 500), [0.5, 0.5], 2),
      detectableDifference(sums(20, 20, 500), [0.5, 0.5], 3.3),
    ];
    expect(a).toBeGreaterThan(0.02);
    expect(b).toBeGreaterThan(a ?? 1);
    expect(detectableDifference(sums(80, 80, 2000), [0.5, 0.5], 2)).toBeLessThan(a ?? 0);
    expect(detectableDifference(sums(0, 0, 4), [0.5, 0.5], 4.3)).toBeNull();
  });

  it("is found in about four of five repetitions", () => {
    const n = 200;
    const stated = detectableDifference(sums(15, 15, n), [0.5, 0.5], 1.972) ?? 0;
    const random = seededRandom(3);
    let found = 0;
    for (let repetition = 0; repetition < 400; repetition++) {
      // As many questions differ as in the data, more of them for the better.
      const values = Float64Array.from({ length: n }, () => {
        const u = random();
        return u < 0.075 + stated / 2 ? 1 : u < 0.15 ? -1 : 0;
      });
      const total = contrastSums(values, 1);
      const error = Math.sqrt((total.squares + 2 * total.pseudo - total.sum ** 2 / (n + 2)) / (n + 1) / (n + 2));
      if (total.sum / (n + 2) / error > 1.972) found++;
    }
    expect(found / 400).toBeGreaterThan(0.65);
    expect(found / 400).toBeLessThan(0.9);
  });
});

describe("how much more would decide", () => {
  const pair = { difference: 0.01, margin: 0.01, between: 0.04, within: 0.2, critical: 2.4 };

  it("falls with attempts, and is no number where the point loses the margin", () => {
    expect(questionsForPair(pair, 1)).toBeCloseTo(0.24 * (3.24 / 0.02) ** 2, 6);
    expect(questionsForPair(pair, 4)).toBeLessThan(questionsForPair(pair, 1) ?? 0);
    expect(questionsForPair({ ...pair, difference: -0.01 }, 1)).toBeNull();
    expect(attemptsForPair(pair, 500)).toBeNull();
    expect(attemptsForPair(pair, 2000)).toBeCloseTo(0.2 / (2000 / (3.24 / 0.02) ** 2 - 0.04), 9);
  });

  it("is found by repeating the decision: a clear point soon, a flat family never or late", () => {
    const ofQuestions = questionCovariance({ columns: points(500, [0.5, 0.5, 0.5]) });
    const measure = { covariance: ofQuestions, margin: 0.01, critical: 2.2, against: [0, 1, 2] };
    const clear = questionsToDecide([{ ...measure, means: [0.5, 0.5, 0.52] }], 500, "a");
    const flat = questionsToDecide([{ ...measure, means: [0.5, 0.5, 0.5] }], 500, "a");
    expect(clear).toBeGreaterThan(500);
    expect(flat ?? Number.POSITIVE_INFINITY).toBeGreaterThan(clear ?? 0);
  });

  it("takes questions even where no answer ever differed: the pseudo-questions have to wear off", () => {
    const none = [new Float64Array(2), new Float64Array(2)];
    const measure = { covariance: none, margin: 0.01, critical: 2, against: [0, 1], means: [0.5, 0.5] };
    // 2 sqrt(2) / n <= 0.01
    expect(questionsToDecide([measure], 20, "none")).toBe(300);
    expect(questionsToDecide([{ ...measure, margin: 0.1 }], 20, "none")).toBe(30);
  });
});

describe("cross-fitting", () => {
  const names = Array.from({ length: 300 }, (_, q) => `q${q}`);

  it("keeps a question's fold whatever else is asked", () => {
    expect(foldsOf(names.slice(0, 5), 1)).toEqual(foldsOf(names, 1).slice(0, 5));
    expect(foldsOf(names, 1)).not.toEqual(foldsOf(names, 2));
    expect(new Set(foldsOf(names, 1)).size).toBe(FOLDS);
  });

  it("takes the luck out of the highest of many equal points", () => {
    const random = seededRandom(11);
    let [naive, fitted] = [0, 0];
    for (let repetition = 0; repetition < 40; repetition++) {
      const columns = Array.from({ length: 11 }, () => Float64Array.from(names, () => (random() < 0.5 ? 1 : 0)));
      const folded = Array.from({ length: 3 }, (_, salt) => new FoldedMeans({ columns }, foldsOf(names, salt)));
      const highest = (valueOf: (point: number) => number): number =>
        columns.reduce((best, _, point) => (valueOf(point) > valueOf(best) ? point : best), 0);
      naive += Math.max(...columns.map((column) => column.reduce((a, b) => a + b, 0) / 300)) / 40;
      fitted +=
        (crossFit(folded, (salt, fold) => highest((point) => folded[salt]?.without(fold, point) ?? 0)) ?? 0) / 40;
    }
    expect(naive).toBeGreaterThan(0.53);
    expect(Math.abs(fitted - 0.5)).toBeLessThan(0.012);
  });

  it("has the sums of a pair without a fold", () => {
    const columns = points(300, [0.4, 0.7]);
    const folds = foldsOf(names, 0);
    const pairs = new FoldedPairs({ columns }, folds);
    const values = Array.from(names, (_, q) => (columns[1]?.[q] ?? 0) - (columns[0]?.[q] ?? 0)).filter(
      (_, q) => folds[q] !== 3,
    );
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    expect(pairs.without(3, 1, 0)).toBeCloseTo(mean, 12);
    expect(pairs.without(3, 0, 1)).toBeCloseTo(-mean, 12);
  });

  it("leaves out what was not asked, and weighs what was", () => {
    const asked = [Float64Array.of(1, 0, Number.NaN, 1), Float64Array.of(0, 0, 1, 1)];
    const folds = Uint8Array.of(0, 1, 1, 2);
    // The second question stands for three, the third for five.
    const strata = { of: Int32Array.of(-1, 0, 1, -1), sizes: [3, 5] };
    expect(new FoldedPairs({ columns: asked }, folds).without(2, 0, 1)).toBeCloseTo(0.5, 12);
    expect(new FoldedPairs({ columns: asked, strata }, folds).without(2, 0, 1)).toBeCloseTo(0.25, 12);
    expect(new FoldedPairs({ columns: [Float64Array.of(1), Float64Array.of(0)] }, folds).without(0, 0, 1)).toBe(0);
    const means = new FoldedMeans({ columns: asked, strata }, folds);
    expect(means.without(0, 0)).toBeCloseTo(1 / 4, 12);
    expect(means.within(1, 1)).toEqual({ sum: 5, count: 8 });
    expect(means.within(1, 0)).toEqual({ sum: 0, count: 3 });
  });
});

describe("averages of benchmarks", () => {
  it("count each the same, with the distances of their ends", () => {
    const found = macroAverage([
      { value: 0.5, interval: { low: 0.4, high: 0.55 } },
      { value: 0.7, interval: { low: 0.7, high: 0.8 } },
    ]);
    expect(found.value).toBeCloseTo(0.6, 12);
    expect(found.interval.low).toBeCloseTo(0.55, 12);
    expect(found.interval.high).toBeCloseTo(0.6 + Math.hypot(0.05, 0.1) / 2, 12);
  });

  it("tell whether a contrast differs between them (Welch)", () => {
    expect(differsBetween([part(0.1), part(0.1)])).toBeCloseTo(1, 6);
    expect(differsBetween([part(0.1), part(0.2), part(0.1)])).toBeLessThan(1e-6);
    // Two groups: Welch's t with t = 2 and 198 degrees of freedom.
    expect(differsBetween([part(0.1), part(0.1 + 0.02 * Math.SQRT1_2 * 2 * 0.5 * 2)])).toBeLessThan(0.06);
    expect(differsBetween([part(0.1)])).toBeNull();
  });
});

describe("where variance comes from", () => {
  it("is the questions where all points answer alike, the attempts where questions are alike", () => {
    const [column] = points(400, [0.5]);
    const same = [column ?? new Float64Array(), column ?? new Float64Array()];
    expect(varianceComponents({ columns: same }, 1, true)).toMatchObject({
      questions: expect.closeTo(1, 9),
      attempts: 0,
    });
    expect(varianceComponents({ columns: same }, 1, false)).toMatchObject({ attempts: null, within: null });
    const random = seededRandom(4);
    const noisy = Array.from({ length: 2 }, () =>
      Float64Array.from({ length: 400 }, () => [1, 2, 3, 4].reduce((sum) => sum + (random() < 0.5 ? 0.25 : 0), 0)),
    );
    expect(varianceComponents({ columns: noisy }, 4, false)?.attempts).toBeGreaterThan(0.85);
    expect(varianceComponents({ columns: [new Float64Array(10)] }, 1, true)).toBeNull();
  });
});
