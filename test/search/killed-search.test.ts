import { once } from "node:events";
import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { scratchFolder } from "../helpers/files/scratch-folder.ts";
import { cli, spawnCli } from "../helpers/run-cli.ts";
import { countStored } from "../helpers/runs/stored-completions.ts";
import { projectRoot } from "../helpers/shared.ts";

const SWEEP = `name: killed
axes: { w: { from: 0, to: 1, step: 0.25 } }
recipe:
  merge_method: linear
  models:
    - { model: len, parameters: { weight: "\${w}" } }
    - { model: accfmt, parameters: { weight: "\${1 - w}" } }
  dtype: bfloat16
benchmarks: [{ name: pocket-math, limit: 90 }]
generation: { max_tokens: 96 }
objective: { minimise: tokens, keep: { accuracy: 5 } }
search: { refine: 1, futility: false }
`;

describe("a search that is killed", { timeout: 900_000 }, () => {
  let folder = "";
  const args = (store: string, ...flags: string[]): string[] => [
    "run",
    join(folder, "sweep.yaml"),
    "--out",
    join(folder, store),
    "--report",
    join(folder, `${store}-report`),
    ...flags,
  ];
  const read = (...path: string[]): Promise<string> => readFile(join(folder, ...path), "utf8");

  beforeAll(async () => {
    folder = scratchFolder();
    for (const name of ["len", "accfmt"]) {
      await cp(join(projectRoot, "checkpoints/pocket", name), join(folder, name), { recursive: true });
    }
    await cp(join(projectRoot, "datasets"), join(folder, "datasets"), { recursive: true });
    await writeFile(join(folder, "sweep.yaml"), SWEEP);
  });

  it("again and again, by kill -9, and goes on with other workers, ends with the same decision and the same bytes", async () => {
    const undisturbed = await cli(args("once", "--workers", "1"));
    expect(undisturbed.code).toBe(0);
    // In the first block, and in a later one: the first point answers every question of the search.
    for (const stored of [5, 55]) {
      const child = spawnCli(args("killed", "--workers", "1", "--sequences", "2"), { CI: "1" });
      const closed = once(child, "close");
      await expect
        .poll(() => countStored(join(folder, "killed"), "000-w=0"), { timeout: 240_000, interval: 5 })
        .toBeGreaterThan(stored);
      child.kill("SIGKILL");
      await closed;
      expect(child.signalCode).toBe("SIGKILL");
      await expect(read("killed/search.json")).rejects.toThrow(/ENOENT/);
    }
    const resumed = await cli(args("killed", "--workers", "2"));
    expect(resumed.code).toBe(0);
    expect(resumed.stdout).toBe(undisturbed.stdout.replaceAll("once", "killed"));
    for (const file of ["search.json", "strata.json"]) {
      expect(await read("killed", file)).toBe(await read("once", file));
    }
    for (const file of ["report.json", "summary.csv", "samples.csv", "comparisons.csv", "summary.md"]) {
      expect(await read("killed-report", file)).toBe(await read("once-report", file));
    }
    const search: { looks: unknown[]; asked: Record<string, number> } = JSON.parse(await read("once", "search.json"));
    expect(search.looks.length).toBeGreaterThan(1);
    // Samples were asked: what was killed had a design to keep.
    expect(await read("once-report/summary.md")).toMatch(/weighted by stratum/);
  });
});
