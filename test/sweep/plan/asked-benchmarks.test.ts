import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { PlannedBenchmark } from "../../../src/runs/schema.ts";
import { readSweepFile } from "../../../src/sweep/file/config.ts";
import { loadAskedBenchmarks } from "../../../src/sweep/plan/asked-benchmarks.ts";
import { projectRoot } from "../../helpers/shared.ts";

let root = "";
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "mergesweep-asked-"));
  await cp(join(projectRoot, "datasets/pocket-math"), join(root, "datasets/pocket-math"), { recursive: true });
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** The benchmark as a manifest has it, asked with these prompts. */
async function askedWith(prompts: string): Promise<PlannedBenchmark | undefined> {
  const path = join(root, "datasets/pocket-math/benchmark.yaml");
  const text = await readFile(path, "utf8");
  await writeFile(path, text.replace(/^prompts: .*$/m, `prompts: [${prompts}]`));
  await writeFile(join(root, "sweep.yaml"), "name: s\nreferences: { base: x }\nbenchmarks: [pocket-math]\n");
  const sweep = await readSweepFile(join(root, "sweep.yaml"));
  return (await loadAskedBenchmarks(sweep, {})).described[0];
}

describe("the benchmarks of a plan", () => {
  it("are known by the text of a prompt of their own: system, user and stop", async () => {
    const digests = new Set<string | undefined>();
    for (const own of [
      'user: "{problem} ="',
      'user: "{problem} = "',
      'user: "{problem} =", stop: ["."]',
      'user: "{problem} =", system: Sums.',
    ])
      digests.add((await askedWith(`{ name: terse, version: 1, ${own} }`))?.prompt_sha256);
    expect(digests.size).toBe(4);
    expect([...digests]).not.toContain(undefined);
  });

  it("are known by the version of a prompt of ours", async () => {
    expect(await askedWith("boxed")).toMatchObject({ prompt: expect.stringMatching(/^boxed@\d+$/) });
    expect(await askedWith("boxed")).not.toHaveProperty("prompt_sha256");
  });
});
