import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { choosePrompt } from "../../../src/benchmarks/prompt.ts";
import { findBenchmark } from "../../../src/benchmarks/registry.ts";
import { readSweepFile } from "../../../src/sweep/file/config.ts";
import { readProtocol } from "../../../src/sweep/file/protocol.ts";
import { scratchFolder } from "../../helpers/files/scratch-folder.ts";
import { cli } from "../../helpers/run-cli.ts";
import { projectRoot } from "../../helpers/shared.ts";

const DATA = "05c66557ca31125204738f545eb4d6d977d687a7b767e1be2868199cb7bacad7";

/** A project with a protocol of its own, and a sweep that names it. */
async function project(more = ""): Promise<string> {
  const folder = scratchFolder();
  await mkdir(join(folder, "protocols"));
  await mkdir(join(folder, "sweeps"));
  await writeFile(
    join(folder, "protocols/small.yaml"),
    `name: small
description: d
source: somebody
gives_up: breadth
benchmarks: [{ name: pocket-math, version: 1, data_sha256: ${DATA}, questions: 500, prompt: boxed@1, attempts: 3 }]
generation: { temperature: 0.8, max_tokens: 200 }
scoring: { profile: lighteval }
gguf_type: bf16
statistics: { seeds: mean, benchmarks: macro }
`,
  );
  const path = join(folder, "sweeps/x.yaml");
  const base = join(projectRoot, "checkpoints/pocket/base");
  await writeFile(path, `name: x\nprotocol: small\nreferences: { base: ${base} }\n${more}`);
  return path;
}

describe("a protocol", () => {
  it("says what a sweep does not say", async () => {
    const { config } = await readSweepFile(await project("generation: { max_tokens: 100 }\n"));
    expect(config.benchmarks).toEqual([{ name: "pocket-math", prompt: "boxed", attempts: 3 }]);
    expect(config.generation).toMatchObject({ temperature: 0.8, max_tokens: 100 });
    expect(config.scoring.profile).toBe("lighteval");
  });

  it("is planned with everything that is done otherwise, in the file or by flags", async () => {
    const same = await cli(["plan", await project(), "--json"]);
    expect(JSON.parse(same.stdout).protocol).toMatchObject({ name: "small", gives_up: "breadth", differences: [] });
    const sweep = await project("generation: { max_tokens: 100 }\n");
    const other = await cli([
      "plan",
      sweep,
      "--json",
      "--temperature",
      "0",
      "--limit",
      "5",
      "--benchmarks",
      "pocket-math",
    ]);
    expect(JSON.parse(other.stdout).protocol.differences).toEqual([
      "temperature 0 instead of 0.8",
      "max_tokens 100 instead of 200",
      "pocket-math: problems 5 instead of 500",
    ]);
  });

  it("that does not exist is refused with its place, and those that do", async () => {
    const path = await project();
    await writeFile(path, "name: x\nprotocol: sober-reasonin\nreferences: { r: p }\n");
    await expect(readSweepFile(path)).rejects.toThrow(/:2:1: Unknown protocol "sober-reasonin"/);
    await expect(readSweepFile(path)).rejects.toMatchObject({
      hint: expect.stringMatching(/sober-reasoning.*small|small/),
    });
  });

  it("of those that come with mergesweep names data, versions and prompts as they are", async () => {
    const files = await readdir(join(projectRoot, "protocols"));
    expect(files.toSorted()).toEqual(["open-rs.yaml", "quick.yaml", "qwen-math.yaml", "sober-reasoning.yaml"]);
    for (const file of files) {
      const { name, benchmarks } = await readProtocol(file.slice(0, -".yaml".length), projectRoot);
      expect(`${name}.yaml`).toBe(file);
      for (const benchmark of benchmarks) {
        const { declared } = await findBenchmark(benchmark.name, projectRoot);
        const { version, sha256, rows } = declared;
        expect({ version, sha256, rows }).toEqual({
          version: benchmark.version,
          sha256: benchmark.data_sha256,
          rows: benchmark.questions,
        });
        const [prompt = ""] = benchmark.prompt.split("@");
        expect(`${prompt}@${choosePrompt(declared, prompt).version}`).toBe(benchmark.prompt);
      }
    }
    const { benchmarks } = await readProtocol("sober-reasoning", projectRoot);
    expect(benchmarks.reduce((runs, { attempts }) => runs + attempts, 0)).toBe(39);
  });
});
