import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { checkDataset, describeBenchmark } from "../../src/benchmarks/check.ts";
import { loadBenchmark } from "../../src/benchmarks/load-dataset.ts";
import { pullBenchmark } from "../../src/benchmarks/pull-dataset.ts";
import { listBenchmarkNames } from "../../src/benchmarks/registry.ts";
import { scratchFolder } from "../helpers/files/scratch-folder.ts";
import { projectRoot, sharedPath } from "../helpers/shared.ts";

const root = projectRoot;
let cache = "";
beforeAll(() => {
  cache = scratchFolder();
  vi.stubEnv("MERGESWEEP_CACHE", cache);
});
afterAll(() => {
  vi.unstubAllEnvs();
});

describe("the benchmarks under datasets/", () => {
  it("are nine, and each says what it is, under which licence, and how it may be asked", async () => {
    const names = await listBenchmarkNames(root);
    expect(names).toEqual([
      "aime24",
      "aime25",
      "amc23",
      "gsm8k",
      "math500",
      "minerva_math",
      "olympiadbench",
      "pocket-math",
      "svamp",
    ]);
    for (const name of names) {
      const summary = await describeBenchmark(name, root);
      expect(summary.name).toBe(name);
      expect(summary.description.length).toBeGreaterThan(30);
      expect(summary.licence).not.toBe("unknown");
      expect(summary.sha256).toMatch(/^[0-9a-f]{64}$/);
      expect(summary.rows).toBeGreaterThan(0);
      expect(summary.prompts).toEqual(expect.arrayContaining(["plain", "open-rs", "boxed"]));
    }
  });

  it("say which of two sets of one name they are", async () => {
    expect((await describeBenchmark("olympiadbench", root)).description).toMatch(/675[^]*674/);
    expect((await describeBenchmark("amc23", root)).description).toMatch(/40[^]*83/);
  });

  it("say which command to type where their data is absent", async () => {
    await expect(loadBenchmark("aime24", { root })).rejects.toMatchObject({
      name: "InputError",
      message: "The data of the benchmark aime24 is not on this machine",
      hint: expect.stringMatching(/mergesweep datasets pull aime24\n.*mergesweep datasets pull aime24 --from FILE/),
    });
    expect(await checkDataset("aime24", root)).toMatchObject({
      status: "absent",
      problems: ["not fetched yet: mergesweep datasets pull aime24"],
    });
    expect((await describeBenchmark("aime24", root)).data).toBeNull();
  });

  it("pass their checks where the data ships with the project", async () => {
    expect(await checkDataset("pocket-math", root)).toMatchObject({ status: "ok", rows: 500, problems: [] });
  });

  it("are named by the checks as unknown, not thrown", async () => {
    const check = await checkDataset("gsm8", root);
    expect(check.status).toBe("broken");
    expect(check.problems.join(" ")).toContain('Did you mean "gsm8k"?');
  });
});

const golds: [name: string, rows: number, first: string[], last: string[]][] = [
  ["gsm8k", 1319, ["18"], ["14"]],
  ["math500", 500, ["\\left( 3, \\frac{\\pi}{2} \\right)"], ["106^\\circ"]],
  ["aime24", 30, ["204"], ["902"]],
  ["aime25", 30, ["70"], ["240"]],
  ["amc23", 40, ["27"], ["8"]],
  ["minerva_math", 272, ["1.6"], ["10.1"]],
  ["olympiadbench", 675, ["2"], ["11"]],
  ["svamp", 1000, ["145"], ["91"]],
];

describe.each(golds)("the real data of %s", (name, rows, first, last) => {
  const file = sharedPath(`benchmarks/${name}/test.jsonl`);

  it.skipIf(file === undefined)("is taken from a local copy, and has its rows, its golds and no problem", async () => {
    const pulled = await pullBenchmark(name, { root, from: file });
    expect(pulled).toMatchObject({ name, rows, identical: true, from: file });
    expect(pulled.path.startsWith(cache)).toBe(true);

    const benchmark = await loadBenchmark(name, { root });
    expect(benchmark.samples).toHaveLength(rows);
    expect(benchmark.dataSha256).toBe(pulled.sha256);
    expect(benchmark.samples[0]?.golds).toEqual(first);
    expect(benchmark.samples.at(-1)?.golds).toEqual(last);
    expect(new Set(benchmark.samples.map((sample) => sample.id)).size).toBe(rows);
    expect(benchmark.samples.every((sample) => sample.golds.length > 0)).toBe(true);
    expect(await checkDataset(name, root)).toMatchObject({ status: "ok", rows, problems: [] });
  });

  it.skipIf(file === undefined)("is not fetched again once it is here", async () => {
    await pullBenchmark(name, { root, from: file });
    const again = await pullBenchmark(name, { root, hubUrl: "http://127.0.0.1:9" });
    expect(again).toMatchObject({ from: "cache", rows, identical: true });
  });
});

describe("a local copy that is not the declared data", () => {
  const aime24 = sharedPath("benchmarks/aime24/test.jsonl");

  it.skipIf(aime24 === undefined)("is refused with both digests, and nothing enters the cache", async () => {
    const aime25 = sharedPath("benchmarks/aime25/test.jsonl");
    await rm(cache, { recursive: true, force: true });
    await expect(pullBenchmark("aime24", { root, from: aime25 })).rejects.toThrow(
      /expected sha256 af2b8bd2aa91\w+, found 19a9f25a12e8/,
    );
    await expect(loadBenchmark("aime24", { root })).rejects.toThrow("not on this machine");
  });

  it("is refused if it is not there", async () => {
    await expect(pullBenchmark("aime24", { root, from: join(cache, "none.jsonl") })).rejects.toThrow(
      "there is no such file",
    );
  });

  it.skipIf(aime24 === undefined)("is found out when the cached file is damaged later", async () => {
    const { path } = await pullBenchmark("aime24", { root, from: aime24 });
    await writeFile(path, '{"id": 1, "problem": "What?", "answer": ""}\n');
    const check = await checkDataset("aime24", root);
    expect(check.status).toBe("broken");
    expect(check.problems).toEqual([
      expect.stringContaining("expected sha256"),
      "expected 30 rows, found 1",
      "row 1 (id 1): empty gold",
    ]);
    expect((await pullBenchmark("aime24", { root, from: aime24 })).rows).toBe(30);
  });
});
