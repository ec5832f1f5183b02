import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { scratchFolder } from "../helpers/files/scratch-folder.ts";
import { type CliResult, cli } from "../helpers/run-cli.ts";
import { projectRoot, sharedPath } from "../helpers/shared.ts";
import { put, putLmEval } from "../imports/make-results.ts";

const folder = scratchFolder();

function withoutModel(...args: string[]): Promise<CliResult> {
  return cli(args, { createRuntime: () => Promise.reject(new Error("no model is needed")) });
}

describe("mergesweep import", () => {
  it("ends in a report with a curve and a decision, and says what it took and left out", async () => {
    for (const [model, wrong] of [
      ["me/w0.1", 6],
      ["me/w0.5", 2],
      ["me/w0.9", 4],
      ["me/base", 8],
    ] as const) {
      putLmEval(join(folder, "theirs"), model, { wrong });
    }
    put(folder, "theirs/notes.json", { hello: 1 });
    put(folder, "theirs/half.json", '{"results": {"tiny": ');
    const out = join(folder, "store");
    const args = ["import", join(folder, "theirs"), "--axis", "w=w([0-9.]+)", "--filter", "flexible", "--out", out];
    const broken = await withoutModel(...args);
    expect(broken).toMatchObject({ code: 2, stdout: "" });
    expect(broken.stderr).toMatch(/half\.json: expected JSON/);

    const { code, stdout, stderr } = await withoutModel(...args, "--skip-broken");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^4 runs imported\. .*store holds 4 models, 1 benchmark \(tiny\) and 48 scores\./);
    expect(stderr).toMatch(/No results: .*notes\.json/);
    expect(stderr).toMatch(/1 file could not be read:\n.*half\.json: expected JSON/);

    const report = await withoutModel("report", out, "--out", join(folder, "report"));
    expect(report.code).toBe(0);
    expect(report.stdout).toMatch(/w=0\.5 +83\.3/);
    expect(report.stderr).toMatch(
      /12 questions cannot tell which point has the highest accuracy|has the highest accuracy/,
    );
    expect(await readFile(join(folder, "report/accuracy.png"))).toHaveProperty(
      "length",
      expect.toSatisfy((n: number) => n > 10_000),
    );
  });

  it.each([
    [["--axis", "0.5"], "--axis: expected a name, an equals sign and a value such as w=acc([0-9.]+), found"],
    [["--axis", "w=(["], "expected a regular expression whose first group is the value"],
    [["--end", "w=0"], "--end: expected NAME=VALUE:MODEL such as w=0:my/expert"],
    [["--end", "w=0:you/it"], '--end: expected one model "you/it", found none'],
    [["--models", "("], "--models: expected a regular expression"],
    [["--metric", "beauty"], "--metric beauty: expected a score of these results, found none of it"],
    [["--format", "excel"], "--format: expected one of "],
    [["--map", "nowhere.yaml"], "Expected a mapping file, found none at nowhere.yaml"],
  ])("says what is wrong with %s", async (flags, message) => {
    putLmEval(join(folder, "one"), "me/base", { wrong: 8 });
    const { code, stderr } = await withoutModel(
      "import",
      join(folder, "one"),
      ...flags,
      "--out",
      join(folder, "wrong"),
    );
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });

  it("does not touch the store of a run, nor take one for results", async () => {
    put(folder, "own/manifest.json", await manifestOfOurs());
    const { code, stderr } = await withoutModel("import", join(folder, "one"), "--out", join(folder, "own"));
    expect(stderr).toContain('is the store of the run "mine", not of imported results');
    expect(code).toBe(2);
  });
});

async function manifestOfOurs(): Promise<unknown> {
  putLmEval(join(folder, "one"), "me/base", { wrong: 8 });
  const out = join(folder, "mine");
  await withoutModel("import", join(folder, "one"), "--out", out);
  const manifest: Record<string, unknown> = JSON.parse(await readFile(join(out, "manifest.json"), "utf8"));
  return { ...manifest, plan: { generation: {} } };
}

it("imported answers are compared with our own, question by question", { timeout: 180_000 }, async () => {
  const text = await readFile(join(projectRoot, "datasets/pocket-math/test.jsonl"), "utf8");
  const problems = text
    .split("\n")
    .slice(0, 20)
    .map((line): { question: string; answer: string } => JSON.parse(line));
  // As Inspect stores them: right wherever the number of the question is even.
  put(folder, "logs/log.json", {
    version: 2,
    status: "success",
    eval: { task: "pocket_math", model: "their/model", run_id: "r" },
    samples: problems.map(({ question, answer }, i) => ({
      id: i + 1,
      epoch: 1,
      input: `Solve this.\n\n${question}`,
      target: answer,
      output: {
        completion: i % 2 === 0 ? answer : "no",
        choices: [{ stop_reason: "stop" }],
        usage: { output_tokens: 10 },
      },
      scores: { match: { value: i % 2 === 0 ? "C" : "I" } },
    })),
  });
  const [theirs, ours] = [join(folder, "their-store"), join(folder, "our-store")];
  expect((await withoutModel("import", join(folder, "logs"), "--out", theirs)).stderr).toContain(
    "The questions of pocket-math are those of the benchmark of this name here",
  );
  await cli([
    "eval",
    join(projectRoot, "checkpoints/pocket/base"),
    "--limit",
    "20",
    "--out",
    ours,
    "--report",
    join(folder, "r"),
  ]);
  const { stdout, stderr, code } = await withoutModel("compare", theirs, ours, "--json");
  expect(code).toBe(0);
  expect(stderr).toMatch(/graded differently.*scoring: "imported" and "default"/);
  const [row] = JSON.parse(stdout);
  expect(row).toMatchObject({
    benchmark: "pocket-math",
    samples: 20,
    point: "our-store:base",
    baseline: "their-store:their/model",
  });
  expect(row.wins).toBeGreaterThan(5);
  expect(row.tokens.difference).toBeGreaterThan(1);
  // On one page they would look alike: there both have to be graded by one grader.
  const together = await withoutModel("report", theirs, ours, "--out", join(folder, "both"));
  expect(together.stderr).toMatch(/cannot be compared:[^]*scoring: [^]*import PATHS --rescore/);
});

const sweep = sharedPath("imports/lighteval/merge-sweep-0.8.1");
it.skipIf(sweep === undefined)("a published merge sweep ends in a curve and a decision", async () => {
  const out = join(folder, "published");
  expect((await withoutModel("import", sweep ?? "", "--axis", "w=acc([0-9.]+)", "--out", out)).code).toBe(0);
  const { code, stdout, stderr } = await withoutModel("report", out, "--out", join(folder, "published-report"));
  expect(code).toBe(0);
  expect(stdout).toMatch(/w=0\.9 +math_500 +82\.7/);
  expect(stderr).toMatch(
    /39 runs of each point over the same questions cannot tell which point has the highest accuracy/,
  );
  expect(await readFile(join(folder, "published-report/all-accuracy.png"))).toBeInstanceOf(Buffer);
});
