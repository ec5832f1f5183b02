import { describe, expect, it } from "vitest";
import { type Claim, SIGNIFICANT } from "../../src/findings/claims.ts";
import { type Judgement, judge } from "../../src/findings/judge.ts";
import type { StoredRun } from "../../src/runs/stored-run.ts";
import { groupBy } from "../../src/stats/mean.ts";
import { alongW, drawRun, type World, type WorldPoint } from "../helpers/runs/worlds.ts";
import { changeScores, POCKET_POINTS, syntheticRun } from "../report/synthetic-run.ts";

const texts = ({ claims }: Judgement, benchmark?: string): string =>
  claims
    .filter((claim) => claim.shown && (benchmark === undefined || claim.benchmark === benchmark))
    .map(({ text }) => text)
    .join("\n");

const flat = (points: number, accuracy = 0.8): WorldPoint[] =>
  alongW(Array.from({ length: points }, () => ({ accuracy, tokens: 100 })));

/** Whether a report claims anything that is not so where nothing is so. */
function hasFalseClaim({ claims }: Judgement): boolean {
  return claims.some(({ p_adjusted: adjusted }) => adjusted !== null && adjusted < SIGNIFICANT);
}

const grid = (missing: readonly string[], accuracyOf: (w: number, d: number) => number): StoredRun => {
  const points = [0, 0.5, 1].flatMap((w) =>
    [0, 1].map((d) => ({ name: `w=${w},d=${d}`, axes: { w: String(w), d: String(d) }, accuracy: accuracyOf(w, d) })),
  );
  return drawRun({ points: points.filter(({ name }) => !missing.includes(name)), axes: ["w", "d"], questions: 400 }, 7);
};

const cut = (share: number): WorldPoint[] => alongW([0, 1, 2].map((i) => ({ accuracy: 0.8, truncated: share * i })));

const world = (levels: readonly number[], questions: number): World => ({
  points: alongW(levels.map((accuracy) => ({ accuracy }))),
  questions,
});

describe("where nothing differs", () => {
  it.each([
    ["greedy and drifting", { questions: 200, rho: 0.95 }],
    ["greedy, few questions", { questions: 30, rho: 0.8 }],
    ["sampled", { questions: 60, attempts: 4, greedy: false, rho: 0.9 }],
  ] as const)(
    "hardly any report holds a false claim: %s",
    { timeout: 120_000 },
    (_name, questions: Omit<World, "points">) => {
      // 40 reports of 0.05 each: more than 6 false ones come once in 300 times. The trend test of permutations had 28%.
      let wrong = 0;
      for (let seed = 0; seed < 40; seed++) {
        if (hasFalseClaim(judge(drawRun({ ...questions, points: flat(5) }, seed)))) wrong++;
      }
      expect(wrong).toBeLessThanOrEqual(6);
    },
  );

  it("says so, of no pair more than it knows, and never that there is no difference", () => {
    const text = texts(judge(drawRun({ points: flat(5), questions: 200 }, 1)));
    expect(text).toMatch(/Strict accuracy: no change with w was found/);
    expect(text).toMatch(/no difference in strict accuracy was found at any of 4 points/);
    expect(text).not.toMatch(/does not change|no point differs|would go unseen|Spearman/);
  });
});

describe("the direction of a sentence", () => {
  it("is that of its own numbers: a late rise rises", () => {
    const levels = [0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 0.85, 0.9];
    const judged = judge(drawRun({ points: alongW(levels.map((accuracy) => ({ accuracy }))), questions: 2000 }, 3));
    expect(texts(judged)).toMatch(/Accuracy is level from w=0 .* and rises/);
    expect(texts(judged)).not.toMatch(/Accuracy .*falls/);
    const shape = judged.claims.find(({ kind, measure }) => kind === "shape" && measure === "accuracy");
    expect(shape?.estimate).toBeGreaterThan(0);
    expect(shape?.low).toBeGreaterThan(0);
    expect(shape?.p_adjusted).toBeLessThan(SIGNIFICANT);
  });

  it("says level, then falling where a curve is so, and where most of it lies", () => {
    const levels = [0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.6, 0.3];
    const text = texts(
      judge(drawRun({ points: alongW(levels.map((accuracy) => ({ accuracy }))), questions: 1000 }, 4)),
    );
    expect(text).toMatch(/Accuracy is level from w=0 to w=0\.75 .* and breaks above w=0\.75/);
  });

  it("names a peak as chosen after the fact, with the weaker of its two p-values", () => {
    const levels = [0.6, 0.7, 0.8, 0.7, 0.6];
    const judged = judge(drawRun({ points: alongW(levels.map((accuracy) => ({ accuracy }))), questions: 1000 }, 5));
    const peak = judged.claims.find(({ kind, measure }) => kind === "shape" && measure === "accuracy");
    expect(peak?.text).toMatch(/Accuracy is highest inside: .* at w=0\.5 \(chosen after the fact\)/);
    const ends = judged.claims.filter(
      ({ kind, measure, points }) =>
        (kind === "difference" || kind === "step") &&
        measure === "accuracy" &&
        points.includes("w=0.5") &&
        points.some((name) => name === "w=0" || name === "w=1"),
    );
    expect(ends).toHaveLength(2);
    expect(peak?.p_adjusted).toBe(Math.max(...ends.map(({ p_adjusted: p }) => p ?? 1)));
  });

  it("says that length halves where it does", () => {
    const tokens = [100, 100, 98, 50, 50, 49];
    const text = texts(
      judge(drawRun({ points: alongW(tokens.map((count) => ({ accuracy: 0.8, tokens: count }))), questions: 300 }, 6)),
    );
    expect(text).toMatch(/Length about halves between w=0\.4 and w=0\.6/);
  });
});

describe("one family", () => {
  const judged = judge(syntheticRun({ samples: 120 }));

  it("has one p for a pair and a measure, whatever its direction", () => {
    const pairs = groupBy(judged.comparisons, ({ point, baseline }) =>
      [point, baseline].toSorted((a, b) => (a < b ? -1 : 1)).join(" "),
    );
    expect(judged.comparisons).toHaveLength(33);
    expect(pairs.size).toBeLessThan(33);
    for (const rows of pairs.values()) expect(new Set(rows.map(({ accuracy }) => accuracy?.pAdjusted)).size).toBe(1);
  });

  it("never has an adjusted p below the pair's own, and a text, an id and questions for every claim", () => {
    const tested = judged.claims.filter(({ p }) => p !== null);
    expect(tested.length).toBeGreaterThan(150);
    for (const { p, p_adjusted: adjusted, questions } of tested) {
      expect(adjusted).toBeGreaterThanOrEqual(p ?? 1);
      expect(questions).toBeGreaterThan(0);
    }
    expect(new Set(judged.claims.map(({ id }) => id)).size).toBe(judged.claims.length);
    expect(judged.claims.every(({ text }) => text.length > 10)).toBe(true);
  });

  it("cannot claim anything of five questions", () => {
    const run = syntheticRun({ samples: 5, points: POCKET_POINTS.filter((_, i) => i % 5 === 0) });
    expect(hasFalseClaim(judge(run))).toBe(false);
  });

  it("is the same whatever the order in which results arrived", () => {
    const run = syntheticRun({ samples: 30 });
    expect(judge({ ...run, evaluated: run.evaluated.toReversed() })).toEqual(judge(run));
  });
});

describe("grids", () => {
  it("with failed points do not mistake one axis for the other (Simpson)", () => {
    // w does nothing, d much; of w=1 only the good d is finished.
    const judged = judge(grid(["w=1,d=0", "w=0,d=1"], (_, d) => (d === 1 ? 0.93 : 0.63)));
    expect(judged.claims.some(({ kind, points }) => kind === "shape" && points[0]?.startsWith("w="))).toBe(false);
    expect(texts(judged)).toMatch(/Accuracy rises from .* at d=0 to .* at d=1/);
    expect(texts(judged)).toMatch(/What is said of d rests on w=0\.5 only/);
    expect(judged.claims.some(({ kind, points }) => kind === "trend" && points.includes("w=0"))).toBe(false);
  });

  it("say what each axis does over complete lines, and which lines those are", () => {
    const text = texts(judge(grid(["w=1,d=0"], (w) => 0.9 - 0.4 * w)));
    expect(text).toMatch(/What is said of w rests on d=1 only: d=0 lacks a finished point/);
    expect(text).toMatch(/Accuracy .*(falls|breaks).*w=/);
  });

  it("say where the effect of one depends on the other", () => {
    const judged = judge(grid([], (w, d) => (d === 1 ? 0.9 - 0.6 * w : 0.5 + 0.3 * w)));
    expect(texts(judged)).toMatch(/Accuracy: what w does depends on d/);
    expect(texts(judged)).toMatch(
      /Best region: w=0,d=1.* may have the highest strict accuracy; the other \d+ are lower/,
    );
  });
});

describe("odd sweeps", () => {
  it("of twins: one point in all comparisons, said once", () => {
    const run = syntheticRun({ samples: 40, points: POCKET_POINTS.slice(0, 3) });
    const twin = {
      ...run,
      evaluated: run.evaluated.map((unit, i) =>
        i === 1
          ? {
              ...unit,
              result: {
                ...unit.result,
                weights_sha256: run.evaluated[0]?.result.weights_sha256 ?? "",
                identity: run.evaluated[0]?.result.identity ?? "",
                same_as: run.evaluated[0]?.point.unit ?? "",
              },
              tables: run.evaluated[0]?.tables ?? [],
            }
          : unit,
      ),
    };
    const judged = judge(twin);
    expect(texts(judged)).toContain(
      "w=0.1 has the same weights as w=0: evaluated once, shown twice, one point in all comparisons.",
    );
    expect(judged.comparisons.some(({ point, baseline }) => point === "w=0.1" && baseline === "w=0")).toBe(false);
    expect(judged.decisions[0]?.candidates).not.toContain("w=0.1");
  });

  it("of two points, of one, and of references only read well", () => {
    const two = judge(syntheticRun({ samples: 60, points: POCKET_POINTS.slice(0, 2), references: {} }));
    expect(two.decisions).toHaveLength(1);
    expect(texts(two)).not.toMatch(/straight line|inside/);
    const one = judge(syntheticRun({ samples: 60, points: POCKET_POINTS.slice(0, 1), references: {} }));
    expect(one.decisions).toEqual([]);
    const none = judge(syntheticRun({ samples: 60, points: [], axes: [] }));
    expect(none.decisions).toEqual([]);
  });

  it("where all answer alike says that nothing was found, and that all are on the front", () => {
    const run = drawRun({ points: flat(3), questions: 50, rho: 1 }, 8);
    const same = {
      ...run,
      evaluated: run.evaluated.map((unit) => ({ ...unit, tables: run.evaluated[0]?.tables ?? [] })),
    };
    const judged = judge(same);
    expect(texts(judged)).toMatch(/No point is beaten in all of/);
    expect(hasFalseClaim(judged)).toBe(false);
  });

  it("whose points were asked different questions say which, and compare on those that both were asked", async () => {
    const run = await changeScores(
      syntheticRun({ samples: 40, points: POCKET_POINTS.slice(0, 3) }),
      (scores, { name }) => (name === "w=0.1" ? scores.slice(10) : scores),
    );
    const judged = judge(run);
    expect(texts(judged)).toMatch(/Not every point was asked all 40 questions: w=0\.1 \(30\)/);
    expect(judged.comparisons.find(({ point, baseline }) => point === "w=0.1" && baseline === "w=0")?.samples).toBe(30);
  });

  it("whose lengths and formats are not known ask for the highest accuracy, and invent nothing", async () => {
    const run = await changeScores(syntheticRun({ samples: 80, points: POCKET_POINTS.slice(0, 3) }), (scores) =>
      scores.map((score) => ({ ...score, tokens: null, format: null, accuracy_strict: null })),
    );
    const judged = judge(run);
    expect(judged.decisions[0]?.objective).toMatchObject({ maximise: "accuracy" });
    expect(judged.decisions[0]?.text).toMatch(/Not measured here: tokens, format and accuracy_strict/);
    expect(judged.fronts).toEqual([]);
    expect(judged.claims.some(({ measure }) => measure === "tokens" || measure === "format")).toBe(false);
    expect(judged.rows[0]?.tokens).toEqual({ value: null, interval: null });
  });
});

describe("truncation", () => {
  it("is named where it may explain a difference, and not where none was cut off", () => {
    const text = texts(judge(drawRun({ points: cut(0.1), questions: 400 }, 9)));
    expect(text).toMatch(
      /cut off between 0\.0% \(w=0\) and 2\d\.\d% \(w=1\).* points of any difference in accuracy may come from max_tokens/,
    );
    expect(text).toMatch(/completions were cut off/);
    expect(texts(judge(drawRun({ points: cut(0), questions: 50 }, 9)))).not.toMatch(/cut off/);
  });
});

describe("several benchmarks", () => {
  it("are averaged, and tell where the axis does not act alike on them", () => {
    const judged = judge(drawRun([world([0.5, 0.7, 0.9], 400), world([0.9, 0.7, 0.5], 300)], 10));
    expect(texts(judged, "all benchmarks")).toMatch(/Accuracy: the axis does not act alike on all benchmarks/);
    expect(judged.averages).toHaveLength(9);
    const [first] = judged.averages;
    expect(first?.macro.value).toBeCloseTo(0.7, 1);
    expect(first?.micro.value).not.toBe(first?.macro.value);
    expect(judged.decisions[0]?.benchmark).toBe("all benchmarks");
  });

  it("rest on the questions of all of them, and say nothing together where one has a single question", () => {
    const points = alongW([{ accuracy: 0.2 }, { accuracy: 0.9 }]);
    const together = (questions: number): Claim | undefined =>
      judge(
        drawRun(
          [
            { points, questions, benchmark: "a" },
            { points, questions: 40, benchmark: "b" },
          ],
          2,
        ),
      ).claims.find(({ id }) => id === "all benchmarks/accuracy/difference/w=1/w=0");
    expect(together(30)).toMatchObject({ questions: 70 });
    expect(together(30)?.p).toBeLessThan(0.001);
    expect(together(1)).toMatchObject({ questions: 41, p: null, p_adjusted: null, low: null, high: null });
  });

  it("are decided one by one where the objective says so", () => {
    const objective = { maximise: "accuracy", per_benchmark: true };
    const judged = judge(drawRun([{ ...world([0.5, 0.9], 400), objective }, world([0.9, 0.5], 300)], 11));
    expect(judged.decisions.map(({ benchmark, point }) => [benchmark, point])).toEqual([
      ["world0", "w=1"],
      ["world1", "w=0"],
    ]);
  });
});
