import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { WorkError } from "../../../src/base/errors.ts";
import { createLlamaCppRuntime } from "../../../src/models/llama-cpp/llama-cpp.ts";
import { scratchFolder } from "../../helpers/files/scratch-folder.ts";
import { pocketGguf } from "../../helpers/models/pocket-gguf.ts";

const folder = scratchFolder();

/** The pocket model as GGUF, with one name in it written otherwise. */
async function misspelt(from: string, to: string): Promise<string> {
  const bytes = await readFile(await pocketGguf("base", folder));
  bytes.write(to, bytes.indexOf(from));
  const path = join(folder, `${to}.gguf`);
  await writeFile(path, bytes);
  return path;
}

test.each([
  ["a tensor that is missing", "blk.3.ffn_up.weight", "blk.3.ffn_uq.weight", /missing tensor 'blk\.3\.ffn_up\.weight'/],
  ["a key that is missing", "qwen2.block_count", "qwen2.black_count", /key not found in model: qwen2\.block_count/],
])("%s is said in llama.cpp's own words", async (_what, from, to, words) => {
  await using runtime = await createLlamaCppRuntime();
  const rejected = runtime.load(await misspelt(from, to), { contextTokens: 64, sequences: 1 });
  await expect(rejected).rejects.toThrow(WorkError);
  await expect(rejected).rejects.toThrow(words);
  await expect(rejected).rejects.toThrow("llama.cpp refuses the model");
});
