import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ARCHITECTURES, type Architecture } from "../../../src/checkpoints/architecture.ts";
import { readModelConfig } from "../../../src/checkpoints/config.ts";
import type { GgufType } from "../../../src/checkpoints/gguf/gguf-layout.ts";
import { openCheckpoint } from "../../../src/checkpoints/open-checkpoint.ts";
import { readTokenizer } from "../../../src/checkpoints/tokenizer/read-tokenizer.ts";
import { decodeTo, encodeTo } from "../../../src/tensors/convert.ts";
import type { FloatDtype } from "../../../src/tensors/dtype.ts";
import { scratchFolder } from "../../helpers/files/scratch-folder.ts";
import { cli } from "../../helpers/run-cli.ts";
import { projectRoot } from "../../helpers/shared.ts";
import {
  copyPocketTokenizer,
  sentencePieceJson,
  sentencePieceModel,
  tinyTensor,
  writeTinyModel,
} from "../tiny-checkpoint.ts";
import { complete, withModel } from "./load-gguf.ts";
import { writeGguf } from "./write-gguf.ts";

const ROWS = 520;
const root = scratchFolder();

let made = 0;
async function tiny(architecture: Architecture, more: Record<string, unknown> = {}): Promise<string> {
  const folder = join(root, `tiny-${made++}`);
  // The end of a sequence as the tokenizer of the pocket checkpoints says.
  await writeTinyModel(folder, architecture, ROWS, { eos_token_id: 509, ...more });
  await copyPocketTokenizer(folder);
  return folder;
}

async function toGguf(path: string, type: GgufType): Promise<string> {
  const out = join(root, `${made++}.gguf`);
  await writeGguf(path, out, type);
  return out;
}

function line(model: string, weight: number): string {
  return `  - { model: ${model}, parameters: { weight: ${weight} } }\n`;
}

async function mergeTwo(first: string, second: string): Promise<Buffer> {
  const [config, out] = [join(root, `${made++}.yml`), join(root, `merged-${made++}`)];
  await writeFile(config, `merge_method: linear\nmodels:\n${line(first, 0.3)}${line(second, 0.9)}dtype: bfloat16\n`);
  const { code, stderr } = await cli(["merge", config, out]);
  expect(stderr).toBe("");
  expect(code).toBe(0);
  expect(await readdir(out)).toContain("tokenizer.json");
  return await readFile(join(out, "model.safetensors"));
}

/** A tensor's values rounded to BF16, as bits, read in pieces that fit no row. */
async function bf16Bits(path: string, name: string): Promise<Uint16Array> {
  const { reader } = await openCheckpoint(path);
  const tensor = reader.tensors.get(name);
  const bytes = new Uint8Array(tensor?.byteLength ?? 0);
  for (let at = 0; at < bytes.length; at += 100) await reader.read(name, at, bytes.subarray(at, at + 100));
  await reader.close();
  const dtype: FloatDtype = tensor?.dtype === "F32" || tensor?.dtype === "F16" ? tensor.dtype : "BF16";
  const values = new Float32Array(bytes.length / (dtype === "F32" ? 4 : 2));
  decodeTo(values, dtype, bytes);
  const bits = new Uint16Array(values.length);
  encodeTo(new Uint8Array(bits.buffer), "BF16", values);
  return bits;
}

describe.each(ARCHITECTURES)("a GGUF of %s", (architecture) => {
  test.each(["bf16", "f32", "f16"] as const)("in %s has the tensors of the checkpoint, bit for bit", async (type) => {
    const folder = await tiny(architecture);
    const gguf = await toGguf(folder, type);
    const [original, converted] = await Promise.all([openCheckpoint(folder), openCheckpoint(gguf)]);
    const names = [...original.reader.tensors.keys()];
    expect(new Set(converted.reader.tensors.keys())).toEqual(new Set(names));
    const different: string[] = [];
    for (const name of names) {
      expect(converted.reader.tensors.get(name)?.shape).toEqual(original.reader.tensors.get(name)?.shape);
      if (type === "f16" && !/norm|bias/.test(name)) continue;
      if (
        Buffer.compare(
          new Uint8Array((await bf16Bits(gguf, name)).buffer),
          new Uint8Array(tinyTensor(name, ROWS).bits.buffer),
        ) !== 0
      )
        different.push(name);
    }
    expect(different).toEqual([]);
    const configs = [original, converted].map(({ config }) => ({ ...readModelConfig(config, ""), dtype: undefined }));
    // What GGUF calls llama may have been Mistral.
    const renamed = architecture === "mistral" ? { ...configs[0], architecture: "llama" } : configs[0];
    expect(configs[1]).toEqual(renamed);
    await Promise.all([original.close(), converted.close()]);
  });

  test("becomes the same GGUF again", async () => {
    const once = await toGguf(await tiny(architecture), "bf16");
    const twice = await toGguf(once, "bf16");
    expect(Buffer.compare(await readFile(once), await readFile(twice))).toBe(0);
  });

  test("merges with safetensors to what two folders of safetensors give", async () => {
    const folder = await tiny(architecture);
    const gguf = await toGguf(folder, "bf16");
    expect(Buffer.compare(await mergeTwo(folder, gguf), await mergeTwo(folder, folder))).toBe(0);
    expect(Buffer.compare(await mergeTwo(gguf, folder), await mergeTwo(folder, folder))).toBe(0);
  });
});

describe("the rotation of positions", () => {
  test.each<[string, Architecture, Record<string, unknown>]>([
    [
      "llama3",
      "llama",
      { rope_type: "llama3", factor: 8, low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 64 },
    ],
    ["linear", "gemma3_text", { rope_type: "linear", factor: 8 }],
    ["yarn", "qwen2", { rope_type: "yarn", factor: 4, original_max_position_embeddings: 128 }],
    [
      "longrope",
      "phi3",
      {
        type: "longrope",
        long_factor: Array.from({ length: 8 }, (_, i) => 1 + i / 3),
        short_factor: Array.from({ length: 8 }, (_, i) => 1 + i / 7),
      },
    ],
  ])("%s survives the way to GGUF and back", async (_name, architecture, scaling) => {
    const folder = await tiny(architecture, {
      rope_scaling: scaling,
      ...(architecture === "phi3" ? { original_max_position_embeddings: 256 } : {}),
    });
    const once = await toGguf(folder, "bf16");
    const twice = await toGguf(once, "bf16");
    expect(Buffer.compare(await readFile(once), await readFile(twice))).toBe(0);
    const opened = await openCheckpoint(once);
    const { ropeScaling } = readModelConfig(opened.config, "");
    await opened.close();
    expect(ropeScaling).toMatchObject({ ...scaling, ...(scaling.type === "longrope" && factors(scaling)) });
  });

  test("that config.json has no words for is refused", async () => {
    const scaling = {
      rope_type: "llama3",
      factor: 8,
      low_freq_factor: 1.5,
      high_freq_factor: 4,
      original_max_position_embeddings: 64,
    };
    const gguf = await toGguf(await tiny("llama", { rope_scaling: scaling }), "bf16");
    await expect(openCheckpoint(gguf)).rejects.toThrow("config.json has no words for this rotation");
  });
});

/** As F32 keeps them. */
function factors(scaling: Record<string, unknown>): Record<string, number[]> {
  const rounded = (key: string): number[] =>
    Array.isArray(scaling[key]) ? scaling[key].map(Number).map(Math.fround) : [];
  return { long_factor: rounded("long_factor"), short_factor: rounded("short_factor") };
}

async function mergeAlone(gguf: string): Promise<{ out: string; stderr: string }> {
  const [config, out] = [join(root, `${made++}.yml`), join(root, `alone-${made++}`)];
  await writeFile(config, `merge_method: passthrough\nmodels:\n  - model: ${gguf}\ndtype: bfloat16\n`);
  const { code, stderr } = await cli(["merge", config, out]);
  expect(code).toBe(0);
  return { out, stderr };
}

/** How llama.cpp cuts some texts, special tokens included; the model generates, too. */
function cut(path: string): Promise<number[][]> {
  return withModel(path, async (model) => {
    expect((await complete(model, ["hello world"], 4))[0]).toBeDefined();
    return ["hello world", "z", "hell or well", " hello<s>"].map((text) => [...model.tokenize(text, true)]);
  });
}

describe("a merge of GGUFs only", () => {
  test("gets tokenizer files from the metadata that read as the model's own, and says so", async () => {
    const pocket = join(projectRoot, "checkpoints/pocket/base");
    const { out, stderr } = await mergeAlone(await toGguf(pocket, "bf16"));
    expect(stderr).toContain("the tokenizer files are rebuilt from its metadata");
    expect(await readFile(join(out, "README.md"), "utf8")).toContain("rebuilt from its metadata");
    const [own, rebuilt] = await Promise.all([openCheckpoint(pocket), openCheckpoint(out)]);
    expect(await readTokenizer(rebuilt)).toEqual(await readTokenizer(own));
    await Promise.all([own.close(), rebuilt.close()]);
    const names = await Promise.all([toGguf(pocket, "bf16"), toGguf(out, "bf16")]);
    const [a, b] = await Promise.all(names.map((name) => readFile(name)));
    expect(Buffer.compare(a ?? Buffer.alloc(0), b ?? Buffer.alloc(1))).toBe(0);
  });

  test("keeps how tokenizers cut digits, and put a token before every text", async () => {
    const folder = await tiny("llama");
    const json = JSON.parse(await readFile(join(folder, "tokenizer.json"), "utf8"));
    json.pre_tokenizer.pretokenizers = [
      { type: "Digits", individual_digits: true },
      { type: "ByteLevel", add_prefix_space: false, use_regex: true },
    ];
    await writeFile(join(folder, "tokenizer.json"), JSON.stringify(json));
    await writeFile(
      join(folder, "tokenizer_config.json"),
      JSON.stringify({ bos_token: "<|im_start|>", eos_token: "<|im_end|>", add_bos_token: true }),
    );
    const { out } = await mergeAlone(await toGguf(folder, "bf16"));
    const [own, rebuilt] = await Promise.all([openCheckpoint(folder), openCheckpoint(out)]);
    const { tokens: ownTokens, types: ownTypes, ...ownRest } = await readTokenizer(own);
    const { tokens, types, ...rest } = await readTokenizer(rebuilt);
    // The embedding has rows beyond the vocabulary, which no file needs to name.
    expect(tokens.slice(0, ownTokens.length)).toEqual(ownTokens);
    expect(types.slice(0, ownTypes.length)).toEqual(ownTypes);
    expect(rest).toEqual(ownRest);
    expect(rest).toMatchObject({ pre: "smollm", addBos: true });
    await Promise.all([own.close(), rebuilt.close()]);
  });

  test.each([
    ["a space before every text", "llama", "tokenizer.json", sentencePieceJson()],
    ["none", "gemma2", "tokenizer.model", sentencePieceModel()],
  ] as const)("joins SentencePiece pieces as the model does, with %s", async (_name, architecture, file, content) => {
    const folder = join(root, `spm-${made++}`);
    await writeTinyModel(folder, architecture, 300);
    await writeFile(join(folder, file), content);
    const settings = { bos_token: "<s>", eos_token: "</s>", unk_token: "<unk>", add_bos_token: true };
    await writeFile(join(folder, "tokenizer_config.json"), JSON.stringify(settings));
    const once = await toGguf(folder, "bf16");
    const { out } = await mergeAlone(once);
    const twice = await toGguf(out, "bf16");
    const [expected, found] = [await cut(once), await cut(twice)];
    expect(found).toEqual(expected);
    expect(found[0]?.length).toBeGreaterThan(1);
  });

  test("writes no tokenizer files where it does not know how text is cut, and says so", async () => {
    const gguf = await toGguf(await tiny("llama"), "bf16");
    const bytes = await readFile(gguf);
    const at = bytes.indexOf("tokenizer.ggml.pre") + "tokenizer.ggml.pre".length + 4 + 8;
    bytes.write("xxxxx", at, "latin1");
    await writeFile(gguf, bytes);
    const { out, stderr } = await mergeAlone(gguf);
    expect(stderr).toContain("no tokenizer files are written");
    expect(await readdir(out)).not.toContain("tokenizer.json");
  });
});
