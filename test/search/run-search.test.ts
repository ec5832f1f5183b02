import { appendFile, cp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { deriveSeed } from "../../src/base/random.ts";
import type { ModelRuntime } from "../../src/models/runtime.ts";
import type { SearchRecord } from "../../src/runs/search-record.ts";
import { scratchFolder } from "../helpers/files/scratch-folder.ts";
import { createScriptedRuntime } from "../helpers/models/scripted-runtime.ts";
import { type CliResult, cli } from "../helpers/run-cli.ts";
import { projectRoot } from "../helpers/shared.ts";

/** Three quarters of the way lose accuracy; every step makes answers shorter. */
const ACCURACY: Readonly<Record<string, number>> = {
  "w=0": 0.9,
  "w=0.25": 0.9,
  "w=0.5": 0.9,
  "w=0.75": 0.6,
  "w=1": 0.4,
};
const WORDS: Readonly<Record<string, number>> = { "w=0": 50, "w=0.25": 40, "w=0.5": 30, "w=0.75": 20, "w=1": 10 };

const SWEEP = `name: raced
axes: { w: { from: 0, to: 1, step: 0.25 } }
recipe:
  merge_method: linear
  models:
    - { model: len, parameters: { weight: "\${w}" } }
    - { model: accfmt, parameters: { weight: "\${1 - w}" } }
  dtype: bfloat16
benchmarks: [{ name: pocket-math, limit: 150 }]
objective: { minimise: tokens, keep: { accuracy: 5 } }
search: { refine: 1 }
`;

/** What is looked at of report.json. */
interface Report {
  readonly rows: readonly {
    readonly point: string;
    readonly accuracy: { readonly value: number };
    readonly tokens: { readonly value: number };
    readonly standsFor?: number;
  }[];
  readonly comparisons: readonly {
    readonly point: string;
    readonly baseline: string;
    readonly accuracy: { readonly difference: number };
  }[];
  readonly decision: { readonly point: string | null; readonly figure: { readonly seen: number } };
}

describe("run --search", { timeout: 300_000 }, () => {
  let folder = "";
  const golds = new Map<string, string>();
  let asked = 0;
  let stopAfter = Number.POSITIVE_INFINITY;
  let abort = new AbortController();

  /** Whether a question is too hard for a point is decided by the question: points answer alike. */
  const answer = (point: string, prompt: string): string => {
    if (++asked === stopAfter) abort.abort(new Error("stopped by the test"));
    const [question = "", gold = ""] = [...golds].find(([text]) => prompt.includes(text)) ?? [];
    const isRight = deriveSeed(question) / 2 ** 32 < (ACCURACY[point] ?? 0);
    return `${"so ".repeat(WORDS[point] ?? 0)}\\boxed{${isRight ? gold : "-1"}}`;
  };
  const createRuntime = (): Promise<ModelRuntime> => {
    const { build, ...disposable } = createScriptedRuntime(() => ({ text: "" }));
    return Promise.resolve({
      ...disposable,
      build,
      load: (path, options) =>
        createScriptedRuntime((prompt) => ({ text: answer(options.name ?? "", prompt) })).load(path, options),
    });
  };
  const run = (store: string, ...flags: string[]): Promise<CliResult> => {
    abort = new AbortController();
    asked = 0;
    const places = ["--out", join(folder, store), "--report", join(folder, `${store}-report`)];
    return cli(["run", join(folder, "sweep.yaml"), ...places, ...flags], { createRuntime, signal: abort.signal });
  };
  const read = (...path: string[]): Promise<string> => readFile(join(folder, ...path), "utf8");
  const searched = async (store: string): Promise<SearchRecord> => JSON.parse(await read(store, "search.json"));

  beforeAll(async () => {
    folder = scratchFolder();
    for (const name of ["len", "accfmt"]) {
      await cp(join(projectRoot, "checkpoints/pocket", name), join(folder, name), { recursive: true });
    }
    await cp(join(projectRoot, "datasets"), join(folder, "datasets"), { recursive: true });
    await writeFile(join(folder, "sweep.yaml"), SWEEP);
    const lines = (await read("datasets/pocket-math/test.jsonl")).trim().split("\n");
    for (const line of lines) {
      const problem: { question: string; answer: string } = JSON.parse(line);
      golds.set(problem.question, problem.answer);
    }
  });

  it("finds the cheapest point that keeps what must be kept, and its report says how", async () => {
    const { code, stderr } = await run("once", "--workers", "1");
    expect(stderr).not.toMatch(/Error/);
    expect(code).toBe(0);
    const search = await searched("once");
    expect(search).toMatchObject({ stop: "answered", chosen: "w=0.5", candidates: ["w=0.5"], refine: 1 });
    expect(search.tokens).toBeLessThan(0.7 * search.grid_tokens);
    expect(asked).toBe(Object.values(search.asked).reduce((sum, one) => sum + one, 0));
    const status = (await cli(["status", join(folder, "once")])).stdout;
    expect(status).toContain(`5 of 5 points done, ${asked} of ${asked} samples`);
    expect(status).toMatch(/w=1 +done +50\/50/);
    const report = await read("once-report/summary.md");
    expect(report).toMatch(/Choose w=0\.5: /);
    expect(report).toMatch(/A search went over 5 points in blocks of shared questions and ended at \d+ of 150/);
    expect(report).toMatch(/w=1 was out after 50 questions: more than may be lost: \d+\.\d points of accuracy below/);
  });

  it("asks samples of what the ends answer alike, and weighs them by stratum wherever it shows them", async () => {
    await writeFile(
      join(folder, "sweep.yaml"),
      SWEEP.replace("{ refine: 1 }", "{ refine: 0, elimination: false, futility: false }"),
    );
    expect(await run("sampled", "--workers", "1")).toMatchObject({ code: 0 });
    await writeFile(join(folder, "sweep.yaml"), SWEEP);
    const [header = "", ...lines] = (await read("sampled-report/samples.csv")).trim().split("\n");
    const names = header.split(",");
    const rows = lines.map((line) => new Map(line.split(",").map((cell, i) => [names[i] ?? "", cell])));
    const report: Report = JSON.parse(await read("sampled-report/report.json"));
    const { asked: perPoint } = await searched("sampled");
    const summary = await read("sampled-report/summary.md");
    const bars = (await read("sampled-report/outcomes.csv")).split("\n").map((line) => line.split(","));
    const means = new Map<string, number>();
    expect(Object.keys(perPoint)).toHaveLength(5);
    for (const point of ["w=0.25", "w=0.5", "w=0.75"]) {
      const own = rows.filter((row) => row.get("point") === point);
      const total = (name: string, weight: string): number =>
        own.reduce((sum, row) => sum + Number(row.get(weight)) * Number(row.get(name)), 0);
      const mean = (name: string): number => total(name, "stands_for") / 150;
      // They stand for all questions together.
      expect(own).toHaveLength(perPoint[point] ?? 0);
      expect(own.length).toBeLessThan(130);
      expect(own.reduce((sum, row) => sum + Number(row.get("stands_for")), 0)).toBeCloseTo(150, 3);
      // The plain mean has too many of the questions that the ends answer differently.
      const plain = own.reduce((sum, row) => sum + Number(row.get("accuracy")), 0) / own.length;
      expect(Math.abs(plain - mean("accuracy"))).toBeGreaterThan(0.005);
      expect(Math.abs(mean("accuracy") - (ACCURACY[point] ?? 0))).toBeLessThan(0.06);
      const row = report.rows.find((one) => one.point === point);
      expect(row?.accuracy.value).toBeCloseTo(mean("accuracy"), 5);
      expect(row?.tokens.value).toBeCloseTo(mean("tokens"), 3);
      expect(row?.standsFor).toBeCloseTo(150, 9);
      means.set(point, mean("accuracy"));
      const difference = report.comparisons.find((one) => one.point === point && one.baseline === "w=0");
      const first = report.rows.find((one) => one.point === "w=0")?.accuracy.value ?? 0;
      // On the questions that both were asked, which stand for all: w=0 is then estimated as well.
      expect(difference?.accuracy.difference).toBeCloseTo(mean("accuracy") - first, 1);
      expect(summary).toContain(`${point} (${own.length} for 150 questions)`);
      const bar = bars.find((cells) => cells.includes(point) && cells.includes("correct")) ?? [];
      expect(bar.some((cell) => Math.abs(Number(cell) - 100 * mean("accuracy")) < 0.01)).toBe(true);
    }
    expect(report.decision.point).toBe("w=0.5");
    expect(report.decision.figure.seen).toBeCloseTo(means.get("w=0.5") ?? 0, 5);
    const compared = await cli(["compare", join(folder, "sampled"), "--points", "w=0", "w=0.5"]);
    expect(compared.stderr).toMatch(/weighted by stratum/);
    expect((await cli(["status", join(folder, "sampled"), "--scores"])).stdout).toMatch(/weighted by stratum/);
    await run("sampled", "--no-search");
    expect(await read("sampled-report/summary.md")).not.toMatch(/weighted by stratum/);
  });

  it("ends the same, byte for byte, however often it was stopped and whoever works", async () => {
    for (stopAfter of [20, 70, 110]) {
      const { code, stderr } = await run("stopped", "--workers", "1");
      expect(asked).toBeGreaterThanOrEqual(stopAfter);
      expect(stderr).toMatch(/Saved in .*stopped\. Continue with: /);
      expect(code).not.toBe(0);
    }
    stopAfter = Number.POSITIVE_INFINITY;
    // As a process leaves it that is killed while it writes.
    const units = (await searched("once")).points.map((name, i) => `${String(i).padStart(3, "0")}-${name}`);
    await appendFile(join(folder, "stopped/units", units[0] ?? "", "samples.jsonl"), '{"benchmark":"pocket-ma');
    expect(await run("stopped", "--workers", "2")).toMatchObject({ code: 0 });
    for (const file of ["search.json", "manifest.json", "strata.json"]) {
      expect(await read("stopped", file)).toBe(await read("once", file));
    }
    for (const file of ["report.json", "summary.csv", "samples.csv", "summary.md"]) {
      const [own, other] = [await read("stopped-report", file), await read("once-report", file)];
      expect(own.replaceAll("stopped", "once")).toBe(other);
    }
  });

  it("is worked on by several workers, a step apart or not, and ends the same", async () => {
    const store = join(folder, "shared");
    const setDown = await cli(["plan", join(folder, "sweep.yaml"), "--store", "--out", store]);
    expect(setDown.stderr).not.toMatch(/Error/);
    expect(setDown.code).toBe(0);
    asked = 0;
    const worker = (): Promise<CliResult> =>
      cli(["worker", store, "--workers", "1", "--report", join(folder, "shared-report")], { createRuntime });
    const ended = await Promise.all([worker(), worker(), worker()]);
    expect(ended.map(({ stderr }) => stderr).join("")).not.toMatch(/Error|failed/);
    expect(ended.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(asked).toBe(Object.values((await searched("shared")).asked).reduce((sum, one) => sum + one, 0));
    for (const file of ["search.json", "manifest.json"]) {
      expect(await read("shared", file)).toBe(await read("once", file));
    }
    for (const file of ["report.json", "summary.csv", "samples.csv", "summary.md"]) {
      expect(await read("shared-report", file)).toBe(await read("once-report", file));
    }
  });

  it("scores what a killed process had stored and not scored", async () => {
    const unit = join(folder, "stopped/units/000-w=0");
    const result = JSON.parse(await readFile(join(unit, "result.json"), "utf8"));
    const scores = (await readFile(join(unit, "scores.jsonl"), "utf8")).split("\n");
    expect(result.attempts).toBeGreaterThan(60);
    // As it was after the first block.
    await writeFile(
      join(unit, "result.json"),
      JSON.stringify({ ...result, attempts: 50, asked: "0".repeat(64), samples_bytes: 1 }),
    );
    await writeFile(join(unit, "scores.jsonl"), `${scores.slice(0, 50).join("\n")}\n`);
    const { code, stderr } = await run("stopped");
    expect(stderr).not.toMatch(/mergesweep:/);
    expect(code).toBe(0);
    expect(asked).toBe(0);
    expect(await read("stopped", "search.json")).toBe(await read("once", "search.json"));
    expect(JSON.parse(await readFile(join(unit, "result.json"), "utf8"))).toMatchObject({ attempts: result.attempts });
  });

  it("makes use of a finished grid, and a grid of what a search has asked", async () => {
    const bySearch = Object.values((await searched("once")).asked).reduce((sum, one) => sum + one, 0);
    expect(await run("once", "--no-search")).toMatchObject({ code: 0 });
    expect(asked).toBe(5 * 150 - bySearch);
    const grid = await read("once-report/summary.md");
    expect(grid).toMatch(/Choose w=0\.5: /);
    expect(grid).toMatch(/the decision is that of the whole grid/);
    await rm(join(folder, "once/search.json"));
    expect(await run("once")).toMatchObject({ code: 0 });
    expect(asked).toBe(0);
    expect(await searched("once")).toEqual(await searched("stopped"));
  });

  it("scores again what was scored otherwise, before any of it races", async () => {
    await writeFile(join(folder, "sweep.yaml"), `${SWEEP}scoring: { profile: qwen }\n`);
    expect(await run("once")).toMatchObject({ code: 0 });
    expect(asked).toBe(0);
    const report = await read("once-report/summary.md");
    expect(report).not.toMatch(/scored otherwise/);
    expect(report).toMatch(/Choose w=0\.5: /);
    await writeFile(join(folder, "sweep.yaml"), SWEEP);
  });

  it("says which point --again does not know", async () => {
    const { code, stderr } = await run("once", "--again", "w=0.55");
    expect(stderr).toMatch(/--again w=0\.55: no point of the search has this name/);
    expect(code).toBe(2);
  });

  it("stops before its budget is spent, and says so", async () => {
    await writeFile(join(folder, "sweep.yaml"), SWEEP.replace("{ refine: 1 }", "{ budget: { tokens: 5000 } }"));
    expect(await run("short")).toMatchObject({ code: 0 });
    const search = await searched("short");
    expect(search.stop).toBe("budget");
    expect(search.tokens).toBeLessThanOrEqual(5000);
    expect(await read("short-report/summary.md")).toMatch(
      /the next block of questions would not have fitted its budget/,
    );
  });

  it("makes tokens of its hours by the speed of the first block, once and for all", async () => {
    await writeFile(join(folder, "sweep.yaml"), SWEEP.replace("{ refine: 1 }", "{ budget: { hours: 0.000001 } }"));
    expect(await run("timed", "--workers", "1")).toMatchObject({ code: 0 });
    const search = await searched("timed");
    // A thousandth of a second is less than any block takes; the first one is asked in any case.
    expect(search).toMatchObject({ stop: "budget", budget: { hours: 0.000001 } });
    expect(search.looks.length).toBeLessThanOrEqual(1);
    const fixed = await read("timed", "search-budget.json");
    expect(search.budget?.tokens).toBe(JSON.parse(fixed).tokens);
    // Another machine is faster; the budget is what it was.
    await writeFile(join(folder, "timed/search-budget.json"), fixed.replace(/"tokens": \d+/, '"tokens": 1000000'));
    expect(await run("timed", "--workers", "2")).toMatchObject({ code: 0 });
    expect((await searched("timed")).budget?.tokens).toBe(1_000_000);
    expect((await searched("timed")).stop).toBe("answered");
  });

  it("refuses a part of a sweep, and an objective that it has no answer to", async () => {
    const part = await run("part", "--limit", "10");
    expect(part).toMatchObject({ code: 2 });
    expect(part.stderr).toMatch(/A search is over the whole sweep: expected no --limit, --only or --sample-id/);
    await writeFile(
      join(folder, "sweep.yaml"),
      `${SWEEP.replace("accuracy: 5 }", "accuracy: 5 }, against: base")}references: { base: len }\n`,
    );
    const reference = await run("reference");
    expect(reference).toMatchObject({ code: 2 });
    expect(reference.stderr).toMatch(/found the reference base/);
    await writeFile(
      join(folder, "sweep.yaml"),
      SWEEP.replace("benchmarks: [{ name: pocket-math, limit: 150 }]", "benchmarks: [pocket-math, twice]").replace(
        "accuracy: 5 }",
        "accuracy: 5 }, per_benchmark: true",
      ),
    );
    await cp(join(folder, "datasets/pocket-math"), join(folder, "datasets/twice"), { recursive: true });
    const description = await read("datasets/twice/benchmark.yaml");
    await writeFile(join(folder, "datasets/twice/benchmark.yaml"), description.replace("pocket-math", "twice"));
    const each = await run("each");
    expect(each.stderr).toMatch(/Expected an objective over all benchmarks for a search, found per_benchmark/);
    expect(each).toMatchObject({ code: 2 });
  });
});
