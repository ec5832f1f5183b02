import { describe, expect, it } from "vitest";
import { judgeReproduction } from "../../../src/findings/reproduction/judge-reproduction.ts";
import type { PublishedNumbers, PublishedScore } from "../../../src/findings/reproduction/published-numbers.ts";
import { reproductionMarkdown, verdictSentence } from "../../../src/report/tables/reproduction-text.ts";
import type { StoredRun } from "../../../src/runs/schema.ts";
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

describe("a reproduction", () => {
  it("over the same questions is uncertain by seeds alone: those of ours and those that were published", () => {
    const run = runOf(["a"]);
    const own = meanOf(run, "a");
    const { verdict, rows } = judgeReproduction(run, published({ a: { accuracy: own - 0.01 } }), 3);
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
    const result = judgeReproduction(run, published({ a: { accuracy: meanOf(run, "a") - 0.1 } }), 3);
    expect(result.verdict).toBe("not reproduced");
    expect(verdictSentence(result)).toBe(
      "Not reproduced: 0 of 1 numbers reproduced within 3 points, 1 not reproduced.",
    );
  });

  it("that cannot be told says how many completions would tell, or that none would", () => {
    const run = runOf(["a"], { samples: 40, attempts: 2 });
    const own = meanOf(run, "a");
    const few = judgeReproduction(run, published({ a: { accuracy: own, deviation: 0.005 } }, 40), 3);
    expect(few.verdict).toBe("cannot be told");
    expect(few.rows[0]?.completionsNeeded).toBeGreaterThan(80);
    const never = judgeReproduction(run, published({ a: { accuracy: own, deviation: 0.06, runs: 3 } }, 40), 3);
    expect(never.rows[0]?.completionsNeeded).toBeNull();
    expect(reproductionMarkdown(never, published({}), [], [])).toContain("no number of ours would tell");
  });

  it("on other questions carries the bound of those, too", () => {
    const run = runOf(["a"]);
    const { rows } = judgeReproduction(run, published({ a: { accuracy: meanOf(run, "a") } }, 30), 3);
    expect(rows[0]).toMatchObject({ basis: "other questions", verdict: "cannot be told" });
    expect(rows[0]?.test.interval.high).toBeGreaterThan(1.64 * (rows[0]?.betweenQuestions ?? 1));
  });

  it("of several benchmarks is adjusted over them, and all have to hold; what is missing is named", () => {
    const run = runOf(["a", "b"]);
    const [a, b] = [meanOf(run, "a"), meanOf(run, "b")];
    const both = judgeReproduction(run, published({ a: { accuracy: a }, b: { accuracy: b } }), 3);
    expect(both.verdict).toBe("reproduced");
    expect(both.rows[0]?.test.confidence).toBeCloseTo(0.95, 10);
    const [mean] = both.averages;
    expect(mean).toMatchObject({ benchmark: "mean of 2", verdict: "reproduced", completions: 8000 });
    expect(mean?.published).toBeCloseTo((a + b) / 2, 10);
    expect(mean?.error).toBeCloseTo(Math.hypot(both.rows[0]?.error ?? 0, both.rows[1]?.error ?? 0) / 2, 10);
    expect(mean?.degrees).toBeGreaterThan(both.rows[0]?.degrees ?? 1e9);
    expect(mean?.test.confidence).toBeCloseTo(0.9, 10);
    expect(reproductionMarkdown(both, published({}), [], [])).toContain("| w=0 | mean of 2 |");
    const three = judgeReproduction(run, published({ a: { accuracy: a }, b: { accuracy: b }, c: {} }), 3);
    expect(three).toMatchObject({ verdict: "cannot be told", missing: ["w=0 on c"] });
  });

  it("question by question needs no bound: the same answers are told apart from others", () => {
    const run = runOf(["a"], { attempts: 1, temperature: 0 });
    const table = run.evaluated[0]?.tables[0];
    const right = Array.from(table?.columns.accuracy ?? [], String).join("");
    const same = judgeReproduction(run, published({ a: { right, runs: 1, deviation: null } }), 3);
    expect(same.rows[0]).toMatchObject({ basis: "pairs", verdict: "reproduced", publishedError: null, difference: 0 });
    const flipped = right.replaceAll(/^.{60}/g, (start) => "1".repeat(start.length)).replaceAll("0", "1");
    const other = judgeReproduction(run, published({ a: { right: flipped, runs: 1, deviation: null } }), 3);
    expect(other.verdict).toBe("not reproduced");
  });

  it("of nothing says so", () => {
    const nothing = judgeReproduction(runOf(["a"]), { ...published({}), points: {} }, 3);
    expect(nothing.verdict).toBe("cannot be told");
    expect(verdictSentence(nothing)).toBe("No number was published: there is none to reproduce.");
  });
});
