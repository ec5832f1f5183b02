import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sha256 } from "../../../src/base/digest.ts";
import { loadBenchmark } from "../../../src/benchmarks/load-dataset.ts";
import { openRunStore } from "../../../src/runs/run-store.ts";
import type { Manifest, SampleRecord } from "../../../src/runs/schema.ts";
import { LiveRun } from "../../../src/sweep/run/live-run.ts";
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
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "live-run-"));
    const { dataSha256 } = await loadBenchmark("pocket-math", { root: projectRoot });
    const made = syntheticRun({ samples: 500, attempts: 2 }).manifest;
    manifest = {
      ...made,
      benchmarks: made.benchmarks.map((benchmark) => ({ ...benchmark, data_sha256: dataSha256 })),
    };
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("has the questions of which all attempts are there, scored, and more after more is answered", async () => {
    const store = await openRunStore(folder, manifest);
    const { samples } = await loadBenchmark("pocket-math", { root: projectRoot });
    const [first, second] = samples;
    if (first === undefined || second === undefined) throw new Error("Expected two questions");
    const [point] = manifest.points;
    const writer = await store
      .unit(point?.unit ?? "")
      .open({ identity: sha256("identity"), parts: {}, benchmarks: {}, inputs: [] });
    const live = new LiveRun(folder, projectRoot);
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
      await store.close();
    }
  });

  it("is shown without scores of its own where the questions are not on this machine", async () => {
    expect((await new LiveRun(folder, join(folder, "nowhere")).read()).manifest.sweep).toBe("pocket");
  });
});
