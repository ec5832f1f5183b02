import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { scratchFolder } from "../helpers/files/scratch-folder.ts";
import { cli } from "../helpers/run-cli.ts";

describe("mergesweep init", () => {
  let folder = "";
  beforeEach(() => {
    folder = scratchFolder();
  });

  it("makes a project whose pocket sweep can be planned", async () => {
    const made = await cli(["init", folder]);
    expect(made.code).toBe(0);
    const plan = await cli(["plan", join(folder, "sweeps/pocket.yaml"), "--json"]);
    expect(plan.code).toBe(0);
    expect(await readFile(join(folder, ".gitignore"), "utf8")).toContain("/runs/");
    expect(await readdir(join(folder, "checkpoints/pocket/len"))).toContain("model.safetensors");
  });

  it("leaves what is there alone, and writes nothing then", async () => {
    await writeFile(join(folder, ".gitignore"), "mine\n");
    const { code, stderr } = await cli(["init", folder]);
    expect(code).toBe(2);
    expect(stderr).toContain("found .gitignore");
    expect(await readdir(folder)).toEqual([".gitignore"]);
    expect(await readFile(join(folder, ".gitignore"), "utf8")).toBe("mine\n");
  });
});
