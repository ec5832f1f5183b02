import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { ARCHITECTURES } from "../../src/checkpoints/architecture.ts";
import { readModelConfig } from "../../src/checkpoints/config.ts";
import { requiredTensorNames } from "../../src/checkpoints/tensor-names.ts";
import { scratchFolder } from "../helpers/files/scratch-folder.ts";
import { cli } from "../helpers/run-cli.ts";
import { copyPocketTokenizer, writeTinyModel } from "./tiny-checkpoint.ts";

let root: string;
beforeEach(() => {
  root = scratchFolder();
});

/** Makes the tensor flatter: of the same bytes, so that only its shape is wrong. */
async function reshape(name: string): Promise<number[]> {
  const path = join(root, "model/model.safetensors");
  const bytes = await readFile(path);
  const length = Number(bytes.readBigUInt64LE());
  const header: Record<string, { shape: number[] }> = JSON.parse(bytes.subarray(8, 8 + length).toString());
  const { shape = [] } = header[name] ?? {};
  const wrong = shape.length === 1 ? [1, ...shape] : [shape.reduce((product, size) => product * size, 1)];
  header[name] = { ...header[name], shape: wrong };
  const text = Buffer.from(JSON.stringify(header));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(text.length));
  await writeFile(path, Buffer.concat([prefix, text, bytes.subarray(8 + length)]));
  return wrong;
}

describe.each(ARCHITECTURES)("a %s", (architecture) => {
  test("of which any tensor has another shape than by config.json is not converted", async () => {
    const folder = join(root, "model");
    const write = async (): Promise<string[]> => {
      await writeTinyModel(folder, architecture, 520, {
        // llama.cpp has no head of its own in Gemma 2.
        tie_word_embeddings: architecture === "gemma2",
      });
      const config: Record<string, unknown> = JSON.parse(await readFile(join(folder, "config.json"), "utf8"));
      return requiredTensorNames(readModelConfig(config, folder));
    };
    const names = await write();
    await copyPocketTokenizer(folder);
    expect(await cli(["convert", folder, join(root, "right.gguf")])).toMatchObject({ code: 0 });
    for (const name of names.filter((tensor) => !tensor.includes("layers.1."))) {
      await write();
      const wrong = await reshape(name);
      const { code, stderr } = await cli(["convert", folder, join(root, "wrong.gguf")]);
      expect({ name, code }).toEqual({ name, code: 2 });
      expect(stderr).toMatch(
        /tensor \S+: expected shape \[[\d, ]+\] by config\.json, found \[[\d, ]+\]\nconfig\.json and/,
      );
      expect(stderr).toContain(`tensor ${name}: `);
      expect(stderr).toContain(`found [${wrong.join(", ")}]`);
    }
    expect((await readdir(root)).toSorted()).toEqual(["model", "right.gguf"]);
  });
});
