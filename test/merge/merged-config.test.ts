import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { mergedConfigText } from "../../src/merge/merged-config.ts";
import { planMerge } from "../../src/merge/plan/plan.ts";
import { parseRecipe } from "../../src/merge/recipe/parse-recipe.ts";
import { copyPocketTokenizer, writeTinyModel } from "../checkpoints/tiny-checkpoint.ts";
import { scratchFolder } from "../helpers/files/scratch-folder.ts";

let root: string;
beforeEach(async () => {
  root = scratchFolder();
  for (const model of ["a", "b"]) {
    await mkdir(join(root, model));
    await writeTinyModel(join(root, model), "llama", 512);
    await copyPocketTokenizer(join(root, model));
  }
});

/** config.json as Python writes it. */
const DONATED = `{
  "architectures": [
    "LlamaForCausalLM"
  ],
  "attention_dropout": 0.0,
  "bos_token_id": 1,
  "initializer_range": 0.02,
  "model_type": "llama",
  "num_hidden_layers": 2,
  "rms_norm_eps": 1e-06,
  "rope_scaling": {
    "factor": 8.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8192
  },
  "rope_theta": 10000.0,
  "tie_word_embeddings": true,
  "torch_dtype": "bfloat16",
  "vocab_size": 512
}
`;

/** config.json of a merge whose donor has this one. */
async function mergedFrom(donated: string, recipe: object = {}): Promise<string> {
  await writeFile(join(root, "a/config.json"), donated);
  const models = ["a", "b"].map((model) => ({ model, parameters: { weight: 0.5 } }));
  const plan = await planMerge(parseRecipe({ merge_method: "linear", models, ...recipe }, "test"), { root });
  try {
    return mergedConfigText(plan);
  } finally {
    await plan.close();
  }
}

test("numbers that the merge does not change are written as in the donor's config.json", async () => {
  expect(await mergedFrom(DONATED)).toBe(DONATED);
});

test("what the merge changes is changed, and nothing beside it", async () => {
  const slices = [0, 1].map((layer) => ({ sources: [{ model: "a", layer_range: [layer, layer + 1] }] }));
  const recipe = {
    merge_method: "passthrough",
    models: undefined,
    slices: [...slices, slices[1]],
    dtype: "float32",
    tokenizer: { source: "base", pad_to_multiple_of: 100 },
  };
  expect(await mergedFrom(DONATED, recipe)).toBe(
    DONATED.replace('"num_hidden_layers": 2', '"num_hidden_layers": 3')
      .replace('"bfloat16"', '"float32"')
      .replace('"vocab_size": 512', '"vocab_size": 600'),
  );
});

test("however the donor's is laid out, the merge's is as Python lays it out", async () => {
  const dense = DONATED.replaceAll(/\s+/g, "");
  expect(await mergedFrom(dense)).toBe(DONATED);
  const [first = ""] = DONATED.split('  "torch_dtype"');
  const withoutDtype = `${first}  "vocab_size": 512\n}`;
  expect(await mergedFrom(withoutDtype)).toBe(`${withoutDtype.slice(0, -2)},\n  "dtype": "bfloat16"\n}\n`);
});

test("of a key that is there twice, the value that counts is written", async () => {
  const twice = DONATED.replace('"bos_token_id"', '"torch_dtype": "float16",\n  "bos_token_id"');
  expect(JSON.parse(await mergedFrom(twice, { dtype: "float32" }))).toMatchObject({
    torch_dtype: "float32",
    rope_theta: 10_000,
  });
});
