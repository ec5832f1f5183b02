import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MergesweepError } from "../../src/base/errors.ts";
import { sha256File } from "../../src/base/digest.ts";
import { parseRecipeYaml } from "../../src/merge/parse-recipe.ts";
import { planMerge } from "../../src/merge/plan.ts";
import { writeMergedCheckpoint } from "../../src/merge/write-checkpoint.ts";
import { openSafetensorsFolder } from "../../src/safetensors/open-folder.ts";
import { isFloatDtype } from "../../src/tensors/dtype.ts";
import { decodeTo } from "../../src/tensors/convert.ts";
import { type GoldenCase, goldenCases, goldenFolder } from "../helpers/golden-merge.ts";

/** Where mergekit's bytes come from what we refuse or do better, and which are had by asking for them. */
const NEED_COMPAT = new Set([
  "zero_sum",
  "huge_weight",
  "duplicate_model",
  "vocab_mismatch",
  "llama_slices_truncated_post",
  "llama_self_slice",
]);

const linear = goldenCases().filter((golden) => golden.merge_method === "linear" && golden.expect === "output");
const refused = goldenCases().filter((golden) => golden.expect === "error");
const compared = { cases: 0, identical: 0, bytes: 0, elements: 0 };

let scratch = "";
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "mergesweep-golden-"));
});
afterAll(async () => {
  await rm(scratch, { recursive: true, force: true });
  const { cases, identical, bytes, elements } = compared;
  console.log(
    `mergekit's linear vectors: ${cases} of ${linear.length} cases compared, ${identical} with ${bytes} identical bytes, ` +
      `the others element by element (${elements} elements, NaN for NaN)`,
  );
});

/** Writes a case's merge to a folder of the same name. */
async function merge(golden: GoldenCase, compat: boolean): Promise<string> {
  const root = goldenFolder ?? "";
  const text = await readFile(join(root, golden.config), "utf8");
  const plan = await planMerge(parseRecipeYaml(text, golden.config), { root, compat });
  const out = join(scratch, `${golden.name}-${compat}`);
  const shardSize = golden.cli_args.indexOf("--out-shard-size");
  const shardBytes = shardSize < 0 ? undefined : Number(golden.cli_args[shardSize + 1]);
  try {
    await writeMergedCheckpoint(plan, out, { recipeText: text, shardBytes });
  } finally {
    await plan.close();
  }
  return out;
}

describe.skipIf(linear.length === 0)("linear merges agree with mergekit's vectors", () => {
  test.each(linear.map((golden) => [golden.name, golden] as const))("%s", async (_name, golden) => {
    const out = await merge(golden, NEED_COMPAT.has(golden.name));
    compared.cases++;
    if ((golden.nan_elements ?? 0) > 0) {
      compared.elements += await compareElements(out, join(goldenFolder ?? "", "cases", golden.name, "out"));
      return;
    }
    const files = Object.entries(golden.files ?? {}).filter(([file]) => file.startsWith("model"));
    expect(files.length).toBeGreaterThan(0);
    for (const [file, { sha256, bytes }] of files) {
      expect(await sha256File(join(out, file)), file).toBe(sha256);
      compared.bytes += bytes;
    }
    compared.identical++;
  });
});

/** @returns the number of elements, all of which have the same value, or are NaN in both */
async function compareElements(ours: string, theirs: string): Promise<number> {
  const [a, b] = [await openSafetensorsFolder(ours), await openSafetensorsFolder(theirs)];
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
      expect(mine, name).toEqual(golden);
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

describe.skipIf(linear.length === 0)("a merge that mergekit stops at ends in one message and no folder", () => {
  test.each(refused.map((golden) => [golden.name, golden] as const))("%s", async (_name, golden) => {
    const failure = await merge(golden, false).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(MergesweepError);
    expect({ case: golden.name, message: String(failure) }).toMatchSnapshot();
    expect(existsSync(join(scratch, `${golden.name}-false`))).toBe(false);
  });
});
