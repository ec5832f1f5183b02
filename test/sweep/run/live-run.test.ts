import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sha256 } from "../../../src/base/digest.ts";
import { toJsonLines } from "../../../src/base/jsonl.ts";
import type { Sample } from "../../../src/benchmarks/benchmark.ts";
import { loadBenchmark } from "../../../src/benchmarks/load-dataset.ts";
import { problemRecords } from "../../../src/eval/problem-records.ts";
import { scoreSamples } from "../../../src/eval/score-samples.ts";
import type { SampleWriter } from "../../../src/runs/completions/sample-writer.ts";
import { openRunStore, type RunStore, writeProblems } from "../../../src/runs/run-store.ts";
import type { Manifest, SampleRecord, ScoreRecord } from "../../../src/runs/schema.ts";
import { LiveRun } from "../../../src/sweep/run/live-run.ts";
import { scratchFolder } from "../../helpers/files/scratch-folder.ts";
import { openUnit } from "../../helpers/runs/open-unit.ts";
import { projectRoot } from "../../helpers/shared.ts";
import { syntheticRun } from "../../report/synthetic-run.ts";

function answer(sample: string, attempt: number, text: string): SampleRecord {
  return {
    benchmark: "pocket-math",
    sample,
    attempt,
    seed: attempt,
    prompt_sha256: sha256(""),
    prefill: "",
    completion: `<think>\nhm\n</think>\n\\boxed{${text}}`,
    finish_reason: "stop",
    prompt_tokens: 3,
    completion_tokens: 9,
    thinking_tokens: 2,
    milliseconds: 1,
  };
}

describe("a run that goes on", () => {
  let folder = "";
  let manifest: Manifest;
  let questions: readonly Sample[] = [];
  let store: RunStore;
  beforeAll(async () => {
    folder = scratchFolder();
    const benchmark = await loadBenchmark("pocket-math", { root: projectRoot });
    questions = benchmark.samples;
    manifest = syntheticRun({ samples: 500, attempts: 2 }).manifest;
    store = await openRunStore(folder, manifest);
    await writeProblems(folder, problemRecords([benchmark]));
  });
  afterAll(async () => {
    await store.close();
  });

  const open = (point: number): Promise<SampleWriter> =>
    openUnit(store, manifest.points[point]?.unit ?? "", {
      identity: sha256("identity"),
      parts: {},
      benchmarks: {},
      inputs: [],
    });

  it("has the questions of which all attempts are there, scored, and more after more is answered", async () => {
    const [first, second] = questions;
    if (first === undefined || second === undefined) throw new Error("Expected two questions");
    const writer = await open(0);
    const live = new LiveRun(folder);
    try {
      expect((await live.read()).evaluated).toEqual([]);
      await writer.append(answer(first.id, 0, first.golds[0] ?? ""));
      await writer.append(answer(first.id, 1, "nonsense"));
      await writer.append(answer(second.id, 0, second.golds[0] ?? ""));
      const before = await live.signature();
      const [unit, ...others] = (await live.read()).evaluated;
      expect(others).toEqual([]);
      expect(unit?.point.name).toBe("w=0");
      expect(unit?.tables[0]?.samples).toEqual([first.id]);
      expect([...(unit?.tables[0]?.columns.accuracy ?? [])]).toEqual([1, 0]);
      expect((await live.progress()).done).toBe(3);
      await writer.append(answer(second.id, 1, second.golds[0] ?? ""));
      expect(await live.signature()).not.toBe(before);
      expect((await live.read()).evaluated[0]?.tables[0]?.samples).toEqual([first.id, second.id].toSorted());
    } finally {
      await writer.close();
    }
  });

  it("has the scores that the finished unit will have, whoever wrote the answers, and writes nothing", async () => {
    const [first] = questions;
    if (first === undefined) throw new Error("Expected a question");
    const answers = [answer(first.id, 0, first.golds[0] ?? ""), answer(first.id, 1, "nonsense")];
    const unit = join(folder, "units", manifest.points[1]?.unit ?? "");
    await mkdir(unit, { recursive: true });
    await writeFile(join(unit, "samples-a.jsonl"), toJsonLines(answers.slice(0, 1)));
    // A worker that was killed within a line.
    await writeFile(join(unit, "samples-b.jsonl"), `${toJsonLines(answers.slice(1))}{"benchmark":"pock`);
    const { evaluated } = await new LiveRun(folder).read();
    const scores: ScoreRecord[] = [];
    for await (const piece of evaluated.find(({ point }) => point.name === "w=0.1")?.records() ?? []) {
      scores.push(...piece);
    }
    const benchmark = await loadBenchmark("pocket-math", { root: projectRoot });
    expect(scores).toEqual(scoreSamples(answers, [benchmark]));
    expect(await readdir(unit)).toEqual(["samples-a.jsonl", "samples-b.jsonl"]);
  });

  it("scores answers anew that are made again", async () => {
    const [first] = questions;
    if (first === undefined) throw new Error("Expected a question");
    const live = new LiveRun(folder);
    const accuracy = async (): Promise<number[]> => {
      const { evaluated } = await live.read();
      return [...(evaluated.find(({ point }) => point.name === "w=0.2")?.tables[0]?.columns.accuracy ?? [])];
    };
    for (const [text, expected] of [
      ["nonsense", 0],
      [first.golds[0] ?? "", 1],
    ] as const) {
      await store.unit(manifest.points[2]?.unit ?? "").setAside();
      const writer = await open(2);
      await writer.append(answer(first.id, 0, text));
      await writer.append(answer(first.id, 1, text));
      await writer.close();
      expect(await accuracy()).toEqual([expected, expected]);
    }
  });
});
