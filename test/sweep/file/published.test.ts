import { readdirSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readSweepFile } from "../../../src/sweep/file/config.ts";
import { expandSweep } from "../../../src/sweep/file/expand.ts";
import { readPublished } from "../../../src/sweep/file/published.ts";
import { scratchFolder } from "../../helpers/files/scratch-folder.ts";
import { projectRoot } from "../../helpers/shared.ts";

const names = readdirSync(join(projectRoot, "published"))
  .filter((file) => file.endsWith(".yaml"))
  .map((file) => file.slice(0, -".yaml".length));

describe("published numbers", () => {
  it.each(names)("%s are of points and benchmarks that their sweep has", async (name) => {
    const { sweep: path, points, merges, benchmarks } = await readPublished(name);
    const sweep = await readSweepFile(path);
    const known = [...expandSweep(sweep).map((point) => point.name), ...Object.keys(sweep.config.references)];
    expect(known).toEqual(expect.arrayContaining([...Object.keys(points), ...Object.keys(merges)]));
    const asked = sweep.config.benchmarks.map((entry) => (typeof entry === "string" ? entry : entry.name));
    expect(asked).toEqual(expect.arrayContaining(Object.values(points).flatMap(Object.keys)));
    expect(Object.keys(benchmarks)).toEqual(expect.arrayContaining(Object.values(points).flatMap(Object.keys)));
  });

  it("of the len-fmt family are the means and deviations of the published runs", async () => {
    const { points } = await readPublished("lenfmt-MRL4096-LR1e-6");
    const lines = readFileSync(join(projectRoot, "published/len-fmt-runs.csv"), "utf8").trim().split("\n").slice(1);
    const runs = lines
      .map((line) => line.split(","))
      .filter(([model, task]) => model?.includes("linear_len0.7fmt0.3_MRL4096_ROLLOUT4") && task === "olympiadbench")
      .map((cells) => Number(cells[4]));
    const mean = runs.reduce((sum, run) => sum + run, 0) / runs.length;
    const variance = runs.reduce((sum, run) => sum + (run - mean) ** 2, 0) / (runs.length - 1);
    const score = points["w=0.7"]?.olympiadbench;
    expect(score?.runs).toBe(runs.length);
    expect(score?.accuracy).toBeCloseTo(mean, 5);
    expect(score?.deviation).toBeCloseTo(Math.sqrt(variance), 5);
  });

  it("are found by the sweep that they are of, and refused by a name that is none", async () => {
    expect((await readPublished(join(projectRoot, "sweeps/w0.1.yaml"))).name).toBe("w0.1");
    const project = scratchFolder();
    const sweep = join(project, "mine.yaml");
    await writeFile(join(project, "package.json"), "{}");
    await writeFile(sweep, "name: mine\nrecipe: {}\n");
    await mkdir(join(project, "published"));
    await writeFile(join(project, "published/mine.yaml"), "name: theirs\nsource: them\nsweep: mine.yaml\n");
    expect(await readPublished(sweep)).toMatchObject({ name: "theirs", sweep });
    await expect(readPublished("w0.2")).rejects.toMatchObject({
      message: 'No published numbers for "w0.2"',
      hint: expect.stringContaining("w0.1"),
    });
  });
});
