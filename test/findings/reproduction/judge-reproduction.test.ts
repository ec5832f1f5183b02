import { describe, expect, it } from "vitest";
import { judgeReproduction, type Reproduction } from "../../../src/findings/reproduction/judge-reproduction.ts";
import type { PublishedNumbers, PublishedScore } from "../../../src/findings/reproduction/published-numbers.ts";
import { reproductionMarkdown, verdictSentence } from "../../../src/report/tables/reproduction-text.ts";
import type { StoredRun } from "../../../src/runs/stored-run.ts";
import { syntheticRun } from "../../report/synthetic-run.ts";

const behaviour = { accuracy: 0.8, strict: 0.8, format: 1, tokens: 50 };

function runOf(benchmarks: string[], { samples = 400, attempts = 10, temperature = 0.8 } = {}): StoredRun {
  const run = syntheticRun({
    samples,
    attempts,
    benchmarks,
    points: [{ axes: { w: "0" }, behaviour }],
    references: {},
  });
  return { ...run, manifest: { ...run.manifest, plan: { generation: { temperature } } } };
}

function meanOf(run: StoredRun, benchmark: string): number {
  const table = run.evaluated[0]?.tables.find((one) => one.benchmark === benchmark);
  const values = table?.columns.accuracy ?? new Float64Array();
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function published(scores: Record<string, Partial<PublishedScore>>, questions = 400): PublishedNumbers {
  return {
    name: "x",
    source: "somebody",
    sweep: "x.yaml",
    note: undefined,
    merges: {},
    weights: {},
    benchmarks: Object.fromEntries(Object.keys(scores).map((name) => [name, { questions, dataSha256: undefined }])),
    points: {
      "w=0": Object.fromEntries(
        Object.entries(scores).map(([name, score]) => [
          name,
          { accuracy: 0.8, deviation: 0.01, runs: 10, right: undefined, ...score },
        ]),
      ),
    },
  };
}

/** @param names of all questions of benchmark a; those of the run if left out */
function judged(run: StoredRun, numbers: PublishedNumbers, margin: number, names?: readonly string[]): Reproduction {
  const asked = run.evaluated[0]?.tables.map(({ benchmark, samples }): [string, readonly string[]] => [
    benchmark,
    (benchmark === "a" ? names : undefined) ?? samples,
  ]);
  return judgeReproduction(run, numbers, margin, new Map(asked));
}

/** A greedy run over some of its questions, and which of them it got right by their names. */
function greedyRun(keep: (place: number) => boolean): { run: StoredRun; names: string[]; right: string } {
  const whole = runOf(["a"], { attempts: 1, temperature: 0 });
  const table = whole.evaluated[0]?.tables[0];
  if (table === undefined) throw new Error("the synthetic run has no table");
  const kept = [...table.samples.keys()].filter(keep);
  const part = {
    ...table,
    samples: kept.map((q) => table.samples[q] ?? ""),
    starts: Int32Array.from([...kept.keys(), kept.length]),
    columns: { ...table.columns, accuracy: Float64Array.from(kept, (q) => table.columns.accuracy[q] ?? 0) },
  };
  const run = { ...whole, evaluated: whole.evaluated.map((one) => ({ ...one, tables: [part] })) };
  return { run, names: [...table.samples], right: Array.from(table.columns.accuracy, String).join("") };
}

describe("a reproduction", () => {
  it("over the same questions is uncertain by seeds alone: those of ours and those that were published", () => {
    const run = runOf(["a"]);
    const own = meanOf(run, "a");
    const { verdict, rows } = judged(run, published({ a: { accuracy: own - 0.01 } }), 3);
    expect(verdict).toBe("reproduced");
    expect(rows[0]).toMatchObject({ basis: "same questions", completions: 4000, completionsNeeded: undefined });
    expect(rows[0]?.difference).toBeCloseTo(0.01, 10);
    expect(rows[0]?.publishedError).toBeCloseTo(0.01 / Math.sqrt(10), 10);
    expect(rows[0]?.betweenQuestions).toBeCloseTo(Math.sqrt(((own - 0.01) * (1.01 - own)) / 400), 10);
    const half = (rows[0]?.test.interval.high ?? 0) - 0.01;
    expect(half).toBeGreaterThan(1.645 * (0.01 / Math.sqrt(10)));
    expect(half).toBeLessThan(0.02);
  });

  it("is not one where the difference is beyond the margin", () => {
    const run = runOf(["a"]);
    const result = judged(run, published({ a: { accuracy: meanOf(run, "a") - 0.1 } }), 3);
    expect(result.verdict).toBe("not reproduced");
    expect(verdictSentence(result)).toBe(
      "Not reproduced: 0 of 1 numbers reproduced within 3 points, 1 not reproduced.",
    );
  });

  it("that cannot be told says how many completions would tell, or that none would", () => {
    const run = runOf(["a"], { samples: 40, attempts: 2 });
    const own = meanOf(run, "a");
    const few = judged(run, published({ a: { accuracy: own, deviation: 0.005 } }, 40), 3);
    expect(few.verdict).toBe("cannot be told");
    expect(few.rows[0]?.completionsNeeded).toBeGreaterThan(80);
    const never = judged(run, published({ a: { accuracy: own, deviation: 0.06, runs: 3 } }, 40), 3);
    expect(never.rows[0]?.completionsNeeded).toBeNull();
    expect(reproductionMarkdown(never, published({}), { merges: [] }, [])).toContain("no number of ours would tell");
  });

  it("on other questions carries the bound of those, too", () => {
    const run = runOf(["a"]);
    const { rows } = judged(run, published({ a: { accuracy: meanOf(run, "a") } }, 30), 3);
    expect(rows[0]).toMatchObject({ basis: "other questions", verdict: "cannot be told" });
    expect(rows[0]?.test.interval.high).toBeGreaterThan(1.64 * (rows[0]?.betweenQuestions ?? 1));
  });

  it("of several benchmarks is adjusted over them, and all have to hold; what is missing is named", () => {
    const run = runOf(["a", "b"]);
    const [a, b] = [meanOf(run, "a"), meanOf(run, "b")];
    const both = judged(run, published({ a: { accuracy: a }, b: { accuracy: b } }), 3);
    expect(both.verdict).toBe("reproduced");
    expect(both.rows[0]?.test.confidence).toBeCloseTo(0.95, 10);
    const [mean] = both.averages;
    expect(mean).toMatchObject({ benchmark: "mean of 2", verdict: "reproduced", completions: 8000 });
    expect(mean?.published).toBeCloseTo((a + b) / 2, 10);
    expect(mean?.error).toBeCloseTo(Math.hypot(both.rows[0]?.error ?? 0, both.rows[1]?.error ?? 0) / 2, 10);
    expect(mean?.degrees).toBeGreaterThan(both.rows[0]?.degrees ?? 1e9);
    expect(mean?.test.confidence).toBeCloseTo(0.9, 10);
    expect(reproductionMarkdown(both, published({}), { merges: [] }, [])).toContain("| w=0 | mean of 2 |");
    const three = judged(run, published({ a: { accuracy: a }, b: { accuracy: b }, c: {} }), 3);
    expect(three).toMatchObject({ verdict: "cannot be told", missing: ["w=0 on c"] });
  });

  it("question by question needs no bound: the same answers are told apart from others", () => {
    const run = runOf(["a"], { attempts: 1, temperature: 0 });
    const table = run.evaluated[0]?.tables[0];
    const right = Array.from(table?.columns.accuracy ?? [], String).join("");
    const same = judged(run, published({ a: { right, runs: 1, deviation: null } }), 3);
    expect(same.rows[0]).toMatchObject({ basis: "pairs", verdict: "reproduced", publishedError: null, difference: 0 });
    const flipped = right.replaceAll(/^.{60}/g, (start) => "1".repeat(start.length)).replaceAll("0", "1");
    const other = judged(run, published({ a: { right: flipped, runs: 1, deviation: null } }), 3);
    expect(other.verdict).toBe("not reproduced");
  });

  it("pairs answers by their place in the benchmark, whatever was asked of it", () => {
    const holes = greedyRun((q) => q % 3 !== 0);
    const { rows } = judged(
      holes.run,
      published({ a: { right: holes.right, runs: 1, deviation: null } }),
      3,
      holes.names,
    );
    expect(rows[0]).toMatchObject({ basis: "pairs", difference: 0 });
    expect(rows[0]?.own).toBe(rows[0]?.published);
    const reversed = holes.names.toReversed();
    const backwards = Array.from(holes.right).toReversed().join("");
    const other = judged(holes.run, published({ a: { right: backwards, runs: 1, deviation: null } }), 3, reversed);
    expect(other.rows[0]).toMatchObject({ basis: "pairs", difference: 0 });
  });

  it("of one question is never one, though the answer is the same", () => {
    const { run, names, right } = greedyRun((q) => q === 0);
    const single = judged(run, published({ a: { right, runs: 1, deviation: null } }), 20, names);
    expect(single.rows[0]).toMatchObject({ basis: "pairs", difference: 0, verdict: "cannot be told" });
    const elsewhere = judged(run, published({ a: { right: right.slice(0, 1), runs: 1, deviation: null } }), 20, names);
    expect(elsewhere.rows[0]?.completionsNeeded).toBeNull();
    expect(single.rows[0]?.completionsNeeded).toBeGreaterThan(1);
    expect(single.rows[0]?.completionsNeeded).toBeLessThanOrEqual(400);
  });

  it("compares no answers one by one with those to other data", () => {
    const { run, names, right } = greedyRun(() => true);
    const numbers = published({ a: { right, runs: 1, deviation: null } });
    const other = { ...numbers, benchmarks: { a: { questions: 400, dataSha256: "0".repeat(64) } } };
    expect(judged(run, other, 3, names).rows[0]).toMatchObject({ basis: "other questions" });
  });

  it("gives a verdict from as many completions as it said", () => {
    let promised = 0;
    for (const [samples, shift, runs, deviation] of [
      [30, 0, 3, 0.006],
      [40, 0.01, 5, 0.006],
      [40, 0.05, 10, 0.006],
      // Two runs say little of how runs vary, however many completions are ours.
      [40, 0.05, 2, 0.0106],
    ] as const) {
      const few = runOf(["a"], { samples, attempts: 2 });
      const scores = (run: StoredRun): PublishedNumbers =>
        published({ a: { accuracy: meanOf(run, "a") - shift, deviation, runs } }, samples);
      const [row] = judged(few, scores(few), 3).rows;
      expect(row?.verdict).toBe("cannot be told");
      const attempts = Math.ceil((row?.completionsNeeded ?? 0) / samples);
      if (attempts === 0) continue;
      promised++;
      const more = runOf(["a"], { samples, attempts });
      expect(judged(more, scores(more), 3).rows[0]?.verdict).not.toBe("cannot be told");
    }
    expect(promised).toBeGreaterThan(1);
  });

  it("by greedy answers, which do not vary, names no number that would tell", () => {
    const run = runOf(["a"], { samples: 40, attempts: 1, temperature: 0 });
    const numbers = published({ a: { accuracy: meanOf(run, "a"), deviation: 0.03, runs: 4 } }, 40);
    expect(judged(run, numbers, 3).rows[0]).toMatchObject({ verdict: "cannot be told", completionsNeeded: null });
  });

  it("of nothing says so", () => {
    const nothing = judged(runOf(["a"]), { ...published({}), points: {} }, 3);
    expect(nothing.verdict).toBe("cannot be told");
    expect(verdictSentence(nothing)).toBe("No number was published: there is none to reproduce.");
  });
});
