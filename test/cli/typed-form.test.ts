import { execFile } from "node:child_process";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { inTypedForm } from "../../src/cli/typed-form.ts";
import { cli, spawnCli } from "../helpers/run-cli.ts";
import { projectRoot } from "../helpers/shared.ts";

describe("commands in hints", () => {
  it("are named as they have to be typed", () => {
    const hints = "Set aside with: mergesweep recover RUN; or `mergesweep run SWEEP`.\nmergesweep --help lists flags.";
    expect(inTypedForm(hints, "npx mergesweep")).toBe(
      "Set aside with: npx mergesweep recover RUN; or `npx mergesweep run SWEEP`.\nnpx mergesweep --help lists flags.",
    );
    for (const other of [
      "mergesweep: no such file",
      "a bug in mergesweep",
      "/x/mergesweep run",
      "npx-mergesweep run",
      "npx mergesweep run x",
    ]) {
      expect(inTypedForm(other, "npx mergesweep")).toBe(other);
    }
  });

  it.each([
    ["'mergesweep'", "npx mergesweep run SWEEP.yaml"],
    // Another program that npx runs, and that starts this one.
    ["vitest run", "make one with: mergesweep run SWEEP.yaml"],
  ])("are those of npx where npx runs %s", async (script, hint) => {
    const child = spawnCli(["status", "runs/none-of-this-name"], {
      npm_lifecycle_event: "npx",
      npm_lifecycle_script: script,
    });
    if (child.stderr === null) throw new Error("stderr expected");
    expect(await text(child.stderr)).toContain(hint);
  });

  it("are scripts of npm's in a checkout, and plain where the program is on the path", async () => {
    const typed = ["run", "-s", "mergesweep", "--", "status", "runs/none-of-this-name"];
    const failed: unknown = await promisify(execFile)("npm", typed, { cwd: projectRoot }).catch(
      (error: unknown) => error,
    );
    expect(failed).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("npm run -s mergesweep -- run SWEEP.yaml"),
    });
    const { stderr } = await cli(["status", "runs/none-of-this-name"]);
    expect(stderr).toContain("make one with: mergesweep run SWEEP.yaml");
  });
});
