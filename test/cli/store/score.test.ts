import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { scratchFolder } from "../../helpers/files/scratch-folder.ts";
import { cli } from "../../helpers/run-cli.ts";
import { projectRoot } from "../../helpers/shared.ts";

let folder: string;
let sweep: string;
let run: string;
let report: string;

beforeAll(() => {
  folder = scratchFolder();
  [sweep, run, report] = [join(folder, "sweep.yaml"), join(folder, "run"), join(folder, "report")];
});

const modelLine = (name: string, weight: string): string =>
  `    - { model: ${join(projectRoot, "checkpoints/pocket", name)}, parameters: { weight: "${weight}" } }`;

/** Two merges, four attempts at a few problems, and a way of scoring. */
async function writeSweep(scoring: string): Promise<void> {
  const lines = [
    "name: attempts",
    "axes: { w: [0.3, 0.9] }",
    "recipe:",
    "  merge_method: linear",
    "  models:",
    modelLine("len", "${w}"),
    modelLine("accfmt", "${1 - w}"),
    "  dtype: bfloat16",
    "benchmarks: [{ name: pocket-math, limit: 12 }]",
    "generation: { temperature: 0.8, top_p: 0.9, max_tokens: 256, attempts: 4, seed: 1 }",
    ...(scoring === "" ? [] : [`scoring: ${scoring}`]),
  ];
  await writeFile(sweep, `${lines.join("\n")}\n`);
}

const score = (...flags: string[]): ReturnType<typeof cli> =>
  cli(["score", run, "--root", projectRoot, "--out", report, ...flags]);
const runSweep = (): ReturnType<typeof cli> => cli(["run", sweep, "--out", run, "--report", report]);

async function table(name: string): Promise<Record<string, string>[]> {
  const [header = [], ...rows] = (await readFile(join(report, name), "utf8"))
    .trimEnd()
    .split("\n")
    .map((line) => line.split(","));
  return rows.map((row) => Object.fromEntries(header.map((column, i) => [column, row[i] ?? ""])));
}

describe("a sweep with several attempts", () => {
  it("reports accuracy, pass@k, maj@k, format components, lengths and rewards", { timeout: 200_000 }, async () => {
    await writeSweep("");
    expect(await runSweep()).toMatchObject({ code: 0 });
    const rows = await table("summary.csv");
    expect(rows.map(({ point, samples, attempts }) => [point, samples, attempts])).toEqual([
      ["w=0.3", "12", "4"],
      ["w=0.9", "12", "4"],
    ]);
    for (const row of rows) {
      const [accuracy, pass, power, majority] = ["accuracy", "pass_at_k", "pass_power_k", "majority_at_k"].map((name) =>
        Number(row[name]),
      );
      expect(pass).toBeGreaterThanOrEqual(accuracy ?? 2);
      expect(power).toBeLessThanOrEqual(accuracy ?? -1);
      expect(majority).toBeLessThanOrEqual(pass ?? -1);
      for (const name of ["accuracy_strict", "tokens_p90", "words", "reward_kimi_length", "reward_cosine_tokens"]) {
        expect(row[name]).toMatch(/^-?\d/);
      }
      for (const name of ["openrs_format", "tag_count", "boxed_after_think", "english_only"]) {
        expect(row[`format_${name}`]).toMatch(/^\d/);
      }
    }
    // Attempts are drawn on their own: four copies of one text would make every attempt count the same.
    const kimi = (await table("samples.csv")).map((row) => row.reward_kimi_length);
    expect(new Set(kimi).size).toBeGreaterThan(2);
  });

  it("takes formats of one's own, and scores what is stored again when they change", { timeout: 100_000 }, async () => {
    const unit = join(run, "units/000-w=0.3/samples.jsonl");
    const before = await stat(unit);
    await writeSweep(`{ formats: { boxed_late: '(?s)</think>.*boxed', never: 'qqq' } }`);
    expect(await runSweep()).toMatchObject({ code: 0 });
    const [first, second] = await table("summary.csv");
    expect(Number(first?.format_boxed_late)).toBeGreaterThan(Number(second?.format_boxed_late));
    expect(first?.format_never).toBe("0.000000");
    expect((await stat(unit)).mtimeMs).toBe(before.mtimeMs);
    expect(await readFile(join(report, "summary.md"), "utf8")).toContain("format_boxed_late is 1 where");
  });

  it.each([
    ["'(?=a)b'", "look", /sweep\.yaml:11:\d+: The format pattern.*cannot be used/],
    ["'a'", "tag_count", /sweep\.yaml:11:\d+: "tag_count" cannot name a format/],
  ])("refuses the format %s named %s, with its place", async (pattern, name, message) => {
    await writeSweep(`{ formats: { ${name}: ${pattern} } }`);
    const result = await runSweep();
    expect(result.code).toBe(2);
    expect(result.stderr).toMatch(message);
  });
});

describe("mergesweep score", () => {
  it("extracts answers as another project does, and says so in the report", async () => {
    const before = await table("summary.csv");
    expect(await score("--profile", "gsm8k")).toMatchObject({ code: 0 });
    const after = await table("summary.csv");
    expect(before[0]?.scorer).toMatch(/^default v/);
    expect(after[0]?.scorer).toMatch(/^gsm8k v/);
    expect(after.map((row) => row.accuracy)).not.toEqual(before.map((row) => row.accuracy));
    expect(await score("--profile", "default")).toMatchObject({ code: 0 });
    expect(await table("summary.csv")).toEqual(before);
  });

  it("lists where two profiles disagree, and keeps the scores", async () => {
    const before = await table("summary.csv");
    const result = await score("--profile", "default", "--profile", "gsm8k");
    expect(result).toMatchObject({ code: 0 });
    expect(result.stdout).toMatch(/^point +completions +only default +only gsm8k/);
    const rows = await table("disagreements.csv");
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) {
      expect([row.accuracy_default, row.accuracy_strict_default]).not.toEqual([
        row.accuracy_gsm8k,
        row.accuracy_strict_gsm8k,
      ]);
    }
    expect(await table("summary.csv")).toEqual(before);
  });

  it("refuses a profile that does not exist, and the same one twice", async () => {
    expect(await score("--profile", "qwem")).toMatchObject({ code: 2 });
    expect(await score("--profile", "qwen", "--profile", "qwen")).toMatchObject({ code: 2 });
  });
});
