import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { projectRoot } from "../helpers/shared.ts";

/** What is measured, by the names of the files that measure. */
const NAMES = readdirSync(join(projectRoot, "bench"))
  .filter((name) => name.endsWith(".ts") && !["main.ts", "bench.ts", "flag-values.ts", "run-program.ts"].includes(name))
  .map((name) => name.slice(0, -".ts".length));

function bench(...args: string[]): Promise<{ stdout: string }> {
  return promisify(execFile)(process.execPath, ["--import", "tsx", join(projectRoot, "bench/main.ts"), ...args]);
}

describe("npm run bench NAME -- --help", () => {
  it.each(NAMES)("describes %s and its flags, and measures nothing", async (name) => {
    const { stdout } = await bench(name, "--help");
    expect(stdout).toMatch(new RegExp(`^npm run (bench )?${name}\\b`));
  });

  it("is there for each: a name that is none is refused with all of them", async () => {
    const refused: unknown = await bench("nothing").catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining(NAMES.toSorted().join(", ")) });
  });
});
