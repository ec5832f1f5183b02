import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { showTensors } from "../../src/cli/show-tensors.ts";
import { scratchFolder } from "../helpers/files/scratch-folder.ts";
import { cli } from "../helpers/run-cli.ts";
import { projectRoot } from "../helpers/shared.ts";

const LEN = join(projectRoot, "checkpoints/pocket/len");

let folder: string;
beforeAll(async () => {
  folder = scratchFolder();
  await writeFile(
    join(folder, "merge.yml"),
    `merge_method: linear\nmodels:\n  - { model: ${LEN}, parameters: { weight: 1 } }\n`,
  );
});
// A terminal of a build server is not redrawn.
beforeEach(() => vi.stubEnv("CI", undefined));
afterEach(() => vi.unstubAllEnvs());

let made = 0;
describe.each([
  ["merge", () => ["merge", join(folder, "merge.yml"), join(folder, `out${made++}`)]],
  [
    "merge in shards",
    () => ["merge", join(folder, "merge.yml"), join(folder, `out${made++}`), "--out-shard-size", "1M"],
  ],
  ["convert", () => ["convert", LEN, join(folder, `${made++}.gguf`)]],
] as const)("mergesweep %s", (_name, commandLine) => {
  test("redraws on a terminal how many tensors are written, and clears it for the result", async () => {
    const { code, stdout, stderr } = await cli(commandLine(), { isTTY: true });
    expect(code).toBe(0);
    const lines = stderr.split("\r\u001b[K");
    expect(lines[1]).toContain("1 of 50 tensors, ");
    expect(lines.at(-2)).toMatch(/50 of 50 tensors, [\d.]+ [KMG]?B\/s/);
    expect(lines.at(-1)).toBe("");
    expect(stderr).not.toContain("\n");
    expect(stdout).toMatch(/^.*50 tensors.*\n$/);
  });

  test("says nothing but the result in a log", async () => {
    const { code, stdout, stderr } = await cli(commandLine());
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^.*50 tensors.*\n$/);
  });
});

test.each([
  [0, /50 of 50 tensors, [^\r]*B\/s[^\r]*\r/],
  [10, /50 of 50 [^\rt]*\r/],
])("on a terminal of %d columns the line is not longer; 0 says that the width is not known", async (columns, shown) => {
  const out = join(folder, `out${made++}`);
  const { stderr } = await cli(["merge", join(folder, "merge.yml"), out], { isTTY: true, columns });
  expect(stderr).toMatch(shown);
});

const ignore = (): void => {};

test("many small tensors are drawn ten times a second, and the last one in any case", () => {
  const drawn: string[] = [];
  const terminal = { out: ignore, note: ignore, error: ignore, interactive: true, columns: 79 };
  let clock = 0;
  const show = showTensors({ ...terminal, status: (text) => drawn.push(text) }, 30, () => clock);
  for (let tensor = 0; tensor < 30; tensor++) {
    clock += 10;
    show({ name: "a", dtype: "BF16", shape: [500_000] });
  }
  expect(drawn).toEqual([
    "1 of 30 tensors, 100.0 MB/s",
    "11 of 30 tensors, 100.0 MB/s",
    "21 of 30 tensors, 100.0 MB/s",
    "30 of 30 tensors, 100.0 MB/s",
  ]);
});
