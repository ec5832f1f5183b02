import { cp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openCheckpoint } from "../../src/checkpoints/open-checkpoint.ts";
import { digestCheckpoint } from "../../src/merge/digest-weights.ts";
import { scratchFolder } from "../helpers/files/scratch-folder.ts";
import { cli } from "../helpers/run-cli.ts";
import { projectRoot } from "../helpers/shared.ts";

const POCKET = join(projectRoot, "checkpoints/pocket");
const SHARD = "model-00001-of-00001.safetensors";

const root = scratchFolder();

async function digestOf(folder: string): Promise<string> {
  const checkpoint = await openCheckpoint(folder);
  const { weightsSha256 } = await digestCheckpoint(checkpoint);
  await checkpoint.close();
  return weightsSha256;
}

test("of a single file and shards, the single file is read everywhere, and that is said", async () => {
  const both = join(root, "both");
  await cp(join(POCKET, "len"), both, { recursive: true });
  await cp(join(POCKET, "accfmt/model.safetensors"), join(both, SHARD));
  const { reader, close } = await openCheckpoint(both).then((opened) => ({
    reader: opened.reader,
    close: () => opened.close(),
  }));
  const map = Object.fromEntries([...reader.tensors.keys()].map((name) => [name, SHARD]));
  await close();
  await writeFile(join(both, "model.safetensors.index.json"), JSON.stringify({ weight_map: map }));

  expect(await digestOf(both)).toBe(await digestOf(join(POCKET, "len")));
  const said = "there are both model.safetensors and model.safetensors.index.json: the single file is read";
  const converted = await cli(["convert", both, join(root, "both.gguf")]);
  expect(converted).toMatchObject({ code: 0, stderr: expect.stringContaining(said) });
  const recipe = join(root, "alone.yml");
  await writeFile(recipe, `merge_method: passthrough\nmodels: [{ model: ${both} }]\ndtype: bfloat16\n`);
  const merged = await cli(["merge", recipe, join(root, "alone")]);
  expect(merged).toMatchObject({ code: 0, stderr: expect.stringContaining(said) });
  expect(await digestOf(join(root, "alone"))).toBe(await digestOf(join(POCKET, "len")));
});
