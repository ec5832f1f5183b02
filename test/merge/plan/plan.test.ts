import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { mergedConfig } from "../../../src/merge/merged-config.ts";
import { type MergePlan, planMerge } from "../../../src/merge/plan/plan.ts";
import { parseRecipe } from "../../../src/merge/recipe/parse-recipe.ts";
import { layoutSafetensors } from "../../../src/safetensors/write.ts";
import { encodeTo } from "../../../src/tensors/convert.ts";
import { dtypeBytes, type FloatDtype } from "../../../src/tensors/dtype.ts";
import { elementCount } from "../../../src/tensors/tensor-info.ts";
import { writeTensorFile } from "../../../src/tensors/write/write-tensor-file.ts";
import { scratchFolder } from "../../helpers/files/scratch-folder.ts";

const scratch = scratchFolder();

interface Llama {
  readonly value?: number;
  readonly vocabulary?: number;
  readonly dtype?: FloatDtype;
  readonly change?: (shapes: Map<string, number[]>) => void;
  readonly config?: object;
}

/** A llama of two layers and almost no parameters; every element of a tensor is `value`. */
async function tinyLlama(
  name: string,
  {
    value = 1,
    vocabulary = 4,
    dtype = "F32",
    change = (_shapes: Map<string, number[]>): void => {},
    config = {},
  }: Llama = {},
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
  const streams = Array.from(shapes, ([tensor, shape]) => ({
    name: tensor,
    dtype,
    shape,
    // oxlint-disable-next-line require-await -- a stream is asynchronous
    async *chunks() {
      const bytes = new Uint8Array(elementCount(shape) * dtypeBytes(dtype));
      encodeTo(bytes, dtype, new Float32Array(elementCount(shape)).fill(value));
      yield bytes;
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
    /slices\[0\]: expected a layer_range of the 2 layers of short: \[0, 2\] is all, found \[1, 5\]/,
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

function tiesOf(base: string, other: string): object {
  return { merge_method: "ties", base_model: base, models: [{ model: other, parameters: { weight: 1 } }] };
}

/** A slice of the first layer of each. */
function firstLayerOf(...models: string[]): object {
  return { sources: models.map((model) => ({ model, layer_range: [0, 1], parameters: { weight: 1 } })) };
}

async function firstTensorOf(recipe: object): Promise<unknown> {
  const plan = await planOf(recipe);
  await plan.close();
  return plan.tensors[0];
}

describe("a base model", () => {
  test.each(["ties", "slerp", "sce", "nuslerp"])(
    "that a slice of %s does not have is one error with its place",
    async (method) => {
      const [a, b, c] = [await tinyLlama("a"), await tinyLlama("b"), await tinyLlama("c")];
      const slices = [firstLayerOf(a, b, c), firstLayerOf(b, c)];
      const failure = planOf({ merge_method: method, base_model: a, slices, parameters: { t: 0.5 } });
      await expect(failure).rejects.toThrow(
        `slices[1]: ${method} needs the base_model ${a} among the sources, found ${b}, ${c}`,
      );
    },
  );

  test("of a slice counts before the recipe's", async () => {
    const [a, b] = [await tinyLlama("a"), await tinyLlama("b")];
    const own = { ...firstLayerOf(a, b), base_model: b };
    const plan = await planOf({ merge_method: "ties", base_model: a, slices: [firstLayerOf(a, b), own] });
    const bases = [0, 1].map(
      (layer) =>
        plan.tensors
          .find(({ name }) => name === `model.layers.${layer}.mlp.up_proj.weight`)
          ?.inputs.find(({ isBase }) => isBase)?.model,
    );
    expect(bases).toEqual([a, b]);
    await plan.close();
  });

  test("decides the dtype of task arithmetic where the recipe has none, and that of slerp's result", async () => {
    const base = await tinyLlama("half", { dtype: "F16" });
    const other = await tinyLlama("brain", { dtype: "BF16" });
    const models = [{ model: other, parameters: { weight: 1 } }];
    expect(await firstTensorOf({ merge_method: "ties", base_model: base, models })).toMatchObject({
      work: "F16",
      result: "F16",
      dtype: "F16",
    });
    const slerp = { merge_method: "slerp", base_model: base, models: [{ model: other }], parameters: { t: 0.5 } };
    expect(await firstTensorOf(slerp)).toMatchObject({ work: "F32", result: "F16", dtype: "F16" });
    expect(await firstTensorOf({ ...slerp, dtype: "bfloat16", out_dtype: "float32" })).toMatchObject({
      work: "BF16",
      result: "BF16",
      dtype: "F32",
    });
    const linear = { merge_method: "linear", models: [...models, { model: base, parameters: { weight: 1 } }] };
    expect(await firstTensorOf(linear)).toMatchObject({ work: "F32", result: "F32", dtype: "F32" });
  });
});

describe("in mergekit's way", () => {
  const compat = { compat: true };
  test("vocabularies are cut: to the smallest by linear, to the base model's by task arithmetic", async () => {
    const [small, large] = [await tinyLlama("small"), await tinyLlama("large", { vocabulary: 6 })];
    const linear = await planOf(averageOf(large, small), compat);
    const ties = await planOf(tiesOf(small, large), compat);
    for (const plan of [linear, ties]) {
      expect(plan.tensors.find(({ name }) => name === "model.embed_tokens.weight")?.shape).toEqual([4, 2]);
      await plan.close();
    }
    await expect(planOf(tiesOf(large, small), compat)).rejects.toThrow(/expected vocabularies of one size/);
    await expect(planOf(tiesOf(small, large))).rejects.toThrow(/expected vocabularies of one size/);
  });

  test("task arithmetic leaves out what has another shape than the base model's", async () => {
    const base = await tinyLlama("base");
    const other = await tinyLlama("wide", {
      change: (shapes) => shapes.set("model.layers.1.mlp.up_proj.weight", [3, 2]),
    });
    const plan = await planOf(tiesOf(base, other), compat);
    const up = plan.tensors.find(({ name }) => name === "model.layers.1.mlp.up_proj.weight");
    expect(up?.inputs.map(({ model }) => model)).toEqual([base]);
    expect(plan.warnings).toEqual([expect.stringMatching(/up_proj.weight of wide is left out/)]);
    await plan.close();
  });

  test("weights that cancel out are taken; what mergekit itself refuses is refused", async () => {
    const [a, b] = [await tinyLlama("a"), await tinyLlama("b")];
    const opposite = {
      merge_method: "linear",
      models: [1, -1].map((weight, index) => ({ model: [a, b][index], parameters: { weight } })),
    };
    await expect(planOf(opposite)).rejects.toThrow(/expected weights with a sum that can be divided by/);
    await (await planOf(opposite, compat)).close();
    const ranked = { ...tiesOf(a, b), merge_method: "della", parameters: { density: 0.9, epsilon: 0.2 } };
    await expect(planOf(ranked, compat)).rejects.toThrow(/expected density - epsilon above 0/);
  });
});

test("one model alone is copied by slerp and nuslerp in a slice, as mergekit does", async () => {
  const [a, b] = [await tinyLlama("a"), await tinyLlama("b")];
  const plan = await planOf({
    merge_method: "slerp",
    base_model: a,
    slices: [firstLayerOf(a, b), firstLayerOf(a)],
    parameters: { t: 0.5 },
  });
  expect(plan.tensors.find(({ name }) => name === "model.layers.1.mlp.up_proj.weight")?.inputs).toHaveLength(1);
  await plan.close();
  await expect(planOf({ ...averageOf(a, b, await tinyLlama("c")), merge_method: "passthrough" })).rejects.toThrow(
    /passthrough takes 1 model, found 3/,
  );
});

test("parameters without effect are told, and numbers that the dtype cannot hold refused", async () => {
  const [a, b] = [await tinyLlama("a"), await tinyLlama("b")];
  const models = [a, b].map((model) => ({ model, parameters: { weight: 1, normalize: true } }));
  const plan = await planOf({ merge_method: "linear", models, parameters: { density: 0.5 } });
  expect(plan.warnings).toEqual([
    "linear has no parameter density: it has no effect",
    expect.stringMatching(/^normalize of a single model has no effect/),
  ]);
  await plan.close();
  const scaled = { merge_method: "passthrough", models: [{ model: a, parameters: { scale: 1e6 } }], dtype: "float16" };
  await expect(planOf(scaled)).rejects.toThrow(/expected a scale that F16 can hold, found 1000000/);
});

test.each([
  ["breadcrumbs", { density: 0.5, gamma: -0.5 }, /expected a gamma from 0 to 1, found -0.5/],
  ["karcher", { max_iter: 2.5 }, /expected a max_iter that is a whole number from 0 on, found 2.5/],
  ["karcher", { tol: -1 }, /expected a tol from 0 on, found -1/],
  ["ties", { density: 0 }, /expected a density above 0, found 0/],
] as const)("%s refuses %o", async (method, parameters, message) => {
  const [a, b] = [await tinyLlama("a"), await tinyLlama("b")];
  const recipe = { ...tiesOf(a, b), merge_method: method, parameters };
  await expect(planOf(recipe)).rejects.toThrow(message);
  await expect(planOf(recipe, { compat: true })).rejects.toThrow(message);
});

test("a folder without weights is refused like a missing one", async () => {
  const model = await tinyLlama("whole");
  await cp(join(scratch, model, "config.json"), join(scratch, "hollow", "config.json"));
  expect(await readFile(join(scratch, "hollow", "config.json"), "utf8")).toContain("llama");
  await expect(planOf(averageOf(model, "hollow"))).rejects.toThrow(/hollow/);
});
