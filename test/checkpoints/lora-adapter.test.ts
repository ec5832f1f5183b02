import { cp, mkdir, rename, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Checkpoint } from "../../src/checkpoints/checkpoint.ts";
import { openCheckpoint } from "../../src/checkpoints/open-checkpoint.ts";
import { layoutSafetensors } from "../../src/safetensors/write.ts";
import { decodeTo, encodeTo } from "../../src/tensors/convert.ts";
import { writeTensorFile } from "../../src/tensors/write/write-tensor-file.ts";
import { scratchFolder } from "../helpers/files/scratch-folder.ts";
import { cli } from "../helpers/run-cli.ts";
import { projectRoot } from "../helpers/shared.ts";

const base = join(projectRoot, "checkpoints/pocket/base");
let scratch = "";
let original: Checkpoint;
beforeAll(async () => {
  scratch = scratchFolder();
  original = await openCheckpoint(base);
});
afterAll(async () => {
  await original.close();
});

interface Matrix {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** Numbers like those of trained factors, the same for the same seed. */
function matrix(shape: readonly number[], seed: number): Matrix {
  let state = seed;
  const count = shape.reduce((product, size) => product * size, 1);
  const values = Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state / 2 ** 32 - 0.5) * 0.1;
  });
  return { shape, values };
}

function transposed({ shape, values }: Matrix): Matrix {
  const [rows = 0, columns = 0] = shape;
  const turned = values.map((_, i) => values[(i % rows) * columns + Math.floor(i / rows)] ?? 0);
  return { shape: [columns, rows], values: turned };
}

let made = 0;
/** Writes an adapter as peft does. */
async function writeAdapter(config: object, tensors: Readonly<Record<string, Matrix>>): Promise<string> {
  const folder = join(scratch, `adapter-${made++}`);
  await mkdir(folder);
  const defaults = { peft_type: "LORA", r: 8, lora_alpha: 16, base_model_name_or_path: "me/base" };
  await writeFile(join(folder, "adapter_config.json"), JSON.stringify({ ...defaults, ...config }));
  const streams = Object.entries(tensors).map(([name, { shape, values }]) => ({
    name: `base_model.model.${name}`,
    dtype: "F32" as const,
    shape,
    async *chunks() {
      yield await Promise.resolve(new Uint8Array(Float32Array.from(values).buffer));
    },
  }));
  await writeTensorFile(join(folder, "adapter_model.safetensors"), layoutSafetensors(streams), streams);
  return folder;
}

async function valuesOf({ reader }: Checkpoint, name: string): Promise<Float32Array> {
  const bytes = new Uint8Array(reader.tensors.get(name)?.byteLength ?? 0);
  await reader.read(name, 0, bytes);
  const values = new Float32Array(bytes.byteLength / 2);
  decodeTo(values, "BF16", bytes);
  return values;
}

function toBf16(values: Float32Array): Float32Array {
  const bytes = new Uint8Array(values.length * 2);
  encodeTo(bytes, "BF16", values);
  const rounded = new Float32Array(values.length);
  decodeTo(rounded, "BF16", bytes);
  return rounded;
}

/** W + scale * sum over k of left[row, k] * right[k, column], in float64. */
function adapted(weights: Float32Array, columns: number, scale: number, b: Matrix, a: Matrix): Float64Array {
  const rank = a.shape[0] ?? 0;
  return Float64Array.from(weights, (weight, index) => {
    const [row, column] = [Math.floor(index / columns), index % columns];
    let sum = 0;
    for (let k = 0; k < rank; k++) sum += (b.values[row * rank + k] ?? 0) * (a.values[k * columns + column] ?? 0);
    return weight + scale * sum;
  });
}

/** The most that rounding to BF16 may take from a value: half a unit in its last place, and what F32 takes before it. */
function halfUnit(value: number): number {
  return 2 ** (Math.floor(Math.log2(Math.abs(value) || 2 ** -126)) - 8) + 2 ** -26;
}

/** How many values are further from the exact ones than one rounding to BF16 puts them. */
function wrong(found: Float32Array, exact: Float64Array): number {
  return found.filter((value, i) => Math.abs(value - (exact[i] ?? 0)) > halfUnit(exact[i] ?? 0)).length;
}

const Q = "model.layers.1.self_attn.q_proj";
const DOWN = "model.layers.0.mlp.down_proj";

describe("a LoRA adapter", () => {
  test("is added to its modules, rounded once, and leaves the others alone", async () => {
    const [aq, bq] = [matrix([8, 256], 1), matrix([256, 8], 2)];
    const [ad, bd] = [matrix([8, 512], 3), matrix([256, 8], 4)];
    const path = await writeAdapter(
      {},
      {
        [`${Q}.lora_A.weight`]: aq,
        [`${Q}.lora_B.weight`]: bq,
        [`${DOWN}.lora_A.default.weight`]: ad,
        [`${DOWN}.lora_B.default.weight`]: bd,
      },
    );
    const checkpoint = await openCheckpoint(`${base}+${path}`);
    for (const [name, columns, b, a] of [
      [`${Q}.weight`, 256, bq, aq],
      [`${DOWN}.weight`, 512, bd, ad],
    ] as const) {
      const [before, after] = [await valuesOf(original, name), await valuesOf(checkpoint, name)];
      expect(after).not.toEqual(before);
      expect(wrong(after, adapted(before, columns, 2, b, a))).toBe(0);
      expect(checkpoint.reader.tensors.get(name)?.file).toBeUndefined();
    }
    const untouched = "model.layers.0.self_attn.q_proj.weight";
    expect(await valuesOf(checkpoint, untouched)).toEqual(await valuesOf(original, untouched));
    expect([...checkpoint.reader.tensors.keys()]).toEqual([...original.reader.tensors.keys()]);
    await checkpoint.close();
  });

  test("gives the same bytes whatever piece of a tensor is read", async () => {
    const path = await writeAdapter(
      {},
      { [`${DOWN}.lora_A.weight`]: matrix([8, 512], 3), [`${DOWN}.lora_B.weight`]: matrix([256, 8], 4) },
    );
    const { reader } = await openCheckpoint(`${base}+${path}`);
    const name = `${DOWN}.weight`;
    const whole = new Uint8Array(256 * 512 * 2);
    await reader.read(name, 0, whole);
    for (const [start, length] of [
      [0, 2],
      [1022, 6],
      [1024 * 3 + 10, 5000],
      [256 * 1024 - 4, 4],
    ] as const) {
      const piece = new Uint8Array(length);
      await reader.read(name, start, piece);
      expect(piece).toEqual(whole.slice(start, start + length));
    }
    await expect(reader.read(name, 1, new Uint8Array(2))).rejects.toThrow(RangeError);
    await expect(reader.read(name, 256 * 1024, new Uint8Array(2))).rejects.toThrow(RangeError);
    await reader.close();
  });

  test.each<[string, object, number]>([
    ["alpha / r", { lora_alpha: 24 }, 3],
    ["alpha / sqrt(r) with use_rslora", { use_rslora: true }, 16 / Math.sqrt(8)],
    ["the alpha of its pattern", { alpha_pattern: { v_proj: 100, "layers.1.self_attn.q_proj": 4 } }, 0.5],
    ["the alpha of a regular expression", { alpha_pattern: { ".*\\.self_attn\\.[qk]_proj": 4 } }, 0.5],
    ["the rank of its pattern", { r: 64, lora_alpha: 64, rank_pattern: { q_proj: 8 } }, 8],
  ])("is scaled by %s", async (_name, config, scale) => {
    const [a, b] = [matrix([8, 256], 5), matrix([256, 8], 6)];
    const path = await writeAdapter(config, { [`${Q}.lora_A.weight`]: a, [`${Q}.lora_B.weight`]: b });
    const checkpoint = await openCheckpoint(`${base}+${path}`);
    const name = `${Q}.weight`;
    const exact = adapted(await valuesOf(original, name), 256, scale, b, a);
    expect(wrong(await valuesOf(checkpoint, name), exact)).toBe(0);
    await checkpoint.close();
  });

  test.each([1, 3, 6])("of rank %i is added", async (rank) => {
    const [a, b] = [matrix([rank, 256], rank), matrix([256, rank], rank + 1)];
    const path = await writeAdapter({ r: rank }, { [`${Q}.lora_A.weight`]: a, [`${Q}.lora_B.weight`]: b });
    const checkpoint = await openCheckpoint(`${base}+${path}`);
    const name = `${Q}.weight`;
    const exact = adapted(await valuesOf(original, name), 256, 16 / rank, b, a);
    expect(wrong(await valuesOf(checkpoint, name), exact)).toBe(0);
    await checkpoint.close();
  });

  test("is turned for layers that store inputs first, and for embeddings", async () => {
    const [a, b] = [matrix([8, 256], 7), matrix([512, 8], 8)];
    // The module takes 256 and gives 512; fan_in_fan_out stores that as [256, 512], which down_proj happens to be.
    const turned = await writeAdapter(
      { fan_in_fan_out: true },
      { [`${DOWN}.lora_A.weight`]: a, [`${DOWN}.lora_B.weight`]: b },
    );
    const checkpoint = await openCheckpoint(`${base}+${turned}`);
    const name = `${DOWN}.weight`;
    const exact = adapted(await valuesOf(original, name), 512, 2, transposed(a), transposed(b));
    expect(wrong(await valuesOf(checkpoint, name), exact)).toBe(0);
    await checkpoint.close();

    const [ea, eb] = [matrix([8, 512], 9), matrix([256, 8], 10)];
    const embedding = await writeAdapter(
      {},
      { "model.embed_tokens.lora_embedding_A": ea, "model.embed_tokens.lora_embedding_B": eb },
    );
    const embedded = await openCheckpoint(`${base}+${embedding}`);
    const tokens = "model.embed_tokens.weight";
    const expected = adapted(await valuesOf(original, tokens), 256, 2, transposed(ea), transposed(eb));
    expect(wrong(await valuesOf(embedded, tokens), expected)).toBe(0);
    await embedded.close();
  });

  test("replaces modules that were trained as a whole, and biases", async () => {
    const norm = matrix([256], 11);
    const bias = matrix([256], 12);
    const path = await writeAdapter(
      { modules_to_save: ["norm"], bias: "lora_only", lora_bias: true },
      {
        "model.norm.weight": norm,
        [`${Q}.bias`]: bias,
        "model.layers.2.self_attn.q_proj.lora_A.weight": matrix([8, 256], 13),
        "model.layers.2.self_attn.q_proj.lora_B.weight": matrix([256, 8], 14),
        "model.layers.2.self_attn.q_proj.lora_B.bias": bias,
      },
    );
    const checkpoint = await openCheckpoint(`${base}+${path}`);
    expect(await valuesOf(checkpoint, "model.norm.weight")).toEqual(toBf16(norm.values));
    expect(await valuesOf(checkpoint, `${Q}.bias`)).toEqual(toBf16(bias.values));
    const added = "model.layers.2.self_attn.q_proj.bias";
    const before = await valuesOf(original, added);
    const exact = Float64Array.from(before, (value, i) => value + 2 * (bias.values[i] ?? 0));
    expect(wrong(await valuesOf(checkpoint, added), exact)).toBe(0);
    await checkpoint.close();
  });
});

describe("an adapter that does not fit", () => {
  const factors = {
    [`${Q}.lora_A.weight`]: matrix([8, 256], 1),
    [`${Q}.lora_B.weight`]: matrix([256, 8], 2),
  };
  test.each<[string, object, Readonly<Record<string, Matrix>>, string]>([
    ["of another kind", { peft_type: "IA3" }, factors, 'expected a LoRA adapter (peft_type "LORA")'],
    ["with DoRA", { use_dora: true }, factors, "use_dora is not supported"],
    ["with PiSSA", { init_lora_weights: "pissa_niter_16" }, factors, "belong to a changed base model"],
    ["without a rank", { r: 0 }, factors, "expected r to be a positive number"],
    ["of another rank", { r: 16 }, factors, "expected [16, inputs] and [outputs, 16]"],
    ["with a pattern that is none", { rank_pattern: { "(": 4 } }, factors, "rank_pattern"],
    ["with half of a module", {}, { [`${Q}.lora_A.weight`]: matrix([8, 256], 1) }, "only one of them"],
    [
      "for a module that is not there",
      {},
      {
        "model.layers.9.self_attn.q_proj.lora_A.weight": matrix([8, 256], 1),
        "model.layers.9.self_attn.q_proj.lora_B.weight": matrix([256, 8], 1),
      },
      "the base model has no tensor model.layers.9.self_attn.q_proj.weight",
    ],
    [
      "for an lm_head that is the embedding",
      {},
      { "lm_head.lora_A.weight": matrix([8, 256], 1), "lm_head.lora_B.weight": matrix([512, 8], 1) },
      "the base model has no tensor lm_head.weight",
    ],
    [
      "for a wider model",
      {},
      { [`${Q}.lora_A.weight`]: matrix([8, 512], 1), [`${Q}.lora_B.weight`]: matrix([256, 8], 2) },
      "expected shape [256, 256] of the base model, the adapter has [256, 512]",
    ],
    ["of nothing", {}, {}, "found none"],
  ])("is refused: %s", async (_name, config, tensors, message) => {
    const path = await writeAdapter(config, tensors);
    await expect(openCheckpoint(`${base}+${path}`)).rejects.toThrow(message);
  });

  test("is refused as a pickle, without weights, and where there is none", async () => {
    const path = await writeAdapter({}, factors);
    await rename(join(path, "adapter_model.safetensors"), join(path, "adapter_model.bin"));
    await expect(openCheckpoint(`${base}+${path}`)).rejects.toMatchObject({ hint: expect.stringContaining("pickle") });
    await expect(openCheckpoint(`${base}+${base}`)).rejects.toThrow("no adapter_config.json");
    await expect(openCheckpoint(`${base}+${path}x`)).rejects.toMatchObject({
      hint: expect.stringContaining(`Did you mean "${basename(path)}"?`),
    });
  });

  test("alone is told where it belongs, in words that work", async () => {
    const path = await writeAdapter({ base_model_name_or_path: base }, factors);
    const error: unknown = await openCheckpoint(path).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ hint: expect.stringContaining(`as ${base}+${path}`) });
    await (await openCheckpoint(`${base}+${path}`)).close();
  });
});

describe("a path with a plus in it", () => {
  test("is the folder of that name, if there is one", async () => {
    const path = join(scratch, "a+b@c");
    await cp(base, path, { recursive: true });
    const opened = await openCheckpoint(path);
    expect(opened.path).toBe(path);
    await opened.close();
    const adapter = await writeAdapter({}, { "model.norm.weight": matrix([256], 1) });
    const both = await openCheckpoint(`${path}+${adapter}`);
    expect(await valuesOf(both, "model.norm.weight")).not.toEqual(await valuesOf(original, "model.norm.weight"));
    await both.close();
  });

  test("is no local folder at a revision", async () => {
    await expect(openCheckpoint(`${base}@main`)).rejects.toThrow("is a local folder, which has no revisions");
  });
});

test("an adapter takes part in a merge, in both of mergekit's forms", async () => {
  const adapter = await writeAdapter(
    {},
    { [`${Q}.lora_A.weight`]: matrix([8, 256], 1), [`${Q}.lora_B.weight`]: matrix([256, 8], 2) },
  );
  const merged: Float32Array[] = [];
  for (const [index, model] of [`"${base}+${adapter}"`, `{ model: { path: ${base} }, lora: ${adapter} }`].entries()) {
    const [config, out] = [join(scratch, `merge-${index}.yml`), join(scratch, `merged-${index}`)];
    await writeFile(
      config,
      `merge_method: linear\nmodels:\n  - { model: ${model}, parameters: { weight: 0.5 } }\n` +
        `  - { model: ${base}, parameters: { weight: 0.5 } }\ndtype: float32\nout_dtype: bfloat16\n`,
    );
    const { code, stderr } = await cli(["merge", config, out]);
    expect(stderr).toBe("");
    expect(code).toBe(0);
    const checkpoint = await openCheckpoint(out);
    merged.push(await valuesOf(checkpoint, `${Q}.weight`));
    await checkpoint.close();
    expect((await cli(["verify", out, "--recipe", config])).code).toBe(0);
  }
  const together = await openCheckpoint(`${base}+${adapter}`);
  const [before, after] = [await valuesOf(original, `${Q}.weight`), await valuesOf(together, `${Q}.weight`)];
  await together.close();
  expect(merged[0]).toEqual(merged[1]);
  expect(
    wrong(
      merged[0] ?? new Float32Array(),
      Float64Array.from(before, (x, i) => (x + (after[i] ?? 0)) / 2),
    ),
  ).toBe(0);
});
