import { describe, expect, it } from "vitest";
import type { Decision } from "../../../src/findings/decision/decision.ts";
import { judge } from "../../../src/findings/judge.ts";
import { alongW, drawRun, type World } from "../../helpers/runs/worlds.ts";

function decisionOf(world: World, seed: number): Decision {
  const [decision] = judge(drawRun(world, seed)).decisions;
  if (decision === undefined) throw new Error("there is nothing to decide");
  return decision;
}

/** Cheaper and cheaper; the last is much worse. */
const knee = alongW([
  { accuracy: 0.8, tokens: 100 },
  { accuracy: 0.8, tokens: 80 },
  { accuracy: 0.8, tokens: 50 },
  { accuracy: 0.4, tokens: 40 },
]);

describe("the decision", () => {
  it("is the cheapest point that keeps what must be kept, where the data can tell", () => {
    const decision = decisionOf(
      {
        points: knee,
        questions: 3000,
        rho: 0.99,
        objective: { minimise: "tokens", keep: { accuracy: 5 }, against: "best" },
      },
      1,
    );
    expect(decision).toMatchObject({
      point: "w=0.667",
      confident: true,
      useful: null,
      questions_needed: null,
      stated: true,
    });
    expect(decision.loses_at_most.accuracy).toBeLessThan(0.05);
    expect(decision.text).toMatch(
      /^Choose w=0\.667: .* it takes the fewest tokens \(\d+% \[\d+, \d+\] of the tokens of w=0\), and it loses at most [\d.]+ points of accuracy/,
    );
  });

  it("says that it cannot tell, what is still useful, and about how many questions would", () => {
    const decision = decisionOf({ points: knee, questions: 200, rho: 0.9 }, 2);
    expect(decision).toMatchObject({ point: null, confident: false, useful: "w=0.667", stated: false });
    expect(decision.candidates).not.toContain("w=1");
    expect(decision.questions_needed).toBeGreaterThan(200);
    expect(decision.text).toMatch(/^200 questions cannot tell which point has the fewest tokens/);
    expect(decision.text).toMatch(
      /w=0\.667, the cheapest of them, takes \d+%.*whether at most 1 of strict accuracy.* cannot be told/,
    );
    expect(decision.text).toMatch(
      /About [\d,]+ questions would decide \([\d,]+ to [\d,]+; here are 200\)\. More attempts bring nothing: generation is greedy\./,
    );
    expect(decision.text).toMatch(/No objective is stated; this is the default/);
  });

  it("names the confidence of the search that it is taken from", () => {
    const run = drawRun({ points: knee, questions: 100, rho: 0.9, objective: { maximise: "accuracy" } }, 4);
    const points = run.manifest.points.map(({ name }) => name);
    // The search asked a part of them.
    const benchmarks = run.manifest.benchmarks.map(({ name }) => ({ name, questions: 150 }));
    const search = {
      search_version: 1 as const,
      objective: { maximise: "accuracy", per_benchmark: false },
      confidence: 0.9,
      refine: 0,
      strata: true,
      elimination: true,
      futility: true,
      budget: null,
      points,
      benchmarks,
      stop: "answered" as const,
      chosen: "w=0",
      candidates: ["w=0"],
      questions_needed: null,
      tokens: 1,
      grid_tokens: 2,
      asked: {},
      looks: [],
    };
    const filled = { ...run, manifest: { ...run.manifest, ragged: true } };
    const [searched] = judge({ ...filled, search }).decisions;
    expect(searched?.text).toContain("every other point is lower with 90% confidence");
    const cheapest = { minimise: "tokens", keep: { accuracy: 1 }, against: "best" } as const;
    // A part of the grid, or another grid, that was asked for later is no search's.
    expect(judge({ ...run, search }).decisions).toEqual(judge(run).decisions);
    const { manifest, ...rest } = filled;
    const [open] = judge({
      ...rest,
      manifest: { ...manifest, objective: cheapest },
      search: { ...search, objective: { ...cheapest, per_benchmark: false }, chosen: null, candidates: points },
    }).decisions;
    expect(open?.text).toContain(
      "cannot tell which point has the fewest tokens while losing at most 1 point of accuracy against the best point (90% confidence)",
    );
  });

  it("weighs attempts against questions where attempts were drawn", () => {
    const sampled = decisionOf({ points: knee, questions: 150, attempts: 4, greedy: false }, 3);
    expect(sampled.attempts?.kind).toBe("known");
    expect(sampled.text).toMatch(/attempts/);
    const single = decisionOf({ points: knee, questions: 150, attempts: 1, greedy: false }, 3);
    expect(single.attempts?.kind).toBe("unknown");
  });

  it("is held against an end or a reference where it is asked to be, and never chooses a reference", () => {
    const points = [...knee, { name: "base", kind: "reference" as const, axes: {}, accuracy: 0.3, tokens: 10 }];
    const objective = { minimise: "tokens", keep: { accuracy: 5 }, against: "base" };
    expect(decisionOf({ points, questions: 1000, objective }, 4).point).toBe("w=1");
    const first = decisionOf({ points, questions: 3000, rho: 0.99, objective: { ...objective, against: "first" } }, 4);
    expect(first.point).toBe("w=0.667");
  });

  it("maximises: one that stands out is the highest, several are still in the race", () => {
    const objective = { maximise: "accuracy" };
    const clear = alongW([{ accuracy: 0.5 }, { accuracy: 0.9 }, { accuracy: 0.5 }]);
    expect(decisionOf({ points: clear, questions: 400, objective }, 5)).toMatchObject({
      point: "w=0.5",
      confident: true,
    });
    const even = alongW([{ accuracy: 0.7 }, { accuracy: 0.7 }, { accuracy: 0.7 }]);
    const open = decisionOf({ points: even, questions: 400, objective }, 5);
    expect(open).toMatchObject({ point: null, confident: false });
    expect(open.candidates).toHaveLength(3);
    expect(Object.values(open.probability_best).reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
  });

  it("is not confident and wrong: of points that lose more than may be lost hardly one is chosen", {
    timeout: 60_000,
  }, () => {
    // The last is the cheapest and loses 3 points; 2 may be lost.
    const points = alongW([
      { accuracy: 0.8, tokens: 100 },
      { accuracy: 0.8, tokens: 90 },
      { accuracy: 0.77, tokens: 50 },
    ]);
    const objective = { minimise: "tokens", keep: { accuracy: 2 }, against: "best" };
    let wrong = 0;
    for (let seed = 0; seed < 60; seed++) {
      if (decisionOf({ points, questions: 800, rho: 0.97, objective }, 100 + seed).point === "w=1") wrong++;
    }
    // 60 decisions at 5%: more than 8 come once in 500 times.
    expect(wrong).toBeLessThanOrEqual(8);
  });

  it("decides nothing from one or two questions, and speaks of no loss above all there is", () => {
    for (const questions of [1, 2]) {
      const points = alongW([
        { accuracy: 0.001, tokens: 50 },
        { accuracy: 0.999, tokens: 100 },
      ]);
      const decision = decisionOf({ points, questions }, 1);
      expect(decision).toMatchObject({ point: null, confident: false, figure: { corrected: null } });
      expect(decision.loses_at_most.accuracy).toBe(1);
    }
  });

  it("says that no point qualifies where each is out in one measure or another", () => {
    const points = alongW([
      { accuracy: 0.9, format: 0.1, tokens: 90 },
      { accuracy: 0.5, format: 0.5, tokens: 80 },
      { accuracy: 0.1, format: 0.9, tokens: 70 },
    ]);
    const decision = decisionOf({ points, questions: 500 }, 1);
    expect(decision).toMatchObject({ point: null, candidates: [], useful: null, questions_needed: null });
    expect(decision.text).toMatch(
      /^No point has the fewest tokens while losing at most 1 point of strict accuracy .*: each loses more than that/,
    );
    expect(decision.text).not.toMatch(/in the race|would decide|would not decide|cannot tell/);
  });

  it("has prices for every point, and the luck taken out of the chosen one's rate", () => {
    const judged = judge(
      drawRun(
        {
          points: alongW(Array.from({ length: 9 }, () => ({ accuracy: 0.5 }))),
          questions: 60,
          rho: 0.2,
          objective: { maximise: "accuracy", per_benchmark: false },
        },
        6,
      ),
    );
    expect(judged.prices).toHaveLength(9);
    for (const { losesAtMost } of judged.prices) expect(losesAtMost.accuracy).toBeGreaterThan(0);
    const figure = judged.decisions[0]?.figure;
    expect(figure?.corrected).toBeLessThan(figure?.seen ?? 0);
    expect(figure?.low).toBeLessThan(figure?.corrected ?? 0);
  });
});
