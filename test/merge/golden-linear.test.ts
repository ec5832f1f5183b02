import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { MergesweepError } from "../../src/base/errors.ts";
import { planMerge } from "../../src/merge/plan/plan.ts";
import { parseRecipeYaml } from "../../src/merge/recipe/parse-recipe.ts";
import { writeMergedCheckpoint } from "../../src/merge/write-checkpoint.ts";
import { openSafetensorsFolder } from "../../src/safetensors/open-folder.ts";
import { decodeTo } from "../../src/tensors/convert.ts";
import { isFloatDtype } from "../../src/tensors/dtype.ts";
import { openFileFolder } from "../../src/tensors/file-folder.ts";
import { scratchFolder } from "../helpers/files/scratch-folder.ts";
import { sha256File } from "../helpers/files/sha256-file.ts";
import { type GoldenCase, goldenCases, goldenFolder, goldenOutput } from "../helpers/golden-merge.ts";

/** Where mergekit's bytes come from what we refuse or do better, and which are had by asking for them. */
const NEED_COMPAT = new Set([
  "zero_sum",
  "huge_weight",
  "duplicate_model",
  "vocab_mismatch",
  "llama_slices_truncated_post",
  "llama_self_slice",
]);

/** What we say where mergekit prints a traceback. */
const MESSAGES: Readonly<Record<string, RegExp>> = {
  err_arch: /expected models of one architecture, found that .*q2_bf16_a is qwen2, .*llama_a is llama/,
  err_base_not_in_models:
    /model.embed_tokens.weight and 38 more: linear needs the parameter weight of the base_model .*q2_bf16_c/,
  err_dtype: /config.yml:9:1: dtype: expected a dtype, found "float64"/,
  err_filter_nomatch: /model.embed_tokens.weight and 17 more: linear needs the parameter weight of .*q2_bf16_a/,
  err_layer_count: /expected the same number of layers .*q2_bf16_a has 3, .*q2_more_layers has 4/,
  err_method: /config.yml:8:1: merge_method: expected a merge method, found "lineal"/,
  err_missing_tensor: /model.layers.1.mlp.up_proj.weight: expected in every model, found none in .*q2_missing_tensor/,
  err_missing_weight: /model.embed_tokens.weight and 38 more: linear needs the parameter weight of .*q2_bf16_b/,
  err_size_mismatch:
    /mlp.gate_proj.weight and 5 more: expected one shape, found \[21, 18\] .*\n.*down_proj.weight and 2 more: expected one shape/,
  err_unknown_model: /does_not_exist: there is no such checkpoint/,
};

const linear = goldenCases.filter((golden) => golden.merge_method === "linear" && golden.expect === "output");
const refused = goldenCases.filter((golden) => golden.expect === "error");

const scratch = scratchFolder();

/** Writes a case's merge to a folder of the same name. */
async function merge(golden: GoldenCase, compat: boolean): Promise<string> {
  const text = await readFile(join(goldenFolder, golden.config), "utf8");
  const plan = await planMerge(parseRecipeYaml(text, golden.config), { root: goldenFolder, compat });
  const out = join(scratch, `${golden.name}-${compat}`);
  const shardSize = golden.cli_args.indexOf("--out-shard-size");
  const shardBytes = shardSize < 0 ? undefined : Number(golden.cli_args[shardSize + 1]);
  try {
    await writeMergedCheckpoint(plan, out, { recipeText: text, shardBytes, onNonFinite: () => {} });
  } finally {
    await plan.close();
  }
  return out;
}

describe("linear merges agree with mergekit's vectors", () => {
  test.each(linear.filter(holdsNumbersOnly).map((golden) => [golden.name, golden] as const))(
    "%s, byte for byte",
    async (name, golden) => {
      const out = await merge(golden, NEED_COMPAT.has(name));
      const files = Object.entries(golden.files ?? {});
      expect(files.length).toBeGreaterThan(0);
      for (const [file, { sha256 }] of files) {
        expect({ file, sha256: await sha256File(join(out, file)) }).toEqual({ file, sha256 });
      }
    },
  );

  for (const golden of linear.filter((one) => !holdsNumbersOnly(one))) {
    const theirs = goldenOutput(golden.name);
    test.skipIf(theirs === undefined)(`${golden.name}, element by element, NaN for NaN`, async () => {
      const elements = await compareElements(await merge(golden, NEED_COMPAT.has(golden.name)), theirs ?? "");
      expect(elements).toBeGreaterThan(0);
    });
  }
});

function holdsNumbersOnly(golden: GoldenCase): boolean {
  return golden.nan_elements === 0;
}

/** @returns the number of elements, all of which have the same value, or are NaN in both */
async function compareElements(ours: string, theirs: string): Promise<number> {
  const [a, b] = [
    await openSafetensorsFolder(await openFileFolder(ours)),
    await openSafetensorsFolder(await openFileFolder(theirs)),
  ];
  let count = 0;
  try {
    expect(layoutOf(a.tensors.values())).toEqual(layoutOf(b.tensors.values()));
    for (const { name, dtype, byteLength } of b.tensors.values()) {
      if (!isFloatDtype(dtype)) throw new Error(`${name} is ${dtype}`);
      const values = [a, b].map(async (reader) => {
        const bytes = new Uint8Array(byteLength);
        await reader.read(name, 0, bytes);
        const floats = new Float32Array(byteLength / (dtype === "F32" ? 4 : 2));
        decodeTo(floats, dtype, bytes);
        return floats;
      });
      const [mine, golden] = await Promise.all(values);
      // toEqual holds NaN equal to NaN, and -0 unequal to +0.
      expect({ name, values: mine }).toEqual({ name, values: golden });
      count += golden?.length ?? 0;
    }
  } finally {
    await a.close();
    await b.close();
  }
  return count;
}

function layoutOf(tensors: Iterable<{ name: string; dtype: string; shape: readonly number[] }>): unknown[] {
  return Array.from(tensors, ({ name, dtype, shape }) => ({ name, dtype, shape }));
}

describe("a merge that mergekit stops at ends in one message and no folder", () => {
  test.each(refused.map((golden) => [golden.name, golden] as const))("%s", async (_name, golden) => {
    const failure = await merge(golden, false).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(MergesweepError);
    expect(String(failure)).toMatch(MESSAGES[golden.name] ?? "a message that is listed");
    expect(existsSync(join(scratch, `${golden.name}-false`))).toBe(false);
  });
});
