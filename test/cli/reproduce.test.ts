import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { scratchFolder } from "../helpers/files/scratch-folder.ts";
import { cli } from "../helpers/run-cli.ts";
import { projectRoot } from "../helpers/shared.ts";
import { type LocalHub, modelOf, startHub } from "../hub/local-hub.ts";

const pocket = (name: string): string => join(projectRoot, "checkpoints/pocket", name);

let folder = "";
let hub: LocalHub;
beforeEach(async () => {
  folder = scratchFolder();
  vi.stubEnv("HF_HUB_CACHE", join(folder, "cache"));
  vi.stubEnv("HF_TOKEN", "");
  vi.stubEnv("HF_HUB_OFFLINE", "");
  hub = await startHub({ "them/len": await modelOf(pocket("len")), "them/accfmt": await modelOf(pocket("accfmt")) });
  vi.stubEnv("HF_ENDPOINT", hub.url);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await hub[Symbol.asyncDispose]();
});

const SWEEP = `name: theirs
variables: { len: null, accfmt: them/accfmt }
axes: { w: [0.3, 0.7] }
recipe:
  merge_method: linear
  models:
    - { model: "\${len}", parameters: { weight: "\${w}" } }
    - { model: "\${accfmt}", parameters: { weight: "\${1 - w}" } }
  parameters: { normalize: true }
  dtype: bfloat16
benchmarks: [pocket-math]
generation: { temperature: 0, max_tokens: 256 }
`;

/** Publishes the merge at a weight of the length expert. */
async function publish(name: string, w: number): Promise<void> {
  const recipe = join(folder, `${name}.yml`);
  const models = `  - { model: ${pocket("len")}, parameters: { weight: ${w} } }\n  - { model: ${pocket("accfmt")}, parameters: { weight: ${1 - w} } }\n`;
  await writeFile(recipe, `merge_method: linear\nmodels:\n${models}parameters: { normalize: true }\ndtype: bfloat16\n`);
  expect((await cli(["merge", recipe, join(folder, name)])).code).toBe(0);
  hub.models.set(`them/${name}`, await modelOf(join(folder, name)));
}

it("verifies published merges of the hub, finds the one that was tampered with, and judges the numbers", {
  timeout: 300_000,
}, async () => {
  await mkdir(join(folder, "sweeps"));
  await mkdir(join(folder, "published"));
  await writeFile(join(folder, "sweeps/theirs.yaml"), SWEEP);
  const target = join(folder, "published/theirs.yaml");
  await publish("w0.3", 0.3);
  await publish("w0.7", 0.6);
  await writeFile(
    target,
    `name: theirs
source: them
sweep: theirs
merges: { w=0.3: them/w0.3, w=0.7: them/w0.7 }
benchmarks: { pocket-math: { questions: 12 } }
weights: { w=0.3: ${"f".repeat(64)}, w=0.4: ${"f".repeat(64)} }
points:
  w=0.3: { pocket-math: { accuracy: 92, right: "011111111111" } }
`,
  );
  const report = join(folder, "report");
  const command = ["reproduce", target, "--limit", "12", "--out", join(folder, "run"), "--report", report];
  const unset = await cli(command);
  expect(unset.code).toBe(2);
  expect(unset.stderr).toContain("--set len=PATH_OR_HUB_ID");
  const chosen = await cli([...command, "--set", "len=them/len", "--sample-id", "pocket-math-030"]);
  expect(chosen).toMatchObject({ code: 2, stderr: expect.stringContaining("--sample-id: expected all questions") });
  const { code, stdout, stderr } = await cli([...command, "--set", "len=them/len", "--margin", "20", "--json"]);
  expect(stderr).not.toContain("mergesweep:");
  const data = JSON.parse(stdout);
  expect(data.rows).toMatchObject([{ point: "w=0.3", basis: "pairs", verdict: "reproduced", completions: 12 }]);
  expect(data.merges).toMatchObject([
    { point: "w=0.3", model: "them/w0.3", identical: true },
    { point: "w=0.7", model: "them/w0.7", identical: false, text: expect.stringMatching(/weight.*0\.6/) },
    { point: "w=0.3", identical: false, text: expect.stringMatching(/^expected sha256 f{64}, found 31c5b7f9/) },
    { point: "w=0.4", text: "the sweep does not merge at w=0.4" },
  ]);
  expect(code).toBe(1);
  const text = await readFile(join(report, "reproduction.md"), "utf8");
  expect(text).toContain("Reproduced: the one number within 20 points.");
  expect(text).toContain("them/w0.7 is not the merge at w=0.7");
  expect(text).toContain("The merge at w=0.3 has other weights than were published: expected");
});

it("--smoke ends with a verdict against the other stack, and a report", { timeout: 300_000 }, async () => {
  const report = join(folder, "report");
  for (const flag of [
    ["--limit", "5"],
    ["--set", "len=x"],
  ]) {
    const refused = await cli(["reproduce", "w0.1", "--smoke", ...flag]);
    expect(refused).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`${flag[0]}: cannot be combined with --smoke`),
    });
  }
  const { code, stderr } = await cli([
    "reproduce",
    "w0.1",
    "--smoke",
    "--out",
    join(folder, "run"),
    "--report",
    report,
  ]);
  expect(stderr).toContain("Reproduced: all 4 numbers within 3 points.");
  expect(code).toBe(0);
  const { rows, merges, wrong } = JSON.parse(await readFile(join(report, "reproduction.json"), "utf8"));
  expect(rows).toHaveLength(4);
  expect(merges).toMatchObject([
    { point: "w=0.3", identical: true },
    { point: "w=0.7", identical: true },
  ]);
  expect(wrong).toMatchObject({ other: "w=0.3", claimed: "w=0.7", found: true });
  const text = await readFile(join(report, "reproduction.md"), "utf8");
  expect(text).toContain("- The merge at w=0.7 has the published weights, bit for bit: weights sha256 ea39f1363c30");
  expect(text).toMatch(
    /- A control: the merge at w=0\.3, said to be that at w=0\.7, is found out\. 50 of 50 .*What gives every published bit: .*swapped/,
  );
  expect(await readFile(join(report, "index.html"), "utf8")).toContain("w=0.7");
});
