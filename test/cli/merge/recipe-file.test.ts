import { execFileSync } from "node:child_process";
import { mkdir, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { scratchFolder } from "../../helpers/files/scratch-folder.ts";
import { cli } from "../../helpers/run-cli.ts";
import { projectRoot } from "../../helpers/shared.ts";

const LEN = join(projectRoot, "checkpoints/pocket/len");

let folder: string;
beforeAll(async () => {
  folder = scratchFolder();
  await mkdir(join(folder, "folder"));
  execFileSync("mkfifo", [join(folder, "pipe")]);
  await writeFile(join(folder, "large"), "");
  await truncate(join(folder, "large"), 5e9);
});

describe.each([
  ["merge", (file: string) => ["merge", file, join(folder, "out")]],
  ["verify", (file: string) => ["verify", LEN, "--recipe", file]],
  ["run", (file: string) => ["run", file, "--out", join(folder, "run")]],
  ["plan", (file: string) => ["plan", file]],
] as const)("mergesweep %s", (command, commandLine) => {
  const what = ["merge", "verify"].includes(command) ? "a mergekit config" : "a sweep file";

  test.each([
    ["folder", "expected a file, found a folder"],
    ["pipe", "expected a file, found a pipe or a device"],
    ["large", "expected at most 500.0 KB, found a file of 5.00 GB"],
    ["missing", "found none at"],
    ["large/below", "found none at"],
  ])("given a %s as its file says so in one message", async (name, found) => {
    const { code, stdout, stderr } = await cli(commandLine(join(folder, name)));
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(`mergesweep: Expected ${what}`);
    expect(stderr).toContain(found);
    expect(stderr.trimEnd().split("\n").length).toBeLessThan(3);
  });
});
