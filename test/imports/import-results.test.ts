import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { judge } from "../../src/findings/judge.ts";
import { type ImportOutcome, type ImportRequest, importResults } from "../../src/imports/import-results.ts";
import { renderReport } from "../../src/report/render-report.ts";
import { readRun } from "../../src/runs/read-run.ts";
import { scoreRun } from "../../src/sweep/run/score-run.ts";
import { scratchFolder } from "../helpers/files/scratch-folder.ts";
import { projectRoot } from "../helpers/shared.ts";
import { put, putInspect, putLighteval, putLmEval, putTasks, QUESTIONS } from "./make-results.ts";

let folder: string;
let out: string;
beforeEach(() => {
  folder = scratchFolder();
  out = join(folder, "run");
});

function importFrom(name: string, request: ImportRequest = {}): Promise<ImportOutcome> {
  return importResults([join(folder, name)], out, request, { root: projectRoot, version: "test" });
}

async function accuracies(): Promise<Record<string, number | null>> {
  const { rows } = judge(await readRun(out));
  return Object.fromEntries(rows.map(({ point, accuracy }) => [point, accuracy.value]));
}

const wIs = { axes: { w: "w([0-9.]+)" }, ends: [] };

describe("results of lm-evaluation-harness", () => {
  beforeEach(() => {
    putLmEval(join(folder, "a"), "me/w0.5", { wrong: 3, boxed: false });
    putLmEval(join(folder, "a"), "me/w0.10", { wrong: 6 });
    putLmEval(join(folder, "a"), "me/base", { wrong: 9 });
  });

  it("become points and references, by the first filter or the one that is chosen", async () => {
    const { notes } = await importFrom("a", { placement: wIs });
    expect(await accuracies()).toEqual({ "w=0.1": 0.5, "w=0.5": 0, "me/base": 0.25 });
    expect(notes.join("\n")).toMatch(/Accuracy on tiny is "exact_match,strict". Not taken: "exact_match,flexible"/);
    await importFrom("a", { filter: "flexible" });
    expect(await accuracies()).toEqual({ "w=0.1": 0.5, "w=0.5": 0.75, "me/base": 0.25 });
    await expect(importFrom("a", { filter: "lenient" })).rejects.toThrow(
      /--filter lenient.*\n.*tiny: exact_match,strict; exact_match,flexible/,
    );
  });

  it("lack lengths and format, which the report says, and no group is a benchmark", async () => {
    await importFrom("a", { placement: wIs });
    const run = await readRun(out);
    const { rows, decisions, claims } = judge(run);
    expect(run.manifest.benchmarks.map(({ name, samples }) => [name, samples])).toEqual([["tiny", QUESTIONS.length]]);
    expect(
      rows.map(({ tokens, format, accuracyStrict, truncated, noAnswer }) => [
        tokens.value,
        format.value,
        accuracyStrict.value,
        truncated,
        noAnswer === 1,
      ]),
    ).toEqual(rows.map(() => [null, null, null, null, false]));
    expect(rows[0]?.characters).toBeGreaterThan(5);
    expect(decisions[0]?.objective).toMatchObject({ maximise: "accuracy" });
    expect(decisions[0]?.text).toMatch(/Not measured here: .*tokens.*format/);
    expect(claims.map(({ text }) => text).join("\n")).toMatch(/imported from lm-evaluation-harness 0\.4\.9/);
  });

  it("have their questions and texts, for whoever reads them", async () => {
    await importFrom("a");
    const { problems = [], evaluated } = await readRun(out);
    const [question] = QUESTIONS;
    expect(problems).toHaveLength(QUESTIONS.length);
    expect(problems).toContainEqual({
      benchmark: "tiny",
      sample: expect.stringMatching(/^q-/),
      problem: question?.question,
      golds: [question?.answer],
      labels: {},
    });
    const texts: unknown[] = [];
    for await (const records of evaluated[0]?.texts?.() ?? []) texts.push(...records);
    expect(texts).toHaveLength(QUESTIONS.length);
    expect(texts[0]).toMatchObject({
      benchmark: "tiny",
      finish_reason: "unknown",
      completion_tokens: null,
      completion: expect.stringContaining("boxed"),
    });
    await expect(scoreRun(out, projectRoot)).rejects.toThrow(/holds results of another program/);
  });

  it("are graded again on demand, and both verdicts are shown", async () => {
    const { notes } = await importFrom("a", { placement: wIs, rescore: true });
    expect(await accuracies()).toEqual({ "w=0.1": 0.5, "w=0.5": 0.75, "me/base": 0.25 });
    expect(notes.join("\n")).toMatch(
      /Accuracy on tiny in percent by "exact_match,strict" and graded by mergesweep: w=0\.1 50\.0 and 50\.0; w=0\.5 0\.0 and 75\.0/,
    );
    const { rows } = judge(await readRun(out));
    expect(rows.map(({ format, accuracyStrict }) => [format.value, accuracyStrict.value])).toEqual([
      [1, 0.5],
      [0, 0],
      [1, 0.25],
    ]);
  });

  it("are not added twice; new ones are, and what contradicts is refused with both names", async () => {
    expect(await importFrom("a")).toMatchObject({ added: 3, repeated: 0 });
    const before = readFileSync(join(out, "manifest.json"), "utf8");
    expect(await importFrom("a")).toMatchObject({ added: 0, repeated: 3 });
    expect(readFileSync(join(out, "manifest.json"), "utf8")).toBe(before);
    putLmEval(join(folder, "b"), "me/w0.9", { wrong: 0 });
    expect(await importFrom("b")).toMatchObject({ added: 1, models: 4 });
    putLmEval(join(folder, "c"), "me/base", { wrong: 8, date: "2026-02-02T00-00-00.0" });
    await expect(importFrom("c")).rejects.toThrow(
      /c.me__base.*and .*a.me__base.* both claim me\/base on tiny.*question 8/,
    );
    expect(Object.keys(await accuracies())).toHaveLength(4);
    expect(readdirSync(join(out, "units"), { recursive: true }).join()).not.toContain(".new");
  });

  it("of another seed are further attempts", async () => {
    putLmEval(join(folder, "a"), "me/base", { wrong: 3, seed: 1, date: "2026-03-03T00-00-00.0" });
    await importFrom("a");
    const { rows } = judge(await readRun(out));
    expect(rows.find(({ point }) => point === "me/base")).toMatchObject({
      attempts: 2,
      samples: 12,
      accuracy: { value: 0.5 },
    });
  });

  it("that are cut short are named, and skipped on demand", async () => {
    const samples = join(folder, "a/me__base/samples_tiny_2026-01-01T00-00-00.0.jsonl");
    put(
      folder,
      "a/me__base/samples_tiny_2026-01-01T00-00-00.0.jsonl",
      readFileSync(samples, "utf8").split("\n").slice(0, 5).join("\n"),
    );
    await expect(importFrom("a")).rejects.toThrow(/samples_tiny.*expected 12 documents, as the results say, found 5/);
    const { leftOut, models } = await importFrom("a", { skipBroken: true });
    expect(models).toBe(2);
    expect(leftOut.broken).toHaveLength(1);
  });

  it("that are cut short in one task cost nothing of the others", async () => {
    const date = "2026-01-01T00-00-00.0";
    const own = join(folder, "b/me__base");
    putTasks(own, "me/base", { 0: ["one", "two"] });
    put(own, `samples_one_${date}.jsonl`, readFileSync(join(own, `samples_one_${date}.jsonl`), "utf8").slice(0, 30));
    const { leftOut, added, benchmarks } = await importFrom("b", { skipBroken: true });
    expect(leftOut.broken).toMatchObject([{ file: join(own, `samples_one_${date}.jsonl`) }]);
    expect({ added, benchmarks }).toEqual({ added: 1, benchmarks: ["two"] });
  });

  it("are one run where the results came first and the samples later", async () => {
    putTasks(join(folder, "b"), "me/base", { 0: ["tiny"] });
    const samples = readdirSync(join(folder, "b")).find((name) => name.startsWith("samples")) ?? "";
    const text = readFileSync(join(folder, "b", samples), "utf8");
    rmSync(join(folder, "b", samples));
    await importFrom("b");
    put(join(folder, "b"), samples, text);
    const { notes, added } = await importFrom("b");
    expect(added).toBe(1);
    expect(notes.join("\n")).not.toContain("Left out");
    expect(await accuracies()).toEqual({ "me/base": 1 });
  });

  it("with several numbers of examples are benchmarks of their own, though the questions are those of ours", async () => {
    putTasks(join(folder, "b0"), "me/base", { 0: ["pocket-math"] });
    putTasks(join(folder, "b5"), "me/base", { 5: ["pocket-math"] });
    await importFrom("b5");
    expect((await readRun(out)).manifest.benchmarks.map(({ name }) => name)).toEqual(["pocket-math"]);
    const { notes } = await importFrom("b0");
    const { manifest } = await readRun(out);
    expect(manifest.benchmarks.map(({ name, attempts, samples }) => [name, attempts, samples])).toEqual([
      ["pocket-math", 1, 3],
      ["pocket-math-5shot", 1, 3],
    ]);
    expect(notes.join("\n")).toContain("The questions of pocket-math are those of the benchmark of this name here");
  });

  it("two models at one place, or none at any, are refused", async () => {
    putLmEval(join(folder, "a"), "you/w0.5", { wrong: 0 });
    await expect(importFrom("a", { placement: wIs })).rejects.toThrow(
      /one model at w=0\.5, found me\/w0\.5 and you\/w0\.5/,
    );
    await importFrom("a", {
      placement: { axes: { w: "w([0-9.]+)" }, ends: [{ model: "base", values: { w: "0" } }] },
      models: "^me/",
    });
    expect(Object.keys(await accuracies())).toEqual(["w=0", "w=0.1", "w=0.5"]);
  });
});

describe("results of Inspect", () => {
  it("are means over epochs, with lengths and what was cut off", async () => {
    putInspect(join(folder, "logs"), "openai/one", 3);
    putInspect(join(folder, "logs"), "openai/two", 6);
    await importFrom("logs");
    const { rows } = judge(await readRun(out));
    expect(
      rows.map(({ point, accuracy, attempts, truncated, tokens }) => [
        point,
        accuracy.value,
        attempts,
        Number(truncated?.toFixed(4)),
        tokens.value,
      ]),
    ).toEqual([
      ["openai/one", 0.75, 2, 0.0833, 15.5],
      ["openai/two", 0.5, 2, 0.0833, 15.5],
    ]);
    await importFrom("logs", { metric: "partly" });
    expect(await accuracies()).toEqual({ "openai/one": 0.5, "openai/two": 0.5 });
  });

  it("without scores are left out and named, or graded", async () => {
    const unscored = { results: { scores: [] } };
    putInspect(join(folder, "logs"), "openai/one", 3);
    putInspect(join(folder, "logs"), "openai/two", 6, {
      ...unscored,
      samples: QUESTIONS.map(({ id, question, answer }) => ({
        id,
        epoch: 1,
        input: question,
        target: answer,
        output: { completion: `\\boxed{${answer}}` },
        scores: {},
      })),
    });
    const { notes } = await importFrom("logs");
    expect(notes).toContain("Left out: its answers have no scores; --rescore grades them. (openai/two on tiny)");
    expect(await accuracies()).toEqual({ "openai/one": 0.75 });
    await importFrom("logs", { rescore: true });
    expect(await accuracies()).toEqual({ "openai/one": 0.75, "openai/two": 1 });
  });

  it("of an unknown version are refused", async () => {
    const path = putInspect(join(folder, "logs"), "openai/one", 3, { version: 4 });
    await expect(importFrom("logs")).rejects.toThrow(
      `${path}: expected an Inspect log of version 1, 2 or 3, found version 4`,
    );
  });
});

describe("results of whole runs", () => {
  it("count once, though another file says more of them", async () => {
    putLighteval(join(folder, "l"), "me", 1, 0.5);
    const [file = ""] = readdirSync(join(folder, "l/results/me"));
    const text = readFileSync(join(folder, "l/results/me", file), "utf8");
    put(folder, `m/results/me/${file}`, text.replaceAll('{"extractive_match":', '{"maj@8":0.75,"extractive_match":'));
    await importFrom("l");
    expect(await importFrom("m")).toMatchObject({ added: 1, attempts: 1 });
    expect(await importFrom("l")).toMatchObject({ added: 0, repeated: 1, attempts: 1 });
    const { rows } = judge(await readRun(out));
    expect(rows[0]).toMatchObject({ accuracy: { value: 0.5 }, rewards: { "maj@8": expect.anything() } });
    put(folder, `n/results/me/${file}`, text.replaceAll("0.5", "0.4"));
    await expect(importFrom("n")).rejects.toThrow(/both claim me on aime24, seed 1/);
  });

  it("are shown as such", async () => {
    for (const [model, base] of [
      ["w0.1", 0.3],
      ["w0.9", 0.5],
    ] as const) {
      for (const seed of [0, 1, 2]) putLighteval(join(folder, "l"), model, seed, base + seed / 30);
    }
    await importFrom("l", { placement: wIs });
    const run = await readRun(out);
    expect(run.manifest).toMatchObject({ benchmarks: [{ name: "aime24", unit: "run", samples: 3 }], max_tokens: 1000 });
    const { rows, decisions, claims, comparisons } = judge(run);
    const [row] = rows;
    expect(row).toMatchObject({
      samples: 30,
      attempts: 3,
      passAtK: null,
      accuracy: { value: expect.closeTo(1 / 3, 9) },
    });
    // Student's t of three runs: 4.303 standard errors of 1/30/sqrt(3) each.
    expect(row?.accuracy.interval?.low).toBeCloseTo(1 / 3 - 4.302653 / 30 / Math.sqrt(3), 6);
    expect(decisions[0]?.text).toMatch(
      /^(3 runs of each point over the same questions cannot tell|w=0\.9 has the highest accuracy)/,
    );
    expect(claims.map(({ text }) => text).join("\n")).toMatch(
      /only the accuracies of whole runs are known.*How other questions would come out cannot be known/,
    );
    // The runs differ by 20 points, always the same: what is certain here says nothing of other questions.
    expect(comparisons[0]?.accuracy?.difference).toBeCloseTo(0.2, 9);
    const written = await renderReport(run, join(folder, "report"), { charts: false });
    const page = readFileSync(join(folder, "report/summary.md"), "utf8");
    expect(page).toContain("aime24 (30 questions, 3 runs)");
    expect(page).toContain("over whole runs (Student's t): other seeds, the same questions");
    expect(written.table).not.toContain("pass@");
  });
});

it("tables are read with a map of their columns", async () => {
  put(folder, "t/results.csv", "net,task,q,ok,len\na,tiny,1,1,10\na,tiny,2,0,20\nb,tiny,1,1,5\nb,tiny,2,1,7\n");
  const map = { model: "net", benchmark: "task", question: "q", correct: "ok", tokens: "len", axes: {} };
  await importFrom("t", { map });
  expect(await accuracies()).toEqual({ a: 0.5, b: 1 });
  put(folder, "t/results.csv", "net,task,q,ok,len\na,tiny,1,maybe,10\n");
  await expect(importFrom("t", { map })).rejects.toThrow(
    /results\.csv: row 1: expected true, false or a number for correct, found "maybe"/,
  );
});
