import { once } from "node:events";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { beforeAll, expect, test } from "vitest";
import { scratchFolder } from "../../helpers/files/scratch-folder.ts";
import { writeSparseCheckpoint } from "../../helpers/models/sparse-checkpoint.ts";
import { cli, spawnCli } from "../../helpers/run-cli.ts";
import { projectRoot } from "../../helpers/shared.ts";

const LEN = join(projectRoot, "checkpoints/pocket/len");

let folder: string;
let large: string;
beforeAll(async () => {
  folder = scratchFolder();
  large = join(folder, "large");
  await writeSparseCheckpoint(large, 2_000_000);
});

async function recipeOf(model: string): Promise<string> {
  const path = join(folder, `${basename(model)}.yml`);
  await writeFile(path, `merge_method: linear\nmodels:\n  - { model: ${model}, parameters: { weight: 1 } }\n`);
  return path;
}

/** Starts a command that writes into a folder, and kills it as soon as something is there. @returns what it left */
async function killWhileWriting(args: readonly string[], into: string): Promise<string[]> {
  const child = spawnCli(args);
  const ended = once(child, "exit");
  while ((await readdir(into)).length === 0 && child.exitCode === null) await setTimeout(5);
  child.kill("SIGKILL");
  expect((await ended)[1]).toBe("SIGKILL");
  return readdir(into);
}

test("what a killed merge left is removed by the next one to the same folder, and nothing else is", async () => {
  const into = join(folder, "merges");
  await mkdir(into);
  const [left = "", ...others] = await killWhileWriting(["merge", await recipeOf(large), join(into, "out")], into);
  expect(others).toEqual([]);
  expect(left).toMatch(/^\.out\.\d+\.[0-9a-f]+\.tmp$/);
  const [, pid = "", hex = ""] = /(\d+)\.([0-9a-f]+)\.tmp$/.exec(left) ?? [];
  // Of another merge, of a process that lives, and of a process with this number on another machine.
  const kept = [
    left.replace(".out.", ".out2."),
    left.replace(pid, String(process.pid)),
    left.replace(hex, `0${"1".repeat(15)}`),
    `out.${pid}.tmp`,
  ];
  for (const name of kept) await mkdir(join(into, name));
  expect((await cli(["merge", await recipeOf(LEN), join(into, "out")])).code).toBe(0);
  expect((await readdir(into)).toSorted()).toEqual([...kept, "out"].toSorted());
});

test("what a killed conversion left is removed by the next one to the same file", async () => {
  const into = join(folder, "files");
  await mkdir(into);
  const left = await killWhileWriting(["convert", large, join(into, "out.gguf"), "--type", "q8_0"], into);
  expect(left).toEqual([expect.stringMatching(/^out\.gguf\.\d+\.[0-9a-f]+\.tmp$/)]);
  expect((await cli(["convert", LEN, join(into, "out.gguf")])).code).toBe(0);
  expect(await readdir(into)).toEqual(["out.gguf"]);
});
