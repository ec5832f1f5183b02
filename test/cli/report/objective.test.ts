import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { scratchFolder } from "../../helpers/files/scratch-folder.ts";
import { cli } from "../../helpers/run-cli.ts";
import { projectRoot } from "../../helpers/shared.ts";

const folder = scratchFolder();

const pocket = (name: string): string => join(projectRoot, "checkpoints/pocket", name);

async function plan(objective: string): Promise<Awaited<ReturnType<typeof cli>>> {
  const path = join(folder, "sweep.yaml");
  await writeFile(
    path,
    `name: x
axes: { w: [0, 1] }
recipe:
  merge_method: linear
  models:
    - { model: ${pocket("len")}, parameters: { weight: "\${w}" } }
    - { model: ${pocket("accfmt")}, parameters: { weight: "\${1 - w}" } }
  dtype: bfloat16
references: { base: ${pocket("base")} }
benchmarks: [pocket-math]
objective: ${objective}
`,
  );
  return await cli(["plan", path]);
}

describe("an objective", () => {
  it.each([
    ["{ maximise: accuracy }", "objective: the highest accuracy"],
    [
      "{ minimise: tokens, keep: { accuracy_strict: 1 }, against: base }",
      "objective: the fewest tokens while losing at most 1 point of strict accuracy against base (95% confidence)",
    ],
  ])("%s is shown by plan", async (objective, text) => {
    const { code, stdout, stderr } = await plan(objective);
    expect(stderr).toBe("");
    expect(code).toBe(0);
    expect(stdout).toContain(text);
  });

  it.each([
    [
      "{ minimise: tokens, keep: { accuracy: 1 }, against: bsae }",
      /sweep\.yaml:11:\d+: objective\.against: .* found "bsae"[^]*Did you mean "base"\?/,
    ],
    ["{ minimise: words, keep: { accuracy: 1 } }", /sweep\.yaml:11:\d+/],
    ["{ minimise: tokens, keep: { acuracy: 1 } }", /sweep\.yaml:11:\d+/],
    ["{ minimise: tokens, keep: {} }", /sweep\.yaml:11:\d+/],
    ["{ minimise: tokens, keep: { accuracy: -1 } }", /sweep\.yaml:11:\d+/],
    ["{ maximize: accuracy }", /sweep\.yaml:11:\d+/],
  ])("%s is refused with its place", async (objective, message) => {
    const { code, stderr } = await plan(objective);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });
});
