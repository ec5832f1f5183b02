import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, expect, it } from "vitest";
import { scratchFolder } from "../helpers/files/scratch-folder.ts";
import { cli } from "../helpers/run-cli.ts";
import { storedCompletions } from "../helpers/runs/stored-completions.ts";
import { projectRoot } from "../helpers/shared.ts";

const MODEL = join(projectRoot, "checkpoints/pocket/accfmt");
let folder: string;

beforeEach(() => {
  folder = scratchFolder();
});

it("a benchmark may have attempts of its own; a flag beats them", { timeout: 60_000 }, async () => {
  await mkdir(join(folder, "datasets/sums"), { recursive: true });
  await writeFile(join(folder, "datasets/sums/test.csv"), 'question,answer\n"Compute 12+7.",19\n"Compute 3*4.",12\n');
  await writeFile(
    join(folder, "datasets/sums/benchmark.yaml"),
    "name: sums\nversion: 1\nfile: test.csv\nfields: { problem: question, answer: answer }\nanswer: { kind: number }\n",
  );
  await cp(join(projectRoot, "datasets/pocket-math"), join(folder, "datasets/pocket-math"), { recursive: true });
  const sweep = join(folder, "sweep.yaml");
  await writeFile(
    sweep,
    `name: s\nreferences: { m: ${MODEL} }\nbenchmarks: [{ name: sums, attempts: 3 }, { name: pocket-math, limit: 4 }]\n` +
      "generation: { temperature: 0.8, max_tokens: 64, attempts: 2 }\n",
  );
  const rowsOf = async (...flags: string[]): Promise<string[]> => {
    const report = join(folder, "report");
    const result = await cli(["run", sweep, "--out", join(folder, `run${flags.length}`), "--report", report, ...flags]);
    expect(result).toMatchObject({ code: 0 });
    const [header = "", ...rows] = (await readFile(join(report, "summary.csv"), "utf8")).trim().split("\n");
    const column = (name: string): number => header.split(",").indexOf(name);
    return rows.map((row) =>
      ["benchmark", "samples", "attempts"].map((name) => row.split(",")[column(name)]).join(" "),
    );
  };
  expect(await rowsOf()).toEqual(["sums 2 3", "pocket-math 4 2"]);
  expect(await rowsOf("--attempts", "1")).toEqual(["sums 2 1", "pocket-math 4 1"]);
});

it("a completion ends where the context does, and the report says how many did", { timeout: 60_000 }, async () => {
  const short = join(folder, "short");
  await cp(MODEL, short, { recursive: true });
  const config: object = JSON.parse(await readFile(join(short, "config.json"), "utf8"));
  await writeFile(join(short, "config.json"), JSON.stringify({ ...config, max_position_embeddings: 100 }));
  const completionsOf = async (model: string, name: string, ...flags: string[]): Promise<string[]> => {
    const out = join(folder, name);
    const args = ["eval", model, "--benchmarks", "pocket-math", "--limit", "12", "--out", out];
    expect(await cli([...args, "--report", `${out}-report`, ...flags])).toMatchObject({ code: 0 });
    return Object.values(await storedCompletions(out))
      .flat()
      .map((line): string => JSON.parse(line).completion);
  };
  const whole = await completionsOf(MODEL, "whole", "--max-tokens", "256");
  // As in published protocols, where max_tokens is the whole context.
  const cut = await completionsOf(short, "cut", "--max-tokens", "100");
  expect(cut.filter((text, i) => text !== whole[i]).length).toBeGreaterThan(0);
  expect(cut.filter((text, i) => text === whole[i]).length).toBeGreaterThan(0);
  for (const [i, text] of cut.entries()) expect(whole[i]?.startsWith(text)).toBe(true);
  expect(await readFile(join(folder, "cut-report/summary.md"), "utf8")).toMatch(
    /of them earlier, where the context ended/,
  );
});
