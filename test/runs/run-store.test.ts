import { appendFile, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { digestOf, sha256 } from "../../src/base/digest.ts";
import { OtherBuild } from "../../src/runs/leases/open-unit.ts";
import { readRun } from "../../src/runs/read-run.ts";
import { recoverRun } from "../../src/runs/recover.ts";
import { openRunStore, writeProblems } from "../../src/runs/run-store.ts";
import type { Manifest, SampleRecord } from "../../src/runs/schema.ts";
import type { OpenedAs } from "../../src/runs/unit-store.ts";
import { completionsByBuild } from "../../src/sweep/run/stored-completions.ts";
import { scratchFolder } from "../helpers/files/scratch-folder.ts";
import { openUnit } from "../helpers/runs/open-unit.ts";

function manifest(plan: Record<string, unknown> = { generation: { seed: 0 } }): Manifest {
  return {
    manifest_version: 2,
    mergesweep_version: "0",
    sweep: "s",
    axes: ["w"],
    points: [{ name: "w=0", kind: "point", axes: { w: "0" }, unit: "000-w=0" }],
    benchmarks: [{ name: "b", version: 1, samples: 2, attempts: 1, data_sha256: "0".repeat(64), prompt: "plain@1" }],
    max_tokens: 8,
    scoring: { profile: "default", formats: {} },
    plan,
    plan_digest: digestOf(plan),
  };
}

/** A benchmark asked by a prompt of its own, where its digest is kept. */
function asked(prompt_sha256?: string): Manifest {
  const { benchmarks, ...rest } = manifest();
  return { ...rest, benchmarks: benchmarks.map((one) => ({ ...one, ...(prompt_sha256 && { prompt_sha256 }) })) };
}

function record(sample: string): SampleRecord {
  return {
    benchmark: "b",
    sample,
    attempt: 0,
    seed: 1,
    prompt_sha256: "0".repeat(64),
    prefill: "",
    completion: "ü\n",
    finish_reason: "stop",
    prompt_tokens: 1,
    completion_tokens: 1,
    thinking_tokens: null,
    milliseconds: 1,
  };
}

const result = {
  weights_sha256: sha256("w"),
  identity: sha256("i"),
  runtime: "r",
  gguf_type: "bf16",
  attempts: 2,
  scorer_version: 1,
};

function identified(weights: string): OpenedAs {
  return { identity: sha256(weights), parts: { weights }, benchmarks: { b: sha256("b") }, inputs: [] };
}

/** Completions of one model by a build of the runtime. */
function build(runtime: string): OpenedAs {
  const parts = { weights: "w", runtime };
  return { identity: digestOf(parts), parts, benchmarks: { b: sha256("b") }, inputs: [] };
}

describe("a run store", () => {
  it("gives back what was appended, and drops a torn last line", async () => {
    const folder = scratchFolder();
    const store = await openRunStore(folder, manifest());
    const writer = await openUnit(store, "000-w=0", identified("a"));
    await Promise.all([writer.append(record("1")), writer.append(record("2"))]);
    await writer.close();
    await appendFile(join(folder, "units/000-w=0/samples.jsonl"), '{"benchmark":"b","sam');
    const again = await openUnit(store, "000-w=0", identified("a"));
    expect(again.existing).toEqual([record("1"), record("2")]);
    await again.append(record("3"));
    await again.close();
    expect(await store.unit("000-w=0").samples()).toEqual([record("1"), record("2"), record("3")]);
    await store.close();
  });

  it("never mixes completions of two identities, and says what differs", async () => {
    const folder = scratchFolder();
    const store = await openRunStore(folder, manifest());
    const writer = await openUnit(store, "000-w=0", identified("a"));
    await writer.append(record("1"));
    await writer.close();
    await expect(openUnit(store, "000-w=0", identified("b"))).rejects.toThrow(
      /holds completions that were made otherwise:\n {2}weights: "a" in the store, "b" now/,
    );
    const again = await openUnit(store, "000-w=0", identified("a"));
    expect(again.existing).toEqual([record("1")]);
    await again.close();
    await store.close();
  });

  it("of version 1 knows by their results units that share another's completions", async () => {
    const folder = scratchFolder();
    const own = join(folder, "units/000-w=0");
    await mkdir(own, { recursive: true });
    await writeFile(join(own, "result.json"), JSON.stringify({ ...result, unit: "000-w=0", same_as: "001-w=1" }));
    await writeFile(join(folder, "manifest.json"), JSON.stringify({ ...manifest(), manifest_version: 1 }));
    const store = await openRunStore(folder, manifest());
    expect(await store.unit("000-w=0").identity()).toMatchObject({
      identity: null,
      v1: { identity: result.identity, benchmarks: manifest().benchmarks },
    });
    await store.close();
  });

  it("counts the first of several files that answer an attempt, and recover says so", async () => {
    const folder = scratchFolder();
    const store = await openRunStore(folder, manifest());
    const writer = await openUnit(store, "000-w=0", identified("a"));
    await Promise.all([writer.append(record("1")), writer.append(record("2"))]);
    await writer.close();
    const other = { ...record("1"), completion: "another" };
    await writeFile(
      join(folder, "units/000-w=0/samples-b.jsonl"),
      `${JSON.stringify(other)}\n${JSON.stringify(record("2"))}\n`,
    );
    const [first] = await store.unit("000-w=0").samples();
    expect(first?.completion).toBe("another");
    await store.close();
    expect(await recoverRun(folder)).toEqual([
      {
        point: "w=0",
        what: expect.stringMatching(/^1 attempt is answered otherwise in another file; the first file by name counts$/),
      },
    ]);
  });

  it("gives each worker a file of its own, and counts completions of both", async () => {
    const folder = scratchFolder();
    const [one, two] = [await openRunStore(folder, manifest()), await openRunStore(folder, manifest())];
    const [a, b] = [await openUnit(one, "000-w=0", identified("a")), await openUnit(two, "000-w=0", identified("a"))];
    await a.append(record("1"));
    await b.append(record("2"));
    expect([a.name, b.name]).toEqual(["samples.jsonl", "samples-1.jsonl"]);
    expect(await one.unit("000-w=0").samples()).toEqual([record("2"), record("1")]);
    await a.close();
    const again = await openUnit(one, "000-w=0", identified("a"));
    expect(again.name).toBe("samples.jsonl");
    expect(again.existing).toHaveLength(2);
    await again.close();
    await b.close();
    await one.close();
    await two.close();
  });

  it("keeps builds of the runtime apart, unless they may be mixed: each then has files of its own", async () => {
    const folder = scratchFolder();
    const store = await openRunStore(folder, manifest());
    const first = await openUnit(store, "000-w=0", build("a100"));
    // Nothing is stored yet, but somebody is about to.
    await expect(openUnit(store, "000-w=0", build("h100"))).rejects.toThrow(OtherBuild);
    await first.append(record("1"));
    await first.close();
    await expect(openUnit(store, "000-w=0", build("h100"))).rejects.toThrow(/runtime: "a100" in the store, "h100" now/);
    const second = await openUnit(store, "000-w=0", build("h100"), true);
    expect(second.name).toBe("samples-1.jsonl");
    await second.append(record("2"));
    await second.close();
    const unit = store.unit("000-w=0");
    expect(completionsByBuild((await unit.completions()).counts, await unit.identity())).toEqual({ a100: 1, h100: 1 });
    await store.close();
  });

  it("refuses another plan and says what differs", async () => {
    const folder = scratchFolder();
    await (await openRunStore(folder, manifest())).close();
    await expect(openRunStore(folder, manifest({ generation: { seed: 7 } }))).rejects.toThrow(
      /generation\.seed: 0 in the store, 7 now/,
    );
    await (await openRunStore(folder, manifest())).close();
  });

  it("refuses another text of a benchmark's own prompt, and takes over a store that did not keep it", async () => {
    const folder = scratchFolder();
    await (await openRunStore(folder, asked())).close();
    await (await openRunStore(folder, asked(sha256("one")))).close();
    await expect(openRunStore(folder, asked(sha256("two")))).rejects.toThrow(
      /benchmarks\.b\.prompt_sha256: .* in the store/,
    );
  });

  it("refuses other problems under the names of those that were answered", async () => {
    const folder = scratchFolder();
    const problem = { benchmark: "b", sample: "1", problem: "1 + 1?", golds: ["2"], labels: {} };
    await writeProblems(folder, [problem]);
    await writeProblems(folder, [
      { ...problem, golds: ["2", "two"] },
      { ...problem, sample: "2", problem: "2 + 2?" },
    ]);
    await expect(writeProblems(folder, [{ ...problem, problem: "1 - 1?" }])).rejects.toThrow(
      'holds answers to other problems: b 1 was "1 + 1?", and is now "1 - 1?"',
    );
  });

  it("that is none is named, and so is one that was changed by hand", async () => {
    const folder = scratchFolder();
    await expect(readRun(folder)).rejects.toThrow(/found none in/);
    await writeFile(join(folder, "manifest.json"), '{"sweep": 1');
    await expect(readRun(folder)).rejects.toThrow(/Expected JSON in .*manifest\.json/);
    await writeFile(join(folder, "manifest.json"), '{"sweep": 1}');
    await expect(readRun(folder)).rejects.toThrow(/unexpected content/);
    await rm(folder, { recursive: true });
  });
});
