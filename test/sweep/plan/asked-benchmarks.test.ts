import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { describeAsked } from "../../../src/report/page/markdown.ts";
import { growManifest } from "../../../src/runs/grow.ts";
import type { PlannedBenchmark } from "../../../src/runs/schema.ts";
import { readSweepFile } from "../../../src/sweep/file/config.ts";
import { loadAskedBenchmarks } from "../../../src/sweep/plan/asked-benchmarks.ts";
import { scratchFolder } from "../../helpers/files/scratch-folder.ts";
import { projectRoot } from "../../helpers/shared.ts";
import { syntheticRun } from "../../report/synthetic-run.ts";

let root = "";
beforeEach(async () => {
  root = scratchFolder();
  await cp(join(projectRoot, "datasets/pocket-math"), join(root, "datasets/pocket-math"), { recursive: true });
});

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

  it("say how many problems there are where not all are asked, also after the part has grown", async () => {
    await writeFile(join(root, "sweep.yaml"), "name: s\nreferences: { base: x }\nbenchmarks: [pocket-math]\n");
    const sweep = await readSweepFile(join(root, "sweep.yaml"));
    const asked = async (limit?: number): Promise<PlannedBenchmark[]> =>
      (await loadAskedBenchmarks(sweep, limit === undefined ? {} : { limit })).described;
    const [sixty, all] = [await asked(60), await asked()];
    expect(sixty.map(describeAsked)).toEqual(["60 of 500 questions, 1 attempt each"]);
    expect(all.map(describeAsked)).toEqual(["500 questions, 1 attempt each"]);
    const grow = (from: PlannedBenchmark[], to: PlannedBenchmark[]): string[] => {
      const { manifest } = syntheticRun({ samples: 1 });
      const grown = growManifest(
        { ...manifest, benchmarks: from },
        { ...manifest, benchmarks: to },
        { folder: root, trial: false },
      );
      return grown.benchmarks.map(describeAsked);
    };
    expect(grow(sixty, await asked(90))).toEqual(["90 of 500 questions, 1 attempt each"]);
    expect(grow(sixty, all)).toEqual(["500 questions, 1 attempt each"]);
  });
});
