import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { loadBenchmark } from "../../../src/benchmarks/load-dataset.ts";
import type { Checkpoint } from "../../../src/checkpoints/checkpoint.ts";
import { openCheckpoint } from "../../../src/checkpoints/open-checkpoint.ts";
import { contextNeeded, leastContext } from "../../../src/sweep/plan/plan-context.ts";
import { scratchFolder } from "../../helpers/files/scratch-folder.ts";
import { cli } from "../../helpers/run-cli.ts";
import { projectRoot } from "../../helpers/shared.ts";

const POCKET = join(projectRoot, "checkpoints/pocket/base");
const INSTRUCTIONS = "Think before you answer. ".repeat(60);

let folder = "";
beforeAll(async () => {
  folder = scratchFolder();
  await cp(POCKET, join(folder, "wordy"), { recursive: true });
  const path = join(folder, "wordy", "tokenizer_config.json");
  const settings: { chat_template?: string } = JSON.parse(await readFile(path, "utf8"));
  settings.chat_template = `${INSTRUCTIONS}${settings.chat_template}`;
  await writeFile(path, JSON.stringify(settings));
});

async function neededBy(...paths: string[]): Promise<number> {
  const benchmark = await loadBenchmark("pocket-math", { root: projectRoot });
  const models: Checkpoint[] = await Promise.all(paths.map((path) => openCheckpoint(path)));
  try {
    return await contextNeeded(models, [benchmark], 100);
  } finally {
    await Promise.all(models.map((model) => model.close()));
  }
}

test("the context holds what the wordiest chat template makes of the longest prompt, and the completion", async () => {
  const [plain, wordy] = [await neededBy(POCKET), await neededBy(join(folder, "wordy"))];
  expect(wordy - plain).toBe(INSTRUCTIONS.length);
  expect(await neededBy(POCKET, join(folder, "wordy"))).toBe(wordy);
});

test("a model has as much context as it was made for, and a larger one is refused", async () => {
  const model = await openCheckpoint(POCKET);
  expect(leastContext([model])).toBe(1024);
  await model.close();
  const args = ["eval", POCKET, "--benchmarks", "pocket-math", "--limit", "2", "--out", join(folder, "run")];
  const { code, stderr } = await cli([...args, "--context-size", "2048"]);
  expect(code).toBe(2);
  expect(stderr).toMatch(/expected a context_size of at most 1024 tokens, the least context of the models, found 2048/);
});

test("a chosen context and batch are kept to, and what does not fit is told", async () => {
  const args = ["eval", POCKET, "--benchmarks", "pocket-math", "--limit", "4", "--max-tokens", "120"];
  const places = ["--out", join(folder, "small"), "--report", join(folder, "report")];
  const { code, stdout } = await cli([...args, ...places, "--context-size", "160", "--batch-size", "64"]);
  expect(code).toBe(0);
  expect(stdout).toContain("base");
  const summary = await readFile(join(folder, "report", "summary.md"), "utf8");
  expect(summary).toMatch(/cut off.*; 1 of them earlier, where the context ended/);
});
