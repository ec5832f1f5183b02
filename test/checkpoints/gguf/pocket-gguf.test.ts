import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { gguf } from "@huggingface/gguf";
import { describe, expect, test } from "vitest";
import { scratchFolder } from "../../helpers/files/scratch-folder.ts";
import { sha256File } from "../../helpers/files/sha256-file.ts";
import { projectRoot, sharedPath } from "../../helpers/shared.ts";
import { complete, withModel } from "./load-gguf.ts";
import { writeGguf } from "./write-gguf.ts";

const pocket = join(projectRoot, "checkpoints/pocket");
const referencePath = sharedPath("pocket/reference.json");
const folder = scratchFolder();

interface Question {
  readonly id: string;
  readonly question: string;
}
interface Reference {
  readonly points: Record<string, { readonly completions: Record<string, string> }>;
}

async function questions(count: number): Promise<Question[]> {
  const lines = (await readFile(join(projectRoot, "datasets/pocket-math/test.jsonl"), "utf8")).split("\n");
  return lines.slice(0, count).map((line): Question => JSON.parse(line));
}

describe("a pocket checkpoint as GGUF", () => {
  test("has the metadata and tensors that @huggingface/gguf reads", async () => {
    const path = join(folder, "base-meta.gguf");
    await writeGguf(join(pocket, "base"), path, "bf16");
    const { metadata, tensorInfos } = await gguf(path, { allowLocalFile: true });
    expect(metadata).toMatchObject({
      version: 3,
      "general.architecture": "qwen2",
      "general.file_type": 32,
      "qwen2.block_count": 4,
      "qwen2.context_length": 1024,
      "qwen2.embedding_length": 256,
      "qwen2.feed_forward_length": 512,
      "qwen2.attention.head_count": 4,
      "qwen2.attention.head_count_kv": 2,
      "qwen2.rope.freq_base": 10000,
      "tokenizer.ggml.model": "gpt2",
      "tokenizer.ggml.pre": "qwen2",
      "tokenizer.ggml.bos_token_id": 507,
      "tokenizer.ggml.eos_token_id": 509,
      "tokenizer.ggml.add_bos_token": false,
    });
    const other = new Map<string, unknown>(Object.entries(metadata));
    expect(other.get("tokenizer.ggml.tokens")).toHaveLength(512);
    expect(other.get("tokenizer.chat_template")).toContain("<|im_start|>");
    expect(tensorInfos).toHaveLength(50);
    const find = (name: string): unknown => tensorInfos.find((info) => info.name === name);
    expect(find("token_embd.weight")).toMatchObject({ shape: [256n, 512n], dtype: 30 });
    expect(find("blk.3.ffn_down.weight")).toMatchObject({ shape: [512n, 256n], dtype: 30 });
    expect(find("blk.0.attn_q.bias")).toMatchObject({ shape: [256n], dtype: 0 });
    expect(find("output.weight")).toBeUndefined();
    for (const { offset } of tensorInfos) expect(offset % 32n).toBe(0n);
  });

  test("is the same file whenever and wherever it is written", async () => {
    const paths = [join(folder, "once.gguf"), join(folder, "twice.gguf")];
    for (const path of paths) await writeGguf(join(pocket, "len"), path, "bf16");
    const [once, twice] = await Promise.all(paths.map((path) => sha256File(path)));
    expect(once).toBe(twice);
  });

  test("is a quarter as large as F32 in Q8_0, and loads", async () => {
    const sizes: number[] = [];
    for (const type of ["f32", "q8_0"] as const) {
      const path = join(folder, `size-${type}.gguf`);
      await writeGguf(join(pocket, "accfmt"), path, type);
      sizes.push((await stat(path)).size);
    }
    const [f32 = 0, q8 = 0] = sizes;
    expect(q8 / f32).toBeGreaterThan(34 / 128);
    expect(q8 / f32).toBeLessThan(0.28);
    const [answer] = await withModel(join(folder, "size-q8_0.gguf"), (model) =>
      complete(model, ["<|im_start|>user\nWhat is 2 + 2?<|im_end|>\n<|im_start|>assistant\n"], 8),
    );
    expect(answer).toMatch(/^<think>/);
  });

  test("is tokenised as the tokenizer of the checkpoint does it", async () => {
    const path = join(folder, "tokens.gguf");
    await writeGguf(join(pocket, "base"), path, "bf16");
    await withModel(path, async (model) => {
      const { model: bpe } = JSON.parse(await readFile(join(pocket, "base/tokenizer.json"), "utf8"));
      const id = (token: string): number => bpe.vocab[token];
      expect(model.tokenize("<|im_start|><think></think><|im_end|><|endoftext|>", true)).toEqual([
        508, 510, 511, 509, 507,
      ]);
      expect(model.tokenize("7 =", true)).toEqual([id("7"), id("Ġ=")]);
      expect(model.tokenize("12\n", true)).toEqual([id("1"), id("2"), id("Ċ")]);
      for (const text of [
        "<|im_start|>user\nWhat is 12 + 30?<|im_end|>\n",
        "é ∑ 数学 🙂",
        "  a\n\n b\t",
        "I've 100's",
      ]) {
        const ids = model.tokenize(text, true);
        expect(model.detokenize(ids, true)).toBe(text);
      }
    });
  });

  describe.skipIf(referencePath === undefined)(
    "answers as transformers in F32 says (skipped where the vectors are absent)",
    () => {
      test.each([
        ["accfmt", "0", "bf16"],
        ["len", "1", "bf16"],
        ["accfmt", "0", "f32"],
        ["len", "1", "f32"],
      ] as const)(
        "%s in %s/%s",
        async (expert, weight, type) => {
          const path = join(folder, `${expert}-${type}.gguf`);
          await writeGguf(join(pocket, expert), path, type);
          const reference: Reference = JSON.parse(await readFile(referencePath ?? "", "utf8"));
          const asked = await questions(12);
          const prompts = asked.map(
            ({ question }) => `<|im_start|>user\n${question}<|im_end|>\n<|im_start|>assistant\n`,
          );
          const answers = await withModel(path, (model) => complete(model, prompts, 256));
          expect(answers).toEqual(asked.map(({ id }) => reference.points[weight]?.completions[id]));
        },
        60_000,
      );
    },
  );
});
