import { describe, expect, it } from "vitest";
import { comparePoints } from "../../../src/findings/compare-points.ts";
import { csvProbability, csvRate, decimal, percent, pText } from "../../../src/findings/numbers.ts";
import { summarize } from "../../../src/findings/summarize.ts";
import { comparisonsCsv, samplesCsv, summaryCsv } from "../../../src/report/tables/csv.ts";
import type { ScoreRecord, StoredRun } from "../../../src/runs/schema.ts";
import { scoreOf, syntheticRun } from "../synthetic-run.ts";

const CONTRACT =
  "sweep,point,w,benchmark,samples,attempts,accuracy,accuracy_low,accuracy_high,accuracy_strict,format,format_low,format_high,tokens_mean,tokens_median,tokens_low,tokens_high,truncated,no_answer,tokens_per_correct,weights_sha256";

const lines = (text: string): string[] => text.trimEnd().split("\n");

function fourScores(rights: readonly (0 | 1)[], tokens: readonly number[]): ScoreRecord[] {
  return rights.map((accuracy, i) => scoreOf("pocket-math", `q${i}`, 0, { accuracy, tokens: tokens[i] ?? 0 }));
}

/** A run of two points and four questions whose numbers can be checked by hand. */
function smallRun(): StoredRun {
  const run = syntheticRun({ samples: 4, references: {} });
  const [first, second] = run.evaluated;
  if (first === undefined || second === undefined) throw new Error("the synthetic run has eleven points");
  return {
    manifest: { ...run.manifest, points: [first.point, second.point] },
    evaluated: [
      { ...first, scores: fourScores([1, 1, 1, 0], [10, 20, 30, 40]) },
      { ...second, scores: fourScores([1, 0, 0, 0], [5, 10, 15, 20]) },
    ],
    failed: [],
  };
}

describe("summary.csv", () => {
  it("begins with the columns that others rely on, and has a row a point and reference", () => {
    const run = syntheticRun({ samples: 20 });
    const rows = lines(summaryCsv(run.manifest.axes, summarize(run)));
    expect(rows).toHaveLength(13);
    expect(rows[0]?.startsWith(`${CONTRACT},`)).toBe(true);
    expect(rows[12]?.startsWith("pocket,base,,pocket-math,20,1,")).toBe(true);
  });

  it("has the numbers that a person computes from the samples", () => {
    const rows = lines(summaryCsv(["w"], summarize(smallRun())));
    expect(rows[1]?.split(",").slice(0, 20)).toEqual([
      "pocket",
      "w=0",
      "0",
      "pocket-math",
      "4",
      "1",
      "0.750000",
      "0.300642",
      "0.954413",
      "0.750000",
      "1.000000",
      "0.510109",
      "1.000000",
      "25.000",
      "25.000",
      "4.457",
      "45.543",
      "0.000000",
      "0.000000",
      "33.333",
    ]);
  });

  it("leaves cells empty where there is no number, and never writes 0 for it", () => {
    const run = smallRun();
    const silent = {
      ...run,
      evaluated: run.evaluated.slice(0, 1).map((unit) => ({
        ...unit,
        scores: [scoreOf("pocket-math", "q0", 0, { accuracy: 0, answer: null, status: "truncated", truncated: 1 })],
      })),
    };
    const [header, row] = lines(summaryCsv(["w"], summarize(silent))).map((line) => line.split(","));
    const cell = (name: string): string | undefined => row?.[header?.indexOf(name) ?? -1];
    expect(cell("tokens_per_correct")).toBe("");
    expect(cell("accuracy_completed")).toBe("");
    expect(cell("tokens_low")).toBe("");
    expect(cell("reward_length")).toBe("");
    expect(cell("truncated")).toBe("1.000000");
    expect(cell("no_answer")).toBe("1.000000");
  });

  it("gives pass@k and maj@k where there are several attempts", () => {
    const run = syntheticRun({ samples: 10, attempts: 3 });
    expect(lines(summaryCsv(["w"], summarize(run)))[0]).toContain(
      ",pass_at_k,pass_at_k_low,pass_at_k_high,pass_power_k,",
    );
  });

  it("follows the manifest's order, not that in which results arrived", () => {
    const run = syntheticRun({ samples: 10 });
    const shuffled = {
      ...run,
      evaluated: run.evaluated.toReversed().map((unit) => ({ ...unit, scores: unit.scores.toReversed() })),
    };
    expect(summaryCsv(["w"], summarize(shuffled))).toBe(summaryCsv(["w"], summarize(run)));
    expect(samplesCsv(shuffled)).toBe(samplesCsv(run));
    expect(comparisonsCsv("pocket", comparePoints(shuffled))).toBe(comparisonsCsv("pocket", comparePoints(run)));
  });

  it("names the point whose weights are the same", () => {
    const run = smallRun();
    const twin = {
      ...run,
      evaluated: run.evaluated.map((unit, i) =>
        i === 0 ? unit : { ...unit, result: { ...unit.result, same_as: run.evaluated[0]?.point.unit ?? null } },
      ),
    };
    expect(summarize(twin).map((row) => row.sameAs)).toEqual([null, "w=0"]);
  });
});

describe("samples.csv", () => {
  it("has a row an attempt, and quotes what a comma or a line break would tear", () => {
    const run = smallRun();
    const [first] = run.evaluated;
    if (first === undefined) throw new Error("the run has two points");
    const odd = {
      ...run,
      evaluated: [{ ...first, scores: [scoreOf("pocket-math", "q0", 0, { answer: '(1, "2")\n', accuracy: 0 })] }],
    };
    expect(samplesCsv(run).trimEnd().split("\n")).toHaveLength(9);
    expect(samplesCsv(odd)).toContain('"(1, ""2"")\n"');
  });
});

describe("comparisons.csv", () => {
  it("compares every point with both ends and each reference, on the same questions", () => {
    const comparisons = comparePoints(syntheticRun({ samples: 50 }));
    expect(comparisons).toHaveLength(33);
    expect(new Set(comparisons.map(({ baseline }) => baseline))).toEqual(new Set(["w=0", "w=1", "base"]));
  });

  it("has the paired difference, the exact test and the length ratio", () => {
    const [comparison] = comparePoints(smallRun());
    expect(comparison).toMatchObject({
      point: "w=0.1",
      baseline: "w=0",
      samples: 4,
      test: "mcnemar-exact",
      accuracy: { difference: -0.5, wins: 0, losses: 2, p: 0.5 },
      accuracyHolm: 0.5,
    });
    expect(comparison?.tokens?.ratio).toBeCloseTo(0.5, 12);
  });

  it("permutes signs where questions have several attempts", () => {
    const comparisons = comparePoints(syntheticRun({ samples: 15, attempts: 2 }));
    expect(new Set(comparisons.map(({ test }) => test))).toEqual(new Set(["sign-flip"]));
  });

  it("compares only questions that both answered", () => {
    const run = smallRun();
    const partial = {
      ...run,
      evaluated: run.evaluated.map((unit, i) => (i === 0 ? unit : { ...unit, scores: unit.scores.slice(1) })),
    };
    expect(comparePoints(partial)[0]?.samples).toBe(3);
  });
});

describe("numbers in reports", () => {
  it("are written the same on every machine", () => {
    expect(csvRate(1 / 3)).toBe("0.333333");
    expect(csvRate(-1e-9)).toBe("0.000000");
    expect(csvRate(null)).toBe("");
    expect(csvProbability(3.928874710490934e-36)).toBe("3.929e-36");
    expect(csvProbability(1)).toBe("1");
    expect(percent(0.9236)).toBe("92.4");
    expect(percent(null)).toBe("-");
    expect(decimal(-0.04)).toBe("0.0");
    expect(pText(0.0004)).toBe("p < 0.001");
    expect(pText(0.0304)).toBe("p = 0.030");
  });
});
