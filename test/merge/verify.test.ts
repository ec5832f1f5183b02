import { cp, open, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Checkpoint } from "../../src/checkpoints/checkpoint.ts";
import { writeGguf } from "../../src/checkpoints/gguf/write-gguf.ts";
import { openCheckpoint } from "../../src/checkpoints/open-checkpoint.ts";
import { CheckpointPool } from "../../src/merge/checkpoint-pool.ts";
import type { MergeSettings } from "../../src/merge/merge-settings.ts";
import { type MergePlan, planMerge } from "../../src/merge/plan/plan.ts";
import { parseRecipe } from "../../src/merge/recipe/parse-recipe.ts";
import { mergeStreams } from "../../src/merge/run-merge.ts";
import { type Verification, verifyMerge } from "../../src/merge/verify/verify-merge.ts";
import { writeMergedCheckpoint } from "../../src/merge/write-checkpoint.ts";
import { layoutSafetensors } from "../../src/safetensors/write.ts";
import { decodeTo, encodeTo } from "../../src/tensors/convert.ts";
import type { TensorStream } from "../../src/tensors/write/tensor-stream.ts";
import { writeTensorFile } from "../../src/tensors/write/write-tensor-file.ts";
import { scratchFolder } from "../helpers/files/scratch-folder.ts";
import { cli } from "../helpers/run-cli.ts";
import { projectRoot } from "../helpers/shared.ts";

const [LEN, ACCFMT, BASE] = ["len", "accfmt", "base"].map((name) => join(projectRoot, "checkpoints/pocket", name));

let scratch = "";
let pool: CheckpointPool;
beforeAll(() => {
  scratch = scratchFolder();
  pool = new CheckpointPool(projectRoot);
});
afterAll(async () => {
  await pool.close();
});

type Models = readonly (readonly [string | undefined, number])[];

function plan(models: Models, rest: object = BF16, settings: MergeSettings = {}): Promise<MergePlan> {
  const sources = models.map(([model, weight]) => ({ model, parameters: { weight } }));
  const recipe = parseRecipe({ merge_method: "linear", models: sources, ...rest }, "test");
  return planMerge(recipe, { root: "/", pool, ...settings });
}

const BF16 = { dtype: "bfloat16" };
/** Exact but for the last rounding. */
const PLAIN = { dtype: "float32", out_dtype: "bfloat16" };

/** What the card claims in most of these tests. */
const CLAIMED: Models = [
  [LEN, 0.3],
  [ACCFMT, 0.7],
];

let made = 0;
async function publish(of: MergePlan, options: { shardBytes?: number } = {}): Promise<string> {
  const folder = join(scratch, `merge-${made++}`);
  await writeMergedCheckpoint(of, folder, options);
  return folder;
}

/** A checkpoint whose tensors somebody computed without us: `combine` is given the values of each model. */
async function publishComputed(
  models: readonly (string | undefined)[],
  combine: (values: readonly Float32Array[], name: string) => Float32Array | undefined,
): Promise<string> {
  const folder = join(scratch, `computed-${made++}`);
  await cp(LEN ?? "", folder, { recursive: true });
  await rm(join(folder, "model.safetensors"));
  const opened = await Promise.all(models.map((model) => pool.open(model ?? "")));
  const streams: TensorStream[] = [];
  for (const { name, shape, byteLength } of opened[0]?.reader.tensors.values() ?? []) {
    const values = await Promise.all(
      opened.map(async ({ reader }) => {
        const bytes = new Uint8Array(byteLength);
        await reader.read(name, 0, bytes);
        const all = new Float32Array(byteLength / 2);
        decodeTo(all, "BF16", bytes);
        return all;
      }),
    );
    const combined = combine(values, name);
    if (combined === undefined) continue;
    const bytes = new Uint8Array(byteLength);
    encodeTo(bytes, "BF16", combined);
    streams.push({
      name,
      shape,
      dtype: "BF16",
      async *chunks() {
        yield await Promise.resolve(bytes);
      },
    });
  }
  await writeTensorFile(join(folder, "model.safetensors"), layoutSafetensors(streams), streams);
  return folder;
}

async function verify(claimed: MergePlan, path: string): Promise<Verification> {
  const published: Checkpoint = await openCheckpoint(path);
  try {
    return await verifyMerge(claimed, published, {
      planAgain: (recipe, settings) => planMerge(recipe, { root: "/", pool, ...settings }),
    });
  } finally {
    await published.close();
  }
}

describe("a merge that is what its recipe says", () => {
  test("is identical, as one file, as shards and as GGUF", async () => {
    const claimed = await plan(CLAIMED);
    const gguf = join(scratch, "merged.gguf");
    await writeGguf(gguf, claimed.donor, mergeStreams(claimed), "bf16");
    for (const path of [await publish(claimed), await publish(claimed, { shardBytes: 1_000_000 }), gguf]) {
      const verification = await verify(claimed, path);
      expect(verification).toMatchObject({ identical: true, tensors: 50, differences: [], missing: [], extra: [] });
    }
  });

  test("is identical in a GGUF of another type, as that type rounds it", async () => {
    const claimed = await plan(CLAIMED);
    const gguf = join(scratch, "merged-f16.gguf");
    await writeGguf(gguf, claimed.donor, mergeStreams(claimed), "f16");
    expect((await verify(claimed, gguf)).identical).toBe(true);
  });
});

describe("a merge that is not what its recipe says", () => {
  test("is shown by tensor: how many elements, and by how much", async () => {
    const path = await publish(await plan(CLAIMED));
    const file = join(path, "model.safetensors");
    const bytes = await readFile(file);
    const opened = await openCheckpoint(path);
    const position = opened.reader.tensors.get("model.norm.weight")?.position ?? 0;
    await opened.close();
    bytes.writeUInt16LE(bytes.readUInt16LE(position) + 3, position);
    await writeFile(file, bytes);
    const { identical, differences } = await verify(await plan(CLAIMED), path);
    expect(identical).toBe(false);
    expect(differences).toHaveLength(1);
    expect(differences[0]).toMatchObject({ name: "model.norm.weight", elements: 256, different: 1, maxUlp: 3 });
    expect(differences[0]?.maxAbs).toBeGreaterThan(0);
    expect(differences[0]?.maxRelative).toBeLessThan(0.05);
  });

  test("misses tensors, or has others", async () => {
    const path = await publishComputed([LEN], ([values], name) => (name === "model.norm.weight" ? undefined : values));
    const { missing, extra } = await verify(await plan(CLAIMED), path);
    expect({ missing, extra }).toEqual({ missing: ["model.norm.weight"], extra: [] });
  });

  const swapped: Models = [
    [LEN, 0.7],
    [ACCFMT, 0.3],
  ];
  const uneven: Models = [
    [LEN, 0.3],
    [ACCFMT, 0.5],
  ];
  test.each<[string, Models, object, Models, object, RegExp]>([
    ["swapped weights", CLAIMED, BF16, swapped, BF16, /the weights of .*len and .*accfmt are swapped$/],
    [
      "no normalising",
      uneven,
      BF16,
      uneven,
      { ...BF16, parameters: { normalize: false } },
      /^the weights are not normalised/,
    ],
    ["a plain float32 average", CLAIMED, BF16, CLAIMED, PLAIN, /^a plain float32 average, rounded once/],
    [
      "another work dtype",
      CLAIMED,
      BF16,
      CLAIMED,
      { dtype: "float16", out_dtype: "bfloat16" },
      /dtype: float16, out_dtype: bfloat16/,
    ],
    ["another output dtype", CLAIMED, BF16, CLAIMED, { dtype: "float32" }, /dtype: float32$/],
    [
      "other weights",
      CLAIMED,
      BF16,
      [
        [LEN, 0.35],
        [ACCFMT, 0.65],
      ],
      BF16,
      /^other weights: .*len 0.35, .*accfmt 0.65$/,
    ],
    [
      "swapped weights in a plain float32 average",
      CLAIMED,
      BF16,
      swapped,
      PLAIN,
      /swapped; and a plain float32 average/,
    ],
    ["a missing expert", CLAIMED, BF16, [[ACCFMT, 1]], BF16, /^it is .*accfmt alone/],
    ["one of three experts missing", [...CLAIMED, [BASE, 0.5]], BF16, CLAIMED, BF16, /base is missing$/],
  ])("is explained by %s", async (_name, claim, claimRest, real, realRest, text) => {
    const path = await publish(await plan(real, realRest));
    const { identical, explanation } = await verify(await plan(claim, claimRest), path);
    expect(identical).toBe(false);
    expect(explanation?.text).toMatch(text);
    expect(explanation?.exact).toBe(true);
  });

  test("is explained by tensors that were merged otherwise than the others", async () => {
    const sources = [
      { model: LEN, parameters: { weight: [{ filter: "mlp", value: 0.7 }, { value: 0.3 }] } },
      { model: ACCFMT, parameters: { weight: [{ filter: "mlp", value: 0.3 }, { value: 0.7 }] } },
    ];
    const recipe = parseRecipe({ merge_method: "linear", models: sources, ...BF16 }, "test");
    const path = await publish(await planMerge(recipe, { root: "/", pool }));
    const { explanation, differences } = await verify(await plan(CLAIMED), path);
    expect(differences.every(({ name }) => name.includes("mlp"))).toBe(true);
    expect(explanation?.text).toMatch(/^in the tensors that differ, the weights of .* are swapped$/);
  });

  test("is explained by a head that repeats the embedding", async () => {
    const claimed = await plan(CLAIMED);
    const embedding = mergeStreams(claimed).find(({ name }) => name === "model.embed_tokens.weight");
    const streams = [...mergeStreams(claimed), ...(embedding ? [{ ...embedding, name: "lm_head.weight" }] : [])];
    const path = await publish(claimed);
    await rm(join(path, "model.safetensors"));
    await writeTensorFile(join(path, "model.safetensors"), layoutSafetensors(streams), streams);
    const { explanation, extra } = await verify(claimed, path);
    expect(extra).toEqual(["lm_head.weight"]);
    expect(explanation?.text).toMatch(/lm_head\.weight is a copy of the merged embedding/);
  });

  test("is explained in a GGUF, too", async () => {
    const real = await plan(swapped, PLAIN);
    const gguf = join(scratch, "swapped.gguf");
    await writeGguf(gguf, real.donor, mergeStreams(real), "f16");
    const { explanation, differences } = await verify(await plan(CLAIMED, PLAIN), gguf);
    expect(explanation).toMatchObject({ exact: true, text: expect.stringMatching(/swapped$/) });
    expect(differences.every(({ note }) => note === undefined)).toBe(true);
  });

  test.each<[string, object, Models, RegExp]>([
    [
      "task arithmetic with other weights",
      { merge_method: "task_arithmetic" },
      [
        [LEN, 0.8],
        [ACCFMT, 0.6],
      ],
      /other weights: .*len 0.8, .*accfmt 0.6$/,
    ],
    [
      "ties with swapped weights",
      { merge_method: "ties", parameters: { density: 0.5 } },
      [
        [LEN, 0.7],
        [ACCFMT, 0.3],
      ],
      /swapped$/,
    ],
    [
      "dare_ties in another dtype",
      { merge_method: "dare_ties", parameters: { density: 0.5 }, dtype: "float32", out_dtype: "bfloat16" },
      CLAIMED,
      /dtype: float32, out_dtype: bfloat16$/,
    ],
  ])("is explained by %s", async (_name, rest, real, text) => {
    const method = { base_model: BASE, ...BF16, ...rest };
    const path = await publish(await plan(real, method));
    const claimed = await plan(CLAIMED, { ...method, dtype: "bfloat16", out_dtype: undefined });
    expect((await verify(claimed, path)).explanation).toMatchObject({ exact: true, text: expect.stringMatching(text) });
  });

  const DARE = { ...BF16, merge_method: "dare_ties", base_model: BASE, parameters: { density: 0.5 } };

  test("is explained by another random seed, or may be one of those that nobody can know", async () => {
    const claimed = await plan(CLAIMED, DARE);
    const usual = await publish(await plan(CLAIMED, DARE, { seed: 42 }));
    expect((await verify(claimed, usual)).explanation).toEqual({
      exact: true,
      text: "another random seed: 42, not 0",
    });
    const unknown = await publish(await plan(CLAIMED, DARE, { seed: 987_654 }));
    expect((await verify(claimed, unknown)).explanation).toMatchObject({
      exact: false,
      text: expect.stringMatching(/draws at random.*--random-seed/),
    });
  });

  test("is explained by mergekit's ways where they surprise", async () => {
    const outliers = {
      ...BF16,
      merge_method: "breadcrumbs",
      base_model: BASE,
      parameters: { density: 0.5, gamma: 0.001 },
    };
    const path = await publish(await plan(CLAIMED, outliers, { compat: true }));
    expect((await verify(await plan(CLAIMED, outliers), path)).explanation).toEqual({
      exact: true,
      text: "mergekit's bytes where they surprise (--mergekit-compat)",
    });
  });

  test("is damaged in single elements", async () => {
    const claimed = await plan(CLAIMED);
    const path = await publish(claimed);
    const file = await open(join(path, "model.safetensors"), "r+");
    const { size } = await file.stat();
    for (const position of [size - 1, size - 500_001]) await file.write(Uint8Array.of(0x7b), 0, 1, position);
    await file.close();
    const { differences, explanation } = await verify(claimed, path);
    expect(differences).toHaveLength(2);
    expect(explanation).toMatchObject({
      exact: false,
      text: expect.stringMatching(/damaged.*: 2 elements were changed, in 2 tensors$/),
    });
  });

  test("is the recipe's own sum, rounded in a way that was not tried", async () => {
    const path = await publishComputed([LEN, ACCFMT], ([a = new Float32Array(), b = new Float32Array()]) => {
      // Rounded towards zero.
      const sums = a.map((value, i) => 0.3 * value + 0.7 * (b[i] ?? 0));
      const bits = new Uint32Array(sums.buffer);
      for (let i = 0; i < bits.length; i++) bits[i] = (bits[i] ?? 0) & 0xffff_0000;
      return sums;
    });
    expect((await verify(await plan(CLAIMED), path)).explanation?.text).toMatch(/the recipe's own sum of these models/);
  });

  test.each<[string, (a: number, b: number) => number, RegExp]>([
    ["a float64 average", (a, b) => 0.3 * a + 0.7 * b, /float64 average|plain float32 average/],
    [
      "an interpolation",
      (a, b) => a + Math.fround(Math.fround(0.7) * Math.fround(b - a)),
      /interpolation|float32 average/,
    ],
  ])("is explained by %s of somebody's own", async (_name, combine, text) => {
    const path = await publishComputed([LEN, ACCFMT], ([a = new Float32Array(), b = new Float32Array()]) =>
      a.map((value, i) => combine(value, b[i] ?? 0)),
    );
    const { explanation } = await verify(await plan(CLAIMED), path);
    expect(explanation?.text).toMatch(text);
    expect(explanation?.exact).toBe(true);
  });

  test("is explained by weights that no person would write, within rounding", async () => {
    const path = await publish(
      await plan(
        [
          [LEN, 0.31415],
          [ACCFMT, 0.68585],
        ],
        PLAIN,
      ),
    );
    const { explanation } = await verify(await plan(CLAIMED, PLAIN), path);
    expect(explanation).toMatchObject({ exact: false });
    expect(explanation?.text).toMatch(/other weights: .*len 0\.31\d, .*accfmt 0\.68\d/);
  });

  test("is explained by weights that differ from tensor to tensor", async () => {
    const sources = [
      { model: LEN, parameters: { weight: [0.1, 0.9] } },
      { model: ACCFMT, parameters: { weight: [0.9, 0.1] } },
    ];
    const recipe = parseRecipe({ merge_method: "linear", models: sources, dtype: "bfloat16" }, "test");
    const path = await publish(await planMerge(recipe, { root: "/", pool }));
    const { explanation } = await verify(await plan(CLAIMED), path);
    expect(explanation?.text).toMatch(/weights of its own: .*len 0\.\d+ to 0\.\d+,/);
  });

  test("is explained by another step of an expert where no weights fit", async () => {
    // Half-way between the base and the expert: what a checkpoint of an earlier step looks like.
    const earlier = await publish(
      await plan([
        [ACCFMT, 0.5],
        [BASE, 0.5],
      ]),
    );
    const path = await publish(
      await plan([
        [LEN, 0.3],
        [earlier, 0.7],
      ]),
    );
    const { explanation } = await verify(await plan(CLAIMED), path);
    expect(explanation?.exact).toBe(false);
    expect(explanation?.text).toMatch(/no weights of these models .* another training step/s);
  });
});

function recipeText(weight: number): string {
  return (
    `merge_method: linear\nmodels:\n  - { model: ${LEN}, parameters: { weight: ${weight} } }\n` +
    `  - { model: ${ACCFMT}, parameters: { weight: ${1 - weight} } }\ndtype: bfloat16\n`
  );
}

describe("mergesweep verify", () => {
  test("says identical with exit code 0, also by the recipe in the folder itself", async () => {
    const config = join(scratch, "config.yml");
    await writeFile(config, recipeText(0.25));
    const out = join(scratch, "cli-merged");
    const merged = await cli(["merge", config, out, "--json"]);
    const { weights_sha256: sha }: { weights_sha256: string } = JSON.parse(merged.stdout);
    for (const flags of [["--recipe", config], []]) {
      const { code, stdout } = await cli(["verify", out, ...flags]);
      expect(stdout).toContain(`bit-identical`);
      expect(stdout).toContain(sha);
      expect(code).toBe(0);
    }
  });

  test("says what differs and what explains it with exit code 1", async () => {
    const config = join(scratch, "other.yml");
    await writeFile(config, recipeText(0.75));
    const { code, stdout } = await cli(["verify", join(scratch, "cli-merged"), "--recipe", config]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/of 50 tensors differ.*\nIn these, \d+ of 2494720 elements differ/);
    expect(stdout).toContain("max ulp");
    expect(stdout).toMatch(/What gives every published bit: the weights of .* are swapped\./);
    const { stdout: json } = await cli(["verify", join(scratch, "cli-merged"), "--recipe", config, "--json"]);
    const result: { identical: boolean; explanation: { exact: boolean } } = JSON.parse(json);
    expect(result).toMatchObject({ identical: false, explanation: { exact: true } });
  });

  test("makes it again with the seed that the model card keeps", async () => {
    const config = join(scratch, "dare.yml");
    const models = CLAIMED.map(([model, weight]) => `  - { model: ${model}, parameters: { weight: ${weight} } }`);
    await writeFile(
      config,
      ["merge_method: dare_linear", `base_model: ${BASE}`, "models:", ...models, "parameters: { density: 0.5 }"].join(
        "\n",
      ),
    );
    const merged = join(scratch, "dare-merged");
    expect((await cli(["merge", config, merged, "--random-seed", "77"])).code).toBe(0);
    expect(await readFile(join(merged, "README.md"), "utf8")).toContain("\nmergesweep:\n  random_seed: 77\n---\n");
    const { code, stderr } = await cli(["verify", merged]);
    expect(stderr).toContain('{"seed":77}');
    expect(code).toBe(0);
    expect((await cli(["verify", merged, "--random-seed", "1"])).code).toBe(1);
  });

  test("says with another exit code that a merge could not be had", async () => {
    // A port that nobody listens at.
    vi.stubEnv("HF_ENDPOINT", "http://127.0.0.1:9");
    vi.stubEnv("HF_HOME", join(scratch, "empty-cache"));
    const { code, stderr } = await cli(["verify", "nobody/nothing", "--recipe", join(scratch, "dare.yml")]);
    vi.unstubAllEnvs();
    expect(code).toBe(2);
    expect(stderr).toContain("nobody/nothing could not be verified");
  });

  test("wants a recipe", async () => {
    const { code, stderr } = await cli(["verify", LEN ?? ""]);
    expect(code).toBe(2);
    expect(stderr).toContain("mergekit_config.yml");
    const gguf = join(scratch, "no-recipe.gguf");
    expect((await cli(["convert", LEN ?? "", gguf])).code).toBe(0);
    const without = await cli(["verify", gguf]);
    expect(without.code).toBe(2);
    expect(without.stderr).toContain("--recipe");
  });
});
