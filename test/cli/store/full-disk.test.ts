import { readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { scratchFolder } from "../../helpers/files/scratch-folder.ts";
import { mountSmallDisk } from "../../helpers/files/small-disk.ts";
import { type CliResult, cli } from "../../helpers/run-cli.ts";
import { countStored, storedCompletions } from "../../helpers/runs/stored-completions.ts";
import { projectRoot } from "../../helpers/shared.ts";

const disk = mountSmallDisk("400k");
const folder = scratchFolder();
afterAll(() => {
  disk?.remove();
});

function run(out: string, report: string, workers: number): Promise<CliResult> {
  const sweep = ["run", join(projectRoot, "sweeps/pocket.yaml"), "--only", "w=0", "--only", "w=0.7", "--limit", "60"];
  return cli([...sweep, "--workers", String(workers), "--out", out, "--report", report]);
}

it.skipIf(disk === undefined)(
  "a disk that gets full stops the sweep with one message; with space again it ends with the same bytes",
  { timeout: 180_000 },
  async () => {
    const out = join(disk?.folder ?? "", "run");
    // Leaves room for the manifest, the problems and some completions, and ends inside of a line.
    const filler = join(disk?.folder ?? "", "filler");
    await writeFile(filler, new Uint8Array(352 * 1024));

    const full = await run(out, join(folder, "report"), 1);
    expect(full.stderr.match(/No space left/g)).toHaveLength(1);
    expect(full.stderr).toMatch(/mergesweep: No space left on the disk while writing .*\nFree some space, then run/);
    expect(full.stdout).toBe("");
    expect(full.code).toBe(1);
    const stored = await countStored(out, "000-w=0");
    expect(stored).toBeGreaterThan(3);
    expect(stored).toBeLessThan(60);
    const before = (await readFile(join(out, "units/000-w=0/samples.jsonl"), "utf8")).split("\n");

    await truncate(filler, 0);
    expect(await run(out, join(folder, "report"), 2)).toMatchObject({ code: 0 });
    const after = (await readFile(join(out, "units/000-w=0/samples.jsonl"), "utf8")).split("\n");
    expect(after.slice(0, stored)).toEqual(before.slice(0, stored));
    await run(join(folder, "run"), join(folder, "undisturbed"), 1);
    expect(await storedCompletions(out)).toEqual(await storedCompletions(join(folder, "run")));
    for (const file of ["summary.csv", "samples.csv", "comparisons.csv", "report.json"]) {
      expect(await readFile(join(folder, "report", file))).toEqual(await readFile(join(folder, "undisturbed", file)));
    }
  },
);
