import { open, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { layoutCheckpointGguf } from "../../../src/checkpoints/gguf/gguf-layout.ts";
import { openCheckpoint } from "../../../src/checkpoints/open-checkpoint.ts";
import { CheckpointPool } from "../../../src/merge/checkpoint-pool.ts";
import { type MergePlan, planMerge } from "../../../src/merge/plan/plan.ts";
import { parseRecipe } from "../../../src/merge/recipe/parse-recipe.ts";
import { mergeStreams } from "../../../src/merge/run-merge.ts";
import { writeMergedCheckpoint } from "../../../src/merge/write-checkpoint.ts";
import { openSafetensorsFolder } from "../../../src/safetensors/open-folder.ts";
import { decodeTo, encodeTo } from "../../../src/tensors/convert.ts";
import { openFileFolder } from "../../../src/tensors/file-folder.ts";
import { TINY, writeTinyModel } from "../../checkpoints/tiny-checkpoint.ts";
import { scratchFolder } from "../../helpers/files/scratch-folder.ts";

const EMBEDDING = "model.embed_tokens.weight";

let root = "";
let pool: CheckpointPool;
beforeAll(async () => {
  root = scratchFolder();
  pool = new CheckpointPool(root);
  await makeModel("a", { vocab: ["a", "b", "c"], added: ["<s>"], rows: 6, offset: 1 });
  await makeModel("b", { vocab: ["b", "a", "d"], added: ["<t>"], rows: 4, offset: 101 });
  await makeModel("c", { vocab: ["a", "b", "c", "d"], added: [], rows: 4, offset: 201 });
  await makeModel("silent", { vocab: undefined, added: [], rows: 4, offset: 41 });
});
afterAll(async () => {
  await pool.close();
});

interface Made {
  readonly vocab: readonly string[] | undefined;
  readonly added: readonly string[];
  readonly rows: number;
  /** Every element of row r of the embedding is `offset + r`. */
  readonly offset: number;
}

async function makeModel(name: string, { vocab, added, rows, offset }: Made): Promise<void> {
  const folder = join(root, name);
  await writeTinyModel(folder, "qwen2", rows);
  const reader = await openSafetensorsFolder(await openFileFolder(folder));
  const tensor = reader.tensors.get(EMBEDDING);
  await reader.close();
  const values = Float32Array.from({ length: rows * TINY.hidden }, (_, i) => offset + Math.floor(i / TINY.hidden));
  const bytes = new Uint8Array(values.length * 2);
  encodeTo(bytes, "BF16", values);
  const file = await open(join(folder, "model.safetensors"), "r+");
  await file.write(bytes, 0, bytes.length, tensor?.position);
  await file.close();
  if (vocab === undefined) return;
  const json = {
    added_tokens: added.map((content, i) => ({ id: vocab.length + i, content, special: true })),
    pre_tokenizer: { type: "ByteLevel" },
    model: { type: "BPE", vocab: Object.fromEntries(vocab.map((token, id) => [token, id])), merges: [] },
  };
  await writeFile(join(folder, "tokenizer.json"), JSON.stringify(json));
  await writeFile(join(folder, "tokenizer_config.json"), JSON.stringify({ eos_token: added[0], chat_template: name }));
}

function plan(
  models: readonly string[],
  rest: object,
  method: object = { merge_method: "linear" },
): Promise<MergePlan> {
  const sources = models.map((model) => ({ model, parameters: { weight: 1 / models.length } }));
  return planMerge(parseRecipe({ ...method, models: sources, dtype: "float32", ...rest }, "test"), { root, pool });
}

/** The rows of the merged embedding, each of which has one value throughout. */
async function embeddingOf(merge: MergePlan): Promise<number[]> {
  const stream = mergeStreams(merge).find(({ name }) => name === EMBEDDING);
  const pieces: Uint8Array[] = [];
  for await (const piece of stream?.chunks() ?? []) pieces.push(piece.slice());
  const bytes = new Uint8Array(Buffer.concat(pieces));
  const values = new Float32Array(bytes.length / 4);
  decodeTo(values, "F32", bytes);
  const rows = Array.from({ length: values.length / TINY.hidden }, (_, row) =>
    values.subarray(row * TINY.hidden, (row + 1) * TINY.hidden),
  );
  return rows.map((row) => {
    expect(new Set(row).size).toBe(1);
    return row[0] ?? Number.NaN;
  });
}

/** Of the second model's embedding. */
function readerOf(merge: MergePlan): unknown {
  return merge.tensors.find(({ name }) => name === EMBEDDING)?.inputs[1]?.reader;
}

interface TokenizerJson {
  readonly added_tokens: readonly { readonly id: number; readonly content: string; readonly special: boolean }[];
  readonly model: { readonly vocab: Readonly<Record<string, number>> };
}

describe("the vocabulary of a merge", () => {
  test("is the union of those of its models: the first keeps its ids, and each token the rows of the models that have it", async () => {
    const merge = await plan(["a", "b"], { tokenizer_source: "union" });
    // a, b, c, <s> as in the first model, then d and <t> of the second.
    expect(await embeddingOf(merge)).toEqual([(1 + 102) / 2, (2 + 101) / 2, 3, 4, 103, 104]);
  });

  test("is the base model's, without its rows that have no token", async () => {
    const merge = await plan(["a", "b"], { tokenizer: { source: "base" } });
    expect(await embeddingOf(merge)).toEqual([(1 + 102) / 2, (2 + 101) / 2, 3, 4]);
  });

  test("is another model's, whose end of text the config has then", async () => {
    const merge = await plan(["a", "b"], { tokenizer: { source: "c" } });
    expect(await embeddingOf(merge)).toEqual([(1 + 102) / 2, (2 + 101) / 2, 3, 103]);
    expect(merge.donor.tokenizerFiles.where).toBe(join(root, "c"));
  });

  test("gives a model that lacks a token the mean of those that have it", async () => {
    const merge = await plan(["a", "b", "c"], { tokenizer_source: "union" });
    // "c" is in a and c, "d" in b and c.
    const [, , third, , fifth] = await embeddingOf(merge);
    expect(third).toBeCloseTo((3 + 203) / 2, 4);
    expect(fifth).toBeCloseTo((103 + 204) / 2, 4);
  });

  test("gives a model that lacks a token the base model's row, if that has it", async () => {
    const method = { merge_method: "task_arithmetic", base_model: "a" };
    const merge = await plan(["b", "c"], { tokenizer_source: "union" }, method);
    // "c": b has a's row, which is no change; c's is half of what it changes.
    const [, , third] = await embeddingOf(merge);
    expect(third).toBe(3 + (203 - 3) / 2);
  });

  test("takes single rows from where the recipe says", async () => {
    const tokens = {
      c: { source: { kind: "zero" }, force: true },
      "<s>": { source: { kind: "model_token", model: "b", token: "<t>" } },
      "<new>": { source: { kind: "model_token", model: "a", token_id: 1 } },
      "<newer>": {},
      d: { source: "b", force: true },
    };
    const merge = await plan(["a", "b"], { tokenizer: { source: "union", tokens } });
    // "<s>" is a's own there, and is b's "<t>" for b.
    expect(await embeddingOf(merge)).toEqual([51.5, 51.5, 0, (4 + 104) / 2, 103, 104, 2, 0]);
    expect(merge.warnings).toEqual(['tokens that are in no model get an embedding of zeros: "<newer>"']);
  });

  test("fills up with the mean of all rows to a multiple", async () => {
    const merge = await plan(["a", "b"], { tokenizer: { source: "union", pad_to_multiple_of: 4 } });
    const rows = await embeddingOf(merge);
    expect(rows).toHaveLength(8);
    // Of a's rows 1, 2, 3, 4, 103, 104 and b's 102, 101, 3, 4, 103, 104.
    const mean = (Math.fround(217 / 6) + Math.fround(417 / 6)) / 2;
    expect(rows[6]).toBeCloseTo(mean, 4);
    expect(rows[7]).toBe(rows[6]);
  });

  test("takes a model without a tokenizer to have the first one's tokens, and says so", async () => {
    const merge = await plan(["a", "silent"], { tokenizer_source: "base" });
    expect(await embeddingOf(merge)).toEqual([(1 + 41) / 2, (2 + 42) / 2, (3 + 43) / 2, (4 + 44) / 2]);
    expect(merge.warnings.join()).toMatch(/silent has no tokenizer/);
  });

  test("is looked up once for all points of a sweep", async () => {
    const [first, second] = [
      await plan(["a", "b"], { tokenizer_source: "union", parameters: { normalize: false } }),
      await plan(["a", "b"], { tokenizer_source: "union" }),
    ];
    expect(second.donor.tokenizerFiles).toBe(first.donor.tokenizerFiles);
    expect(readerOf(second)).toBe(readerOf(first));
  });

  test("is written with the merge: config.json, tokenizer.json and its settings agree, and llama.cpp gets the same", async () => {
    const folder = join(root, "out");
    await writeMergedCheckpoint(await plan(["a", "b"], { tokenizer_source: "union", dtype: "bfloat16" }), folder);
    const config: { vocab_size: number } = JSON.parse(await readFile(join(folder, "config.json"), "utf8"));
    expect(config.vocab_size).toBe(6);
    const json: TokenizerJson = JSON.parse(await readFile(join(folder, "tokenizer.json"), "utf8"));
    const { added_tokens: added, model } = json;
    expect(model.vocab).toEqual({ a: 0, b: 1, c: 2 });
    expect(added.map(({ id, content, special }) => [id, content, special])).toEqual([
      [3, "<s>", true],
      [4, "d", false],
      [5, "<t>", true],
    ]);
    const merged = await openCheckpoint(folder);
    const { placements } = await layoutCheckpointGguf(merged, [...merged.reader.tensors.values()], "bf16");
    expect(placements.find(({ source }) => source === EMBEDDING)?.shape).toEqual([6, TINY.hidden]);
    await merged.close();
  });

  test.each([
    [{ tokenizer: { source: "silent" } }, /silent: expected a tokenizer.json, found none/],
    [
      { tokenizer: { tokens: { x: { source: { kind: "model_token", model: "b", token: "nope" } } } } },
      /expected "nope" in b/,
    ],
    [{ tokenizer: { tokens: { x: { source: "c" } } } }, /expected one of the merged models, found c/],
    [{}, /vocabularies of one size/],
  ])("is refused where a token or tokenizer is missing: %j", async (rest, message) => {
    await expect(plan(["a", "b"], rest)).rejects.toThrow(message);
  });

  test("hints at combining where vocabularies differ in size", async () => {
    await expect(plan(["a", "b"], {})).rejects.toMatchObject({
      hint: expect.stringContaining("tokenizer: { source: union }"),
    });
  });
});
