import { readdirSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseRecipe } from "../../../src/merge/recipe/parse-recipe.ts";
import { readSweepFile } from "../../../src/sweep/file/config.ts";
import { expandSweep, type SweepPoint } from "../../../src/sweep/file/expand.ts";
import { scratchFolder } from "../../helpers/files/scratch-folder.ts";
import { projectRoot } from "../../helpers/shared.ts";

async function sweepFile(text: string): Promise<string> {
  const path = join(scratchFolder(), "sweep.yaml");
  await writeFile(path, text);
  return path;
}

async function expand(name: string): Promise<SweepPoint[]> {
  return expandSweep(await readSweepFile(join(projectRoot, `sweeps/${name}.yaml`)));
}

const RECIPE = `recipe:
  merge_method: linear
  models:
    - { model: a, parameters: { weight: "\${w}" } }
    - { model: "b-\${w}", parameters: { weight: "\${1 - w}" } }
`;

describe("a sweep file", () => {
  it("expands to points whose weights are what a person would write", async () => {
    const points = expandSweep(await readSweepFile(join(projectRoot, "sweeps/pocket.yaml")));
    expect(points.map((point) => point.name)).toEqual(
      ["0", "0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8", "0.9", "1"].map((w) => `w=${w}`),
    );
    expect(points[7]).toMatchObject({
      recipe: { models: [{ parameters: { weight: 0.7 } }, { parameters: { weight: 0.3 } }] },
    });
  });

  it.each(readdirSync(join(projectRoot, "sweeps")))("%s that comes with mergesweep is right", async (name) => {
    const points = expandSweep(await readSweepFile(join(projectRoot, "sweeps", name)));
    const right = points.filter((point) => "model" in point || parseRecipe(point.recipe, String) !== undefined);
    expect(right.length).toBeGreaterThan(1);
  });

  it("comes with the published families, at every weight that was published and both ends", async () => {
    const grid = ["0", "0.1", "0.3", "0.5", "0.7", "0.9", "1"].map((w) => `w=${w}`);
    for (const name of ["lenfmt-MRL4096-LR2e-6", "accfmt-MRL4096-LR2e-6", "cosfmt-MRL4096-LR1e-6", "pocket-sampled"]) {
      expect((await expand(name)).map((point) => point.name)).toEqual(grid);
    }
    expect((await expand("w0.1")).map((point) => point.name)).toEqual(["w=0", "w=0.1", "w=1"]);
    const [ties] = await expand("lenfmt-MRL4096-LR2e-6-dare_ties");
    expect(ties).toMatchObject({ recipe: { merge_method: "dare_ties" } });
  });

  it("makes a grid of several axes, and puts values into paths", async () => {
    const sweep = await readSweepFile(
      await sweepFile(
        `name: grid\naxes: { w: [0.1, 0.3], step: [10, 20] }\n${RECIPE}    - { model: "run_\${step}" }\nbenchmarks: [x]\n`,
      ),
    );
    const points = expandSweep(sweep);
    expect(points.map((point) => point.name)).toEqual([
      "w=0.1,step=10",
      "w=0.1,step=20",
      "w=0.3,step=10",
      "w=0.3,step=20",
    ]);
    expect(points[2]).toMatchObject({
      recipe: { models: [{ model: "a" }, { model: "b-0.3" }, { model: "run_10" }] },
    });
  });

  it.each([
    [
      "an unknown key",
      `name: x\nbenchmark: [a]\nreferences: { r: p }\nbenchmarks: [a]`,
      /:2:1: unknown key "benchmark".*Did you mean "benchmarks"/,
    ],
    [
      "an unknown generation key",
      `name: x\nreferences: { r: p }\nbenchmarks: [a]\ngeneration: { temprature: 0 }`,
      /:4:15: unknown key "temprature" in "generation".*Did you mean "temperature"/,
    ],
    ["broken YAML", `name: [x\nbenchmarks: [a]`, /sweep\.yaml:\d+:\d+/],
    ["a duplicate key", `name: x\nname: y\nreferences: { r: p }\nbenchmarks: [a]`, /:2:1/],
    ["nothing to do", `name: x\nbenchmarks: [a]`, /neither/],
    ["no benchmark", `name: x\nreferences: { r: p }\nbenchmarks: []`, /:3:\d+.*at least one benchmark/],
    [
      "a zero step",
      `name: x\naxes: { w: { from: 0, to: 1, step: 0 } }\n${RECIPE}benchmarks: [a]`,
      /:2:9: expected a positive step/,
    ],
    [
      "an endless axis",
      `name: x\naxes: { w: { from: 0, to: 1, step: 1e-9 } }\n${RECIPE}benchmarks: [a]`,
      /at most 10000/,
    ],
    [
      "an axis that nothing uses",
      `name: x\naxes: { w: [1], v: [1] }\n${RECIPE}benchmarks: [a]`,
      /:2:17: the recipe never uses the axis "v"/,
    ],
    ["an unknown axis", `name: x\naxes: { v: [1] }\n${RECIPE}benchmarks: [a]`, /:6:\d+: unknown axis "w"/],
    [
      "a name with a blank, of the sweep and of a reference",
      `name: my sweep\nreferences: { "a b": p }\nbenchmarks: [a]`,
      /:1:1: name: expected letters, .*, found "my sweep"\n.*:2:15: references\.a b: expected a short name, found "a b"/,
    ],
    ["a value that is listed twice", `name: x\naxes: { w: [0.1, 0.10] }\n${RECIPE}benchmarks: [a]`, /listed twice/],
  ])("with %s is refused with its place", async (_case, text, message) => {
    await expect(sweepFile(text).then(readSweepFile).then(expandSweep)).rejects.toThrow(message);
  });

  it("that does not exist is named", async () => {
    await expect(readSweepFile("nowhere.yaml")).rejects.toThrow(/found none at nowhere\.yaml/);
  });
});
