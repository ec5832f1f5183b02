import { describe, expect, it } from "vitest";
import { judge } from "../../../src/findings/judge.ts";
import { csvProbability, csvRate, decimal, percent, pText } from "../../../src/findings/numbers.ts";
import { comparisonsCsv } from "../../../src/report/tables/comparisons-csv.ts";
import { summaryCsv } from "../../../src/report/tables/summary-csv.ts";
import { reportUnits } from "../../../src/report/units/report-units.ts";
import type { ScoreRecord } from "../../../src/runs/schema.ts";
import type { StoredRun } from "../../../src/runs/stored-run.ts";
import { changeScores, evaluatedPoint, scoreOf, syntheticRun } from "../synthetic-run.ts";

const CONTRACT =
  "sweep,point,w,benchmark,samples,attempts,accuracy,accuracy_low,accuracy_high,accuracy_strict,format,format_low,format_high,tokens_mean,tokens_median,tokens_low,tokens_high,truncated,no_answer,tokens_per_correct,weights_sha256";

const lines = (text: string): string[] => text.trimEnd().split("\n");

async function samplesOf(run: StoredRun): Promise<string> {
  const pieces: (string | Uint8Array)[] = [];
  for await (const piece of reportUnits(run, { chosen: [] }, {}).samplesCsv) pieces.push(piece);
  return pieces.map((piece) => Buffer.from(piece).toString()).join("");
}

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
      evaluatedPoint(first.point, first.result, fourScores([1, 1, 1, 0], [10, 20, 30, 40])),
      evaluatedPoint(second.point, second.result, fourScores([1, 0, 0, 0], [5, 10, 15, 20])),
    ],
    failed: [],
  };
}

/** Of the first two rows; nothing where there is no such column. */
function thinkingCuts(text: string): string[] {
  const [header = "", ...rows] = lines(text);
  const at = header.split(",").indexOf("thinking_cut");
  return at < 0 ? [] : rows.slice(0, 2).map((row) => row.split(",")[at] ?? "");
}

describe("summary.csv", () => {
  it("says how much of the thinking was ended at its limit, where there is one", () => {
    const run = smallRun();
    const tokens = [12, 9, 8, null];
    const thinking = fourScores([1, 1, 1, 0], [10, 20, 30, 40]).map((score, i) => ({
      ...score,
      thinking_tokens: tokens[i] ?? null,
    }));
    const [first, second] = run.evaluated;
    if (first === undefined || second === undefined) throw new Error("two points expected");
    const evaluated = [evaluatedPoint(first.point, first.result, thinking), second];
    const limited = { ...run, evaluated, manifest: { ...run.manifest, max_thinking_tokens: 8 } };
    expect(thinkingCuts(summaryCsv(["w"], judge(limited)))).toEqual(["0.500000", "0.000000"]);
    expect(thinkingCuts(summaryCsv(["w"], judge(run)))).toEqual([]);
  });

  it("begins with the columns that others rely on, and has a row a point and reference", () => {
    const run = syntheticRun({ samples: 20 });
    const rows = lines(summaryCsv(run.manifest.axes, judge(run)));
    expect(rows).toHaveLength(13);
    expect(rows[0]?.startsWith(`${CONTRACT},`)).toBe(true);
    expect(rows[12]?.startsWith("pocket,base,,pocket-math,20,1,")).toBe(true);
  });

  it("has the numbers that a person computes from the samples", () => {
    const rows = lines(summaryCsv(["w"], judge(smallRun())));
    expect(rows[1]?.split(",").slice(0, 20)).toEqual([
      "pocket",
      "w=0",
      "0",
      "pocket-math",
      "4",
      "1",
      "0.750000",
      "0.151703",
      "0.989860",
      "0.750000",
      "1.000000",
      "0.235543",
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
      evaluated: run.evaluated
        .slice(0, 1)
        .map(({ point, result }) =>
          evaluatedPoint(point, result, [
            scoreOf("pocket-math", "q0", 0, { accuracy: 0, answer: null, status: "truncated", truncated: 1 }),
          ]),
        ),
    };
    const [header, row] = lines(summaryCsv(["w"], judge(silent))).map((line) => line.split(","));
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
    expect(lines(summaryCsv(["w"], judge(run)))[0]).toContain(",pass_at_k,pass_at_k_low,pass_at_k_high,pass_power_k,");
  });

  it("follows the manifest's order, not that in which results arrived", async () => {
    const run = syntheticRun({ samples: 10 });
    const turned = await changeScores(run, (scores) => scores.toReversed());
    const shuffled = { ...turned, evaluated: turned.evaluated.toReversed() };
    expect(summaryCsv(["w"], judge(shuffled))).toBe(summaryCsv(["w"], judge(run)));
    expect(await samplesOf(shuffled)).toBe(await samplesOf(run));
    expect(comparisonsCsv("pocket", judge(shuffled).comparisons)).toBe(
      comparisonsCsv("pocket", judge(run).comparisons),
    );
  });

  it("names the point whose weights are the same", () => {
    const run = smallRun();
    const twin = {
      ...run,
      evaluated: run.evaluated.map((unit, i) =>
        i === 0
          ? unit
          : {
              ...unit,
              result: {
                ...unit.result,
                same_as: run.evaluated[0]?.point.unit ?? null,
                identity: run.evaluated[0]?.result.identity ?? "",
              },
            },
      ),
    };
    expect(judge(twin).rows.map((row) => row.sameAs)).toEqual([null, "w=0"]);
  });
});

describe("samples.csv", () => {
  it("has a row an attempt, and quotes what a comma or a line break would tear", async () => {
    const run = smallRun();
    const [first] = run.evaluated;
    if (first === undefined) throw new Error("the run has two points");
    const odd = {
      ...run,
      evaluated: [
        evaluatedPoint(first.point, first.result, [
          scoreOf("pocket-math", "q0", 0, { answer: '(1, "2")\n', accuracy: 0 }),
        ]),
      ],
    };
    expect(lines(await samplesOf(run))).toHaveLength(9);
    expect(await samplesOf(odd)).toContain('"(1, ""2"")\n"');
  });
});

describe("comparisons.csv", () => {
  it("compares every point with both ends and each reference, on the same questions", () => {
    const { comparisons } = judge(syntheticRun({ samples: 50 }));
    expect(comparisons).toHaveLength(33);
    expect(new Set(comparisons.map(({ baseline }) => baseline))).toEqual(new Set(["w=0", "w=1", "base"]));
  });

  it("has the paired difference, its test, and both ratios of lengths", () => {
    const [comparison] = judge(smallRun()).comparisons;
    expect(comparison).toMatchObject({ point: "w=0.1", baseline: "w=0", samples: 4, wins: 0, losses: 2 });
    expect(comparison?.accuracy?.difference).toBe(-0.5);
    // S = -2, Q = 2, h = 2, c2 = 1, N = 6: v = (2 + 2 - 4/6) / 5, t = (-2/6) / sqrt(v/6) on 3 degrees of freedom.
    expect(comparison?.accuracy?.p).toBeCloseTo(0.391_002, 5);
    expect(comparison?.tokens?.difference).toBeCloseTo(0.5, 12);
    expect(comparison?.cost?.ratio).toBeCloseTo(0.5, 12);
  });

  it("gives the geometric and the arithmetic ratio of lengths, each by its name", () => {
    const run = smallRun();
    const [first, second] = run.evaluated;
    if (first === undefined || second === undefined) throw new Error("the run has two points");
    const evaluated = [first, evaluatedPoint(second.point, second.result, fourScores([1, 0, 0, 0], [5, 10, 15, 40]))];
    const [header, row] = lines(comparisonsCsv("pocket", judge({ ...run, evaluated }).comparisons)).map((line) =>
      line.split(","),
    );
    const cell = (name: string): number => Number(row?.[header?.indexOf(name) ?? -1]);
    expect(cell("tokens_ratio_of_means")).toBeCloseTo(0.7, 6);
    expect(cell("tokens_reduction_of_means")).toBeCloseTo(0.3, 6);
    expect(cell("tokens_ratio_geometric")).toBeCloseTo(0.125 ** 0.25, 6);
    expect(cell("tokens_reduction_geometric")).toBeCloseTo(1 - 0.125 ** 0.25, 6);
  });

  it("compares only questions that both answered", async () => {
    const partial = await changeScores(smallRun(), (scores, { name }) => (name === "w=0" ? scores.slice(1) : scores));
    expect(judge(partial).comparisons[0]?.samples).toBe(3);
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
