import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ARCHITECTURES, type Architecture } from "../../src/checkpoints/architecture.ts";
import { GGUF_TYPES, type GgufType } from "../../src/checkpoints/gguf/gguf-layout.ts";
import { checkpointTensorName, GGUF_ARCHITECTURE } from "../../src/checkpoints/tensor-names.ts";
import { readGgufHeader } from "../../src/gguf/read-header.ts";
import { openFileSource } from "../../src/tensors/file-source.ts";
import { scratchFolder } from "../helpers/files/scratch-folder.ts";
import { complete, withModel } from "./gguf/load-gguf.ts";
import { writeGguf } from "./gguf/write-gguf.ts";
import {
  copyPocketTokenizer,
  PIECES,
  sentencePieceJson,
  sentencePieceModel,
  TINY,
  tinyTensor,
  writeTinyModel,
} from "./tiny-checkpoint.ts";

const ROWS = 520;
const PROMPT = "<|im_start|>user\nWhat is 12 + 30?<|im_end|>\n";
const root = scratchFolder();

/** Converts a tiny random model with the byte-level tokenizer. */
async function convert(
  name: string,
  architecture: Architecture,
  type: GgufType,
  more: Record<string, unknown> = {},
): Promise<string> {
  const folder = join(root, name);
  await writeTinyModel(folder, architecture, ROWS, more);
  await copyPocketTokenizer(folder);
  await writeGguf(folder, `${folder}.gguf`, type);
  return `${folder}.gguf`;
}

/** What the file should hold of a tensor that the format changes, in the bits it is stored in. */
function expectedBytes(architecture: Architecture, name: string): Uint8Array {
  const { shape, bits } = tinyTensor(name, ROWS);
  if (shape.length === 1) {
    const shift = architecture.startsWith("gemma") && name.endsWith("norm.weight") ? 1 : 0;
    const wide = new Float32Array(Uint32Array.from(bits, (half) => half << 16).buffer);
    return new Uint8Array(wide.map((value) => value + shift).buffer);
  }
  const rotates = GGUF_ARCHITECTURE[architecture] === "llama" && /[qk]_proj/.test(name);
  if (!rotates) return new Uint8Array(bits.buffer);
  const [rows = 0, columns = 0] = shape;
  const out = new Uint16Array(bits.length);
  const half = TINY.headSize / 2;
  for (let row = 0; row < rows; row++) {
    const [head, inside] = [Math.floor(row / TINY.headSize), row % TINY.headSize];
    const to = head * TINY.headSize + (inside < half ? 2 * inside : 2 * (inside - half) + 1);
    out.set(bits.subarray(row * columns, (row + 1) * columns), to * columns);
  }
  return new Uint8Array(out.buffer);
}

describe.each(ARCHITECTURES)("a tiny %s as GGUF", (architecture) => {
  test("holds the tensors of the checkpoint, bit for bit", async () => {
    const path = await convert(`${architecture}-bits`, architecture, "bf16");
    const source = await openFileSource(path);
    const { tensors } = await readGgufHeader(source);
    expect(tensors.length).toBeGreaterThan(10);
    const different: string[] = [];
    for (const tensor of tensors) {
      const bytes = new Uint8Array(tensor.byteLength);
      await source.read(tensor.position, bytes);
      const name = checkpointTensorName(architecture, tensor.name) ?? "";
      if (Buffer.compare(bytes, expectedBytes(architecture, name)) !== 0) different.push(tensor.name);
    }
    expect(different).toEqual([]);
    await source.close();
  });

  test.each(GGUF_TYPES)("loads and generates in %s", async (type) => {
    const path = await convert(`${architecture}-${type}`, architecture, type);
    const [answer] = await withModel(path, (model) => complete(model, [PROMPT], 12));
    expect(answer?.length).toBeGreaterThan(0);
  });
});

describe("architectures that differ in names and order only", () => {
  test("llama, mistral, phi3 and qwen2 without biases generate the same text from the same weights", async () => {
    const answers: (string | undefined)[] = [];
    for (const architecture of ["qwen2", "llama", "mistral", "phi3"] as const) {
      const path = await convert(`same-${architecture}`, architecture, "f32");
      const [answer] = await withModel(path, (model) => complete(model, [PROMPT], 40));
      answers.push(answer);
    }
    expect(answers[0]?.length).toBeGreaterThan(10);
    expect(new Set(answers).size).toBe(1);
  }, 30_000);

  test("llama3's scaling of frequencies is a tensor of the file: 1 for high frequencies, the factor for low ones", async () => {
    const scaling = {
      rope_type: "llama3",
      factor: 8,
      low_freq_factor: 1,
      high_freq_factor: 4,
      original_max_position_embeddings: 64,
    };
    const path = await convert("llama3-rope", "llama", "f32", { rope_scaling: scaling });
    const source = await openFileSource(path);
    const factors = (await readGgufHeader(source)).tensors.find(({ name }) => name === "rope_freqs.weight");
    const values = new Float32Array(TINY.headSize / 2);
    await source.read(factors?.position ?? 0, new Uint8Array(values.buffer));
    await source.close();
    expect(values[0]).toBe(1);
    expect(values.at(-1)).toBe(8);
    const [answer] = await withModel(path, (model) => complete(model, [PROMPT], 12));
    expect(answer?.length).toBeGreaterThan(0);
  });

  test("smollm's digits are cut one by one", async () => {
    const folder = join(root, "smollm");
    await writeTinyModel(folder, "llama", ROWS);
    await copyPocketTokenizer(folder);
    const json = JSON.parse(await readFile(join(folder, "tokenizer.json"), "utf8"));
    json.pre_tokenizer.pretokenizers = [
      { type: "Digits", individual_digits: true },
      { type: "ByteLevel", add_prefix_space: false, use_regex: true },
    ];
    await writeFile(join(folder, "tokenizer.json"), JSON.stringify(json));
    await writeGguf(folder, `${folder}.gguf`, "bf16");
    await withModel(`${folder}.gguf`, async (model) => {
      expect(model.tokenize("123", true)).toEqual(["1", "2", "3"].map((digit) => json.model.vocab[digit]));
      expect((await complete(model, [PROMPT], 8))[0]?.length).toBeGreaterThan(0);
    });
  });

  test("a pre-tokenizer that llama.cpp does not know is refused", async () => {
    const folder = join(root, "unknown-pre");
    await writeTinyModel(folder, "llama", ROWS);
    await copyPocketTokenizer(folder);
    const json = JSON.parse(await readFile(join(folder, "tokenizer.json"), "utf8"));
    json.pre_tokenizer.pretokenizers[0].pattern.Regex = "\\w+";
    await writeFile(join(folder, "tokenizer.json"), JSON.stringify(json));
    await expect(writeGguf(folder, `${folder}.gguf`, "bf16")).rejects.toThrow("pre-tokenizer");
  });
});

function ids(...pieces: string[]): number[] {
  return pieces.map((piece) => PIECES.indexOf(piece));
}

/** A tiny model with the SentencePiece vocabulary, as tokenizer.json or tokenizer.model. */
async function convertSentencePiece(
  architecture: Architecture,
  file: "tokenizer.json" | "tokenizer.model",
): Promise<string> {
  const folder = join(root, `spm-${architecture}-${file}`);
  await writeTinyModel(folder, architecture, 300);
  await writeFile(join(folder, file), file === "tokenizer.json" ? sentencePieceJson() : sentencePieceModel());
  const settings = { bos_token: "<s>", eos_token: "</s>", unk_token: "<unk>" };
  await writeFile(join(folder, "tokenizer_config.json"), JSON.stringify(settings));
  await writeGguf(folder, `${folder}.gguf`, "bf16");
  return `${folder}.gguf`;
}

describe.each(["llama", "mistral", "phi3", "gemma2", "gemma3_text"] as const)(
  "SentencePiece for %s",
  (architecture) => {
    test("from tokenizer.json joins pieces as its merges say, after a space", async () => {
      const path = await convertSentencePiece(architecture, "tokenizer.json");
      await withModel(path, async (model) => {
        expect(model.tokenize("hello world", false)).toEqual(ids("▁", "hello", "▁world"));
        expect(model.tokenize("z", false)).toEqual(ids("▁", "<0x7A>"));
        expect(model.tokens.bos).toBe(1);
        expect(model.tokens.shouldPrependBosToken).toBe(true);
        expect((await complete(model, ["hello world"], 8))[0]).toBeDefined();
      });
    });

    test("from tokenizer.model joins pieces by score, without a space where it says so", async () => {
      const path = await convertSentencePiece(architecture, "tokenizer.model");
      await withModel(path, async (model) => {
        expect(model.tokenize("hello world", false)).toEqual(ids("hello", "▁world"));
        expect((await complete(model, ["hello"], 8))[0]).toBeDefined();
      });
    });
  },
);
