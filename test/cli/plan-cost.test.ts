import { cp, mkdir, open, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { readModelConfig } from "../../src/checkpoints/config.ts";
import { requiredTensorNames } from "../../src/checkpoints/tensor-names.ts";
import { layoutSafetensors } from "../../src/safetensors/write.ts";
import { scratchFolder } from "../helpers/files/scratch-folder.ts";
import { cli } from "../helpers/run-cli.ts";
import { projectRoot, sharedPath } from "../helpers/shared.ts";

let folder = "";
beforeEach(() => {
  folder = scratchFolder();
});
afterEach(() => {
  vi.unstubAllEnvs();
});

it("--probe measures speed and lengths on one point, and keeps nothing", { timeout: 240_000 }, async () => {
  const sweep = join(projectRoot, "sweeps/pocket-sampled.yaml");
  const { code, stdout } = await cli(["plan", sweep, "--probe", "--json"]);
  expect(code).toBe(0);
  const { cost } = JSON.parse(stdout);
  expect(cost).toMatchObject({ speedFrom: "as in a probe", benchmarks: [{ lengthFrom: "as in a probe" }] });
  expect(cost.tokensPerSecond).toBeGreaterThan(1);
  // The models answer in 30 to 80 tokens.
  expect(cost.benchmarks[0].length).toBeGreaterThan(10);
  expect(cost.benchmarks[0].length).toBeLessThan(200);
  expect(cost.hours).toBeCloseTo(cost.tokens / cost.tokensPerSecond / 3600, 6);
});

/** What DeepSeek-R1-Distill-Qwen-1.5B is like. */
const SHAPE = {
  architectures: ["Qwen2ForCausalLM"],
  model_type: "qwen2",
  hidden_act: "silu",
  hidden_size: 1536,
  intermediate_size: 8960,
  num_attention_heads: 12,
  num_key_value_heads: 2,
  num_hidden_layers: 28,
  max_position_embeddings: 131_072,
  rms_norm_eps: 1e-6,
  rope_theta: 10_000,
  tie_word_embeddings: false,
  torch_dtype: "bfloat16",
  use_sliding_window: false,
  vocab_size: 512,
};

/** Weights of zeros, which take no room on the disk; the tokenizer is that of the pocket models. */
async function writeLarge(path: string): Promise<void> {
  const { hidden_size: hidden, intermediate_size: wide, vocab_size: vocabulary } = SHAPE;
  const shapeOf = (name: string): number[] => {
    if (name.endsWith("norm.weight")) return [hidden];
    if (name.endsWith("bias")) return [name.includes("q_proj") ? hidden : 256];
    if (name.includes("down_proj")) return [hidden, wide];
    if (name.includes("mlp")) return [wide, hidden];
    if (/embed|lm_head/.test(name)) return [vocabulary, hidden];
    return [/k_proj|v_proj/.test(name) ? 256 : hidden, hidden];
  };
  const tensors = requiredTensorNames(readModelConfig(SHAPE, path)).map((name) => ({
    name,
    dtype: "BF16" as const,
    shape: shapeOf(name),
  }));
  const { header, byteLength } = layoutSafetensors(tensors);
  await mkdir(path);
  await writeFile(join(path, "config.json"), JSON.stringify(SHAPE));
  for (const name of ["tokenizer.json", "tokenizer_config.json"]) {
    await cp(join(projectRoot, "checkpoints/pocket/len", name), join(path, name));
  }
  const file = await open(join(path, "model.safetensors"), "wx");
  await file.writeFile(header);
  await file.truncate(byteLength);
  await file.close();
}

const benchmarks = sharedPath("benchmarks");

it.skipIf(benchmarks === undefined)(
  "the published sweep has its 39 runs a model, in a few seconds",
  {
    timeout: 120_000,
  },
  async () => {
    vi.stubEnv("MERGESWEEP_CACHE", join(folder, "cache"));
    for (const name of ["aime24", "aime25", "amc23", "math500", "minerva_math", "olympiadbench"]) {
      const data = join(benchmarks ?? "", name, "test.jsonl");
      expect((await cli(["datasets", "pull", name, "--from", data])).code).toBe(0);
    }
    const models = ["len", "accfmt", "base"];
    for (const name of models) await writeLarge(join(folder, name));
    const set = models.flatMap((name) => ["--set", `${name}=${join(folder, name)}`]);
    const sweep = join(projectRoot, "sweeps/w0.1.yaml");
    const { code, stdout, stderr } = await cli(["plan", sweep, ...set, "--tokens-per-second", "2000"]);
    expect(stderr).not.toContain("expected");
    expect(code).toBe(0);
    expect(stdout).toContain("cost: 3 merges, 21364 completions: 39 runs over the questions for each model\n");
    expect(stdout).toMatch(/disk: nothing to fetch, \d+\.\d GB to write, a model at a time, and to remove again/);
    expect(stdout).toContain("protocol: sober-reasoning\n");
    expect(stdout).toContain("speed: 2,000 tokens/s, as given");
    // 21,364 completions of 5,500 to 16,916 tokens.
    expect(stdout).toContain("tokens: about 210,000,000, at most 700,000,000");
    expect(stdout).toContain("hours: 29\n");
    expect(stdout).toContain("math500: answers of about 5,500 tokens, as the protocol says");
    expect(stdout).toMatch(/aime24: .* 95% intervals of ±5\.6 to 16\.8 points; differences from 13\.2 to 26\.6 points/);
    expect(await readFile(sweep, "utf8")).toContain("variables:");
  },
);
