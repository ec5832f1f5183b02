import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { SUITE } from "./temporary-folder.ts";

test("tests and the processes that they start have a temporary folder that goes with the run", () => {
  expect(tmpdir()).toContain(SUITE);
  const child = execFileSync(process.execPath, ["-p", "os.tmpdir()"], { encoding: "utf8" });
  expect(child.trim()).toBe(tmpdir());
});
