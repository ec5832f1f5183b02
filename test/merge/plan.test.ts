import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { mergedConfig } from "../../src/merge/merged-config.ts";
import { parseRecipe } from "../../src/merge/parse-recipe.ts";
import { type MergePlan, planMerge } from "../../src/merge/plan.ts";
import { layoutSafetensors } from "../../src/safetensors/write.ts";
import type { FloatDtype } from "../../src/tensors/dtype.ts";
import { elementCount } from "../../src/tensors/tensor-info.ts";
import { writeTensorFile } from "../../src/tensors/write-tensor-file.ts";

let scratch = "";
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "mergesweep-plan-"));
});
afterAll(async () => {
  await rm(scratch, { recursive: true, force: true });
});

/** A llama of two layers and almost no parameters; every element of a tensor is `value`. */
async function tinyLlama(
  name: string,
  { value = 1, vocabulary = 4, change = (_shapes: Map<string, number[]>): void => {}, config = {} } = {},
): Promise<string> {
  const shapes = new Map<string, number[]>([
    ["model.embed_tokens.weight", [vocabulary, 2]],
    ["model.norm.weight", [2]],
  ]);
  for (const layer of [0, 1]) {
    for (const part of ["input_layernorm", "post_attention_layernorm"])
      shapes.set(`model.layers.${layer}.${part}.weight`, [2]);
    for (const part of ["self_attn.q", "self_attn.k", "self_attn.v", "self_attn.o", "mlp.gate", "mlp.up", "mlp.down"]) {
      shapes.set(`model.layers.${layer}.${part}_proj.weight`, [2, 2]);
    }
  }
  change(shapes);
  const folder = join(scratch, name);
  await mkdir(folder, { recursive: true });
  const settings = { model_type: "llama", num_hidden_layers: 2, vocab_size: vocabulary, tie_word_embeddings: true };
  await writeFile(join(folder, "config.json"), JSON.stringify({ ...settings, torch_dtype: "float32", ...config }));
  const dtype: FloatDtype = "F32";
  const streams = Array.from(shapes, ([tensor, shape]) => ({
    name: tensor,
    dtype,
    shape,
    // oxlint-disable-next-line require-await -- a stream is asynchronous
    async *chunks() {
      yield new Uint8Array(new Float32Array(elementCount(shape)).fill(value).buffer);
    },
  }));
  await writeTensorFile(join(folder, "model.safetensors"), layoutSafetensors(streams), streams);
  return name;
}

function planOf(recipe: object, options: object = {}): Promise<MergePlan> {
  return planMerge(parseRecipe(recipe, "test"), { root: scratch, ...options });
}

function averageOf(...models: string[]): object {
  return { merge_method: "linear", models: models.map((model) => ({ model, parameters: { weight: 1 } })) };
}

test("everything that is wrong is said at once", async () => {
  const good = await tinyLlama("good");
  const bad = await tinyLlama("bad", {
    vocabulary: 5,
    change: (shapes) => {
      shapes.set("model.layers.1.mlp.up_proj.weight", [3, 2]);
      shapes.delete("model.norm.weight");
    },
  });
  const failure = String(await planOf(averageOf(good, bad)).catch((error: unknown) => error));
  expect(failure).toMatch(
    /model.embed_tokens.weight: expected vocabularies of one size, found \[4, 2\] in good, \[5, 2\] in bad/,
  );
  expect(failure).toMatch(/model.layers.1.mlp.up_proj.weight: expected one shape/);
  expect(failure).toMatch(/model.norm.weight: expected in every model, found none in bad/);
});

test("all models that are missing are named", async () => {
  const failure = String(await planOf(averageOf("nobody", "nothing")).catch((error: unknown) => error));
  expect(failure).toMatch(/nobody[^]*nothing/);
});

test("without a base model, the first model gives config and tokenizer; the recipe may name another", async () => {
  const [a, b] = [await tinyLlama("a"), await tinyLlama("b")];
  const first = await planOf(averageOf(a, b));
  const named = await planOf({ ...averageOf(a, b), donor: b });
  expect([first.donor.path, named.donor.path]).toEqual([join(scratch, "a"), join(scratch, "b")]);
  await expect(planOf({ ...averageOf(a, b), donor: "c" })).rejects.toThrow(
    /donor: expected a model of the recipe, found c/,
  );
  await Promise.all([first.close(), named.close()]);
});

test("slices stack layers, and config.json counts them", async () => {
  const model = await tinyLlama("layers", { config: { layer_types: ["sliding", "full"] } });
  const slice = (from: number, to: number): object => ({ sources: [{ model, layer_range: [from, to] }] });
  const plan = await planOf({ merge_method: "passthrough", slices: [slice(0, 2), slice(1, 2)], dtype: "bfloat16" });
  const source = plan.tensors.find((tensor) => tensor.name === "model.layers.2.mlp.up_proj.weight")?.inputs[0]?.tensor
    .name;
  expect(source).toBe("model.layers.1.mlp.up_proj.weight");
  expect(mergedConfig(plan)).toMatchObject({
    num_hidden_layers: 3,
    layer_types: ["sliding", "full", "full"],
    torch_dtype: "bfloat16",
  });
  await plan.close();
});

test("layers that a model does not have are refused", async () => {
  const model = await tinyLlama("short");
  const slices = [{ sources: [{ model, layer_range: [1, 5] }] }];
  await expect(planOf({ merge_method: "passthrough", slices })).rejects.toThrow(
    /expected layers below 2 of short, found 4/,
  );
});

test("one head among tied embeddings makes a head, which config.json then does not tie", async () => {
  const tied = await tinyLlama("tied");
  const headed = await tinyLlama("headed", { change: (shapes) => shapes.set("lm_head.weight", [4, 2]) });
  const plan = await planOf(averageOf(tied, headed));
  const head = plan.tensors.find((tensor) => tensor.name === "lm_head.weight");
  expect(head?.inputs.map((input) => input.tensor.name)).toEqual(["model.embed_tokens.weight", "lm_head.weight"]);
  expect(mergedConfig(plan)).toMatchObject({ tie_word_embeddings: false });
  await plan.close();
});

test("a method that needs a base model says so", async () => {
  const model = await tinyLlama("lonely");
  await expect(planOf({ ...averageOf(model), merge_method: "ties" })).rejects.toThrow(
    /ties needs a base_model, found none/,
  );
});

test("a folder without weights is refused like a missing one", async () => {
  const model = await tinyLlama("whole");
  await cp(join(scratch, model, "config.json"), join(scratch, "hollow", "config.json"));
  expect(await readFile(join(scratch, "hollow", "config.json"), "utf8")).toContain("llama");
  await expect(planOf(averageOf(model, "hollow"))).rejects.toThrow(/hollow/);
});
