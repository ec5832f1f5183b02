import { cp, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { InputError } from "../../src/base/errors.ts";
import { readModelConfig } from "../../src/checkpoints/config.ts";
import { openCheckpoint } from "../../src/checkpoints/open-checkpoint.ts";
import { scratchFolder } from "../helpers/files/scratch-folder.ts";
import { projectRoot } from "../helpers/shared.ts";

const pocket = join(projectRoot, "checkpoints/pocket");
let folder: string;
beforeEach(() => {
  folder = scratchFolder();
});

async function rejection(path: string): Promise<InputError> {
  try {
    const checkpoint = await openCheckpoint(path);
    await checkpoint.close();
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
  throw new Error("expected a refusal");
}

describe("openCheckpoint", () => {
  test("opens a pocket checkpoint with its tensors, config and tokenizer files", async () => {
    const checkpoint = await openCheckpoint(join(pocket, "len"));
    expect(checkpoint.reader.tensors.get("model.embed_tokens.weight")).toMatchObject({
      dtype: "BF16",
      shape: [512, 256],
    });
    expect(checkpoint.config.model_type).toBe("qwen2");
    expect(checkpoint.tokenizerFiles.names).toEqual([
      "tokenizer_config.json",
      "tokenizer.json",
      "generation_config.json",
    ]);
    await checkpoint.close();
  });

  test("suggests the near name when the folder is missing", async () => {
    const error = await rejection(join(pocket, "acfmt"));
    expect(error.message).toContain("there is no such checkpoint");
    expect(error.hint).toBe('Did you mean "accfmt"?');
  });

  test("lists what there is when no name is near", async () => {
    expect((await rejection(join(pocket, "zzzzzzzzz"))).hint).toBe("Its parent folder has: accfmt, base, len.");
  });

  test("refuses a folder without config.json", async () => {
    expect((await rejection(folder)).message).toContain("has no config.json");
  });

  test("refuses a config.json that is not JSON", async () => {
    await writeFile(join(folder, "config.json"), "version https://git-lfs.github.com/spec/v1");
    expect((await rejection(folder)).message).toContain("config.json: expected JSON");
  });

  test("refuses a config.json that is a list", async () => {
    await writeFile(join(folder, "config.json"), "[]");
    expect((await rejection(folder)).message).toContain("expected a JSON object, found a list");
  });

  test("refuses pickled weights and says how to convert them", async () => {
    await writeFile(join(folder, "config.json"), "{}");
    await writeFile(join(folder, "pytorch_model.bin"), "");
    const error = await rejection(folder);
    expect(error.message).toContain("pytorch_model.bin");
    expect(error.hint).toContain("safetensors");
  });

  test("refuses a folder without weights", async () => {
    await writeFile(join(folder, "config.json"), "{}");
    expect((await rejection(folder)).message).toContain("found no weights");
  });

  test("takes the folder when the weights file itself is named", async () => {
    const path = join(pocket, "base", "model.safetensors");
    expect((await rejection(path)).hint).toContain(join(pocket, "base"));
  });

  test("reports truncated weights", async () => {
    await mkdir(join(folder, "cut"));
    await cp(join(pocket, "base/config.json"), join(folder, "cut/config.json"));
    await writeFile(join(folder, "cut/model.safetensors"), Buffer.alloc(100, 1));
    expect(await rejection(join(folder, "cut"))).toBeInstanceOf(InputError);
  });
});

describe("readModelConfig", () => {
  test("reads the shape of the pocket checkpoints", async () => {
    const checkpoint = await openCheckpoint(join(pocket, "base"));
    expect(readModelConfig(checkpoint.config, "base")).toEqual({
      architecture: "qwen2",
      layers: 4,
      hiddenSize: 256,
      heads: 4,
      keyValueHeads: 2,
      headSize: 64,
      feedForwardSize: 512,
      contextLength: 1024,
      vocabSize: 512,
      normEpsilon: 1e-6,
      ropeTheta: 10000,
      ropeScaling: undefined,
      tiedEmbeddings: true,
      dtype: "bfloat16",
      bosTokenId: 507,
      eosTokenIds: [509],
      slidingWindow: undefined,
    });
    await checkpoint.close();
  });

  test("names an architecture that is not supported, with the nearest that is", () => {
    expect(() => readModelConfig({ model_type: "qwen22" }, "x")).toThrow('model_type string "qwen22" is not supported');
  });

  test.each([
    ["hidden_size", -1],
    ["hidden_size", 1.5],
    ["num_hidden_layers", 1e9],
    ["vocab_size", "512"],
    ["rope_theta", 0],
  ])("refuses %s = %s", async (key, value) => {
    const checkpoint = await openCheckpoint(join(pocket, "base"));
    expect(() => readModelConfig({ ...checkpoint.config, [key]: value }, "x")).toThrow(key);
    await checkpoint.close();
  });
});
