import { cp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { scratchFolder } from "../helpers/files/scratch-folder.ts";
import { goldenFolder } from "../helpers/golden-merge.ts";
import { livingInGroup } from "../helpers/processes.ts";
import { cli, spawnCli } from "../helpers/run-cli.ts";
import { projectRoot, sharedPath } from "../helpers/shared.ts";

const SWEEP = join(projectRoot, "sweeps/pocket.yaml");
let folder: string;

beforeEach(() => {
  folder = scratchFolder();
});

const outs = (name: string): string[] => ["--out", join(folder, name), "--report", join(folder, `${name}-report`)];
const sweepArgs = (name: string): string[] => [
  "run",
  SWEEP,
  "--only",
  "w=0",
  "--only",
  "w=0.7",
  "--limit",
  "40",
  ...outs(name),
];

async function csvFiles(name: string): Promise<Record<string, string>> {
  const files = ["summary.csv", "samples.csv", "comparisons.csv", "report.json"];
  const texts = await Promise.all(files.map((file) => readFile(join(folder, `${name}-report`, file), "utf8")));
  return Object.fromEntries(files.map((file, index) => [file, texts[index] ?? ""]));
}

describe("mergesweep run", () => {
  it("leaves CSV and pictures, and does nothing twice", { timeout: 300_000 }, async () => {
    const first = await cli(sweepArgs("a"));
    expect(first.stderr).not.toContain("Warning");
    expect(first).toMatchObject({ code: 0 });
    expect(first.stdout).toMatch(/w=0\.7/);
    const files = await readdir(join(folder, "a-report"));
    for (const name of [
      "accuracy.png",
      "format.png",
      "tokens.png",
      "front.png",
      "summary.csv",
      "samples.csv",
      "summary.md",
    ])
      expect(files).toContain(name);
    const summary = (await readFile(join(folder, "a-report/summary.csv"), "utf8")).trim().split("\n");
    expect(summary[0]).toMatch(
      /^sweep,point,w,benchmark,samples,attempts,accuracy,accuracy_low,accuracy_high,accuracy_strict,format,format_low,format_high,tokens_mean,tokens_median,tokens_low,tokens_high,truncated,no_answer,tokens_per_correct,weights_sha256/,
    );
    expect(summary).toHaveLength(4);

    const units = join(folder, "a/units");
    const before = await readFile(join(units, "000-w=0/samples.jsonl"), "utf8");
    const again = await cli(sweepArgs("a"));
    expect(again.code).toBe(0);
    expect(await readFile(join(units, "000-w=0/samples.jsonl"), "utf8")).toBe(before);
  });

  it("answers as transformers does", { timeout: 300_000 }, async ({ skip }) => {
    const reference = sharedPath("pocket/reference.json") ?? skip("no reference.json beside the project");
    expect(await cli(sweepArgs("a"))).toMatchObject({ code: 0 });
    const units = join(folder, "a/units");
    const expected: { points: Record<string, { completions: Record<string, string> }> } = JSON.parse(
      await readFile(reference, "utf8"),
    );
    for (const [unit, w] of [
      ["000-w=0", "0"],
      ["001-w=0.7", "0.7"],
    ] as const) {
      const lines = (await readFile(join(units, unit, "samples.jsonl"), "utf8")).trim().split("\n");
      const records = lines.map((line): { sample: string; completion: string } => JSON.parse(line));
      const same = records.filter(({ sample, completion }) => expected.points[w]?.completions[sample] === completion);
      expect(same.length / records.length).toBeGreaterThanOrEqual(0.97);
    }
  });

  it("killed at random moments and started again ends with the same bytes", { timeout: 600_000 }, async () => {
    const whole = await cli(sweepArgs("whole"));
    expect(whole).toMatchObject({ code: 0 });
    for (const milliseconds of [1500, 2500, 3500]) {
      const child = spawnCli(sweepArgs("killed"), { CI: "1" });
      const ended = new Promise((resolve) => child.once("exit", resolve));
      await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, milliseconds + Math.random() * 1000))]);
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGKILL");
      await ended;
    }
    const last = await cli(sweepArgs("killed"));
    expect(last.code).toBe(0);
    expect(await csvFiles("killed")).toEqual(await csvFiles("whole"));
  });

  it("interrupted by Ctrl-C saves, says how to go on, leaves no process, and exits 130", {
    timeout: 120_000,
  }, async () => {
    const child = spawnCli(sweepArgs("stopped"), { CI: "1" });
    let stderr = "";
    child.stderr?.on("data", (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    const store = join(folder, "stopped/units/000-w=0/samples.jsonl");
    for (let i = 0; i < 600 && (await readFile(store, "utf8").catch(() => "")) === ""; i++)
      await new Promise((resolve) => setTimeout(resolve, 50));
    if (child.pid !== undefined) process.kill(-child.pid, "SIGINT");
    const code = await new Promise((resolve) => child.once("exit", resolve));
    expect(code).toBe(130);
    // What was typed, so that it is the same plan.
    expect(stderr).toContain(`Continue with: mergesweep ${sweepArgs("stopped").join(" ")}`);
    await expect.poll(() => livingInGroup(child.pid), { timeout: 5000 }).toEqual([]);
    expect(await readdir(join(folder, "stopped"))).not.toContain("leases");
  });
});

describe("a run whose output nobody reads any more", () => {
  it.each(["stdout", "stderr", "both"] as const)("goes on silently without %s, as after `| head -1`", async (which) => {
    const child = spawnCli([...sweepArgs("unread"), "--workers", "1"], { CI: "1" });
    let stderr = "";
    child.stderr?.on("data", (chunk: Buffer) => {
      stderr += chunk.toString();
      // The first line has come; the reader goes.
      if (which !== "stdout") child.stderr?.destroy();
    });
    if (which !== "stderr") child.stdout?.destroy();
    const code = await new Promise((resolve) => child.once("exit", resolve));
    expect(code).toBe(0);
    expect(stderr).not.toMatch(/EPIPE|at .*:\d+:\d+/);
    expect(await readdir(join(folder, "unread-report"))).toContain("summary.csv");
    expect(await readdir(join(folder, "unread"))).not.toContain("leases");
  });
});

const sweep = async (recipe: string, more = ""): Promise<string> => {
  const path = join(folder, "sweep.yaml");
  await writeFile(path, `name: x\naxes: { w: [0.5] }\nrecipe:\n${recipe}\nbenchmarks: [pocket-math]\n${more}`);
  return path;
};
const models = (a: string, b: string): string =>
  `  merge_method: linear\n  models:\n    - { model: ${a}, parameters: { weight: "\${w}" } }\n    - { model: ${b}, parameters: { weight: "\${1 - w}" } }\n  dtype: bfloat16`;
const pocket = (name: string): string => join(projectRoot, "checkpoints/pocket", name);
const attempt = async (path: string): ReturnType<typeof cli> =>
  cli(["run", path, "--out", join(folder, "out"), "--report", join(folder, "report")]);

it("ends with its report also where nothing is compiled beforehand", { timeout: 200_000 }, async () => {
  for (const name of ["cold1", "cold2", "cold3"]) {
    const child = spawnCli(["run", SWEEP, "--limit", "1", "--only", "w=1", ...outs(name)], { TSX_DISABLE_CACHE: "1" });
    expect(await new Promise((resolve) => child.once("exit", resolve))).toBe(0);
    expect(await readdir(join(folder, `${name}-report`))).toContain("summary.csv");
  }
});

it("leaves the report of the whole run alone when only a part is asked for", { timeout: 60_000 }, async () => {
  const store = `trial-${basename(folder)}`;
  const { code, stderr } = await cli(["run", SWEEP, "--limit", "1", "--only", "w=1", "--out", join(folder, store)]);
  const report = join(projectRoot, "reports", store);
  expect(await readdir(join(report, "trial"))).toContain("summary.csv");
  expect(await readdir(report)).toEqual(["trial"]);
  await rm(report, { recursive: true });
  expect(stderr).toContain(join("reports", store, "trial/index.html"));
  expect(code).toBe(0);
});

describe("a run that cannot start", () => {
  it("because a file is where its store should be exits 2 with one line", async () => {
    await writeFile(join(folder, "taken"), "");
    const { code, stderr } = await cli(["run", SWEEP, "--limit", "1", "--only", "w=1", ...outs("taken")]);
    expect(stderr.trim().split("\n").at(-1)).toMatch(/^mergesweep: .*taken cannot be written: a file is where/);
    expect(code).toBe(2);
  });

  it.each([
    [
      "a typo in the sweep",
      models(pocket("len"), pocket("base")),
      "generation: { temprature: 0 }",
      /unknown key "temprature".*Did you mean "temperature"/,
    ],
    [
      "a typo in the recipe",
      models(pocket("len"), pocket("base")).replace("parameters: { weight", "parameters: { weigth"),
      "",
      /weigth/,
    ],
    ["a missing checkpoint", models(pocket("lenn"), pocket("base")), "", /lenn/],
    ["an unknown benchmark", models(pocket("len"), pocket("base")), "references: {}", /pocket-mth/],
  ])("because of %s exits 2 with one message and writes nothing", async (name, recipe, more, message) => {
    const path = await sweep(recipe, more);
    if (name === "an unknown benchmark")
      await writeFile(path, (await readFile(path, "utf8")).replace("[pocket-math]", "[pocket-mth]"));
    const { code, stderr, stdout } = await attempt(path);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(await readdir(folder)).toEqual(["sweep.yaml"]);
  });

  it("because a safetensors file is cut off exits 2 and names the file", async () => {
    await cp(pocket("len"), join(folder, "cut"), { recursive: true });
    await truncate(join(folder, "cut/model.safetensors"), 100_000);
    const { code, stderr } = await attempt(await sweep(models(join(folder, "cut"), pocket("base"))));
    expect(stderr).toMatch(/cut\/model\.safetensors/);
    expect(code).toBe(2);
  });

  it("because two checkpoints have different shapes exits 2 and names tensors and shapes", async () => {
    const given = join(goldenFolder, "inputs");
    const { code, stderr } = await attempt(
      await sweep(models(join(given, "q2_bf16_a"), join(given, "q2_inter_bigger"))),
    );
    expect(stderr).toMatch(/mlp/);
    expect(code).toBe(2);
  });

  it.each([
    [["run"], /expected 1 more than flags .*, found 0/],
    [["rnu", SWEEP], /unknown command "rnu"\. Did you mean "run"\?/],
    [["run", SWEEP, "--limit", "abc"], /--limit: expected one integer/],
    [["run", SWEEP, "--limit", "1", "--limit", "2"], /expected one integer of at least 1, found 2/],
    [
      ["run", SWEEP, "--lmit", "1"],
      /unknown flag --lmit\. Did you mean --limit\?\nmergesweep run --help lists its flags/,
    ],
    [["run", SWEEP, "--max-tokns", "1"], /: unknown flag --max-tokns\. Did you mean --max-tokens\?\nmergesweep run/],
    [["run", SWEEP, "--no-serch"], /: unknown flag --no-serch\. Did you mean --no-search\?\nmergesweep run/],
    [["run", SWEEP, SWEEP], /expected no more arguments/],
    [["report", "x", "--theme", "blue"], /--theme: expected one of light, dark; found "blue"/],
    [["report", "x", "--out"], /--out: expected a value, found nothing/],
    [
      ["run", SWEEP, "--benchmarks", "pocket-math", "--benchmarks", "pocket-math"],
      /every benchmark once, found "pocket-math" twice/,
    ],
    [[], /expected a command/],
  ])("because the command line is %j exits 2", async (args, message) => {
    const { code, stderr } = await cli(args);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });
});
