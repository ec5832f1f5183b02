import { cp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { scratchFolder } from "../helpers/files/scratch-folder.ts";
import { cli } from "../helpers/run-cli.ts";
import { projectRoot } from "../helpers/shared.ts";

const SWEEP = join(projectRoot, "sweeps/pocket-sampled.yaml");

describe("--set", () => {
  it("plans the models that it names, and says which variable names one that is not there", async () => {
    const folder = scratchFolder();
    await cp(join(projectRoot, "checkpoints/pocket/len"), join(folder, "expert"), { recursive: true });
    const { code, stdout } = await cli(["plan", SWEEP, "--json", "--set", `len=${join(folder, "expert")}`]);
    expect(code).toBe(0);
    expect(stdout).toContain(join(folder, "expert"));
    const missing = await cli(["plan", SWEEP, "--set", "accfmt=no/such/folder"]);
    expect(missing.code).toBe(2);
    expect(missing.stderr).toContain("--set accfmt=PATH_OR_HUB_ID");
    expect((await cli(["plan", SWEEP, "--set", "len"])).stderr).toContain("expected a variable and its value");
    expect(await readFile(SWEEP, "utf8")).toContain("${len}");
  });
});
