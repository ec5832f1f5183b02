import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { Architecture } from "../../src/checkpoints/architecture.ts";
import { type GgufOptions, layoutCheckpointGguf } from "../../src/checkpoints/gguf/gguf-layout.ts";
import { openCheckpoint } from "../../src/checkpoints/open-checkpoint.ts";
import { type GgufMetadata, numberAt } from "../../src/gguf/metadata.ts";
import { readGgufHeader } from "../../src/gguf/read-header.ts";
import { openFileSource } from "../../src/tensors/file-source.ts";
import { scratchFolder } from "../helpers/files/scratch-folder.ts";
import { cli } from "../helpers/run-cli.ts";
import { copyPocketTokenizer, writeTinyModel } from "./tiny-checkpoint.ts";

let root: string;
let made = 0;
beforeAll(() => {
  root = scratchFolder();
});

/** A tiny random model with more in its config.json. */
async function tiny(architecture: Architecture, more: Record<string, unknown>): Promise<string> {
  const folder = join(root, `${architecture}-${made++}`);
  await writeTinyModel(folder, architecture, 520, more);
  await copyPocketTokenizer(folder);
  return folder;
}

async function notesOf(folder: string, options: GgufOptions = {}): Promise<readonly string[]> {
  const checkpoint = await openCheckpoint(folder);
  try {
    const tensors = [...checkpoint.reader.tensors.values()];
    return (await layoutCheckpointGguf(checkpoint, tensors, "f32", options)).notes;
  } finally {
    await checkpoint.close();
  }
}

async function metadataOf(folder: string): Promise<GgufMetadata> {
  expect(await cli(["convert", folder, `${folder}.gguf`])).toMatchObject({ code: 0 });
  const source = await openFileSource(`${folder}.gguf`);
  const { metadata } = await readGgufHeader(source);
  await source.close();
  return metadata;
}

async function configOf(gguf: string): Promise<Record<string, unknown>> {
  const checkpoint = await openCheckpoint(gguf);
  await checkpoint.close();
  return checkpoint.config;
}

const YARN = { rope_type: "yarn", factor: 4, original_max_position_embeddings: 128 };
const LLAMA3 = {
  rope_type: "llama3",
  factor: 8,
  low_freq_factor: 1,
  high_freq_factor: 4,
  original_max_position_embeddings: 64,
};

describe("what llama.cpp cannot take over is refused by its name, and accepted if its loss is allowed", () => {
  test.each<[string, Architecture, Record<string, unknown>]>([
    ["attention_temperature", "qwen2", { attention_temperature: 2 }],
    ["quantization_config", "llama", { quantization_config: { bits: 4 } }],
    ["is_encoder_decoder", "llama", { is_encoder_decoder: true }],
    ["hidden_act", "qwen3", { hidden_act: "gelu" }],
    ["hidden_activation", "gemma2", { hidden_activation: "relu" }],
    ["rope_scaling.beta_fast", "qwen2", { rope_scaling: { ...YARN, beta_fast: 8 } }],
    ["rope_scaling.beta_slow", "llama", { rope_scaling: { ...YARN, beta_slow: 2 } }],
    ["rope_parameters.truncate", "qwen3", { rope_parameters: { ...YARN, truncate: false } }],
    ["rope_scaling.finetuned", "qwen2", { rope_scaling: { ...YARN, finetuned: true } }],
    ["rope_scaling.rope_type", "qwen2", { rope_scaling: LLAMA3 }],
    ["rope_parameters.rope_type", "phi3", { rope_parameters: LLAMA3 }],
    ["rope_parameters.rope_type", "llama", { rope_parameters: { rope_type: "dynamic", factor: 2 } }],
    ["partial_rotary_factor", "qwen2", { partial_rotary_factor: 0.5 }],
    ["rope_parameters.partial_rotary_factor", "llama", { rope_parameters: { partial_rotary_factor: 0.5 } }],
    ["rope_parameters.full_attention", "gemma2", { rope_parameters: { full_attention: { rope_theta: 5 } } }],
    [
      "rope_parameters.sliding_attention.rope_type",
      "gemma3_text",
      { rope_parameters: { sliding_attention: { rope_type: "linear", factor: 2 } } },
    ],
    ["original_max_position_embeddings", "llama", { rope_scaling: LLAMA3, original_max_position_embeddings: 32 }],
    ["layer_types", "qwen2", { layer_types: ["full_attention"] }],
    ["layer_types", "llama", { layer_types: ["full_attention", "linear_attention"] }],
    ["layer_types", "qwen3", { layer_types: ["sliding_attention", "full_attention"] }],
    ["query_pre_attn_scalar", "gemma2", { query_pre_attn_scalar: 100 }],
    ["attn_logit_softcapping", "gemma2", { attn_logit_softcapping: null }],
    ["attn_logit_softcapping", "gemma3_text", { attn_logit_softcapping: 50 }],
    ["attention_bias", "qwen3", { attention_bias: true }],
    ["use_bidirectional_attention", "gemma3_text", { use_bidirectional_attention: true }],
    ["lm_head.weight", "gemma2", { tie_word_embeddings: false }],
    ["rope_scaling", "qwen2", { rope_scaling: "yarn" }],
    ["use_sliding_window", "qwen2", { use_sliding_window: 1, sliding_window: 8 }],
    ["tie_word_embeddings", "llama", { tie_word_embeddings: "no" }],
    ["partial_rotary_factor", "phi3", { rope_parameters: { partial_rotary_factor: 1.5 } }],
    ["sliding_window_pattern", "gemma3_text", { sliding_window_pattern: 0 }],
  ])("%s of %s", async (field, architecture, more) => {
    const folder = await tiny(architecture, more);
    const { code, stderr } = await cli(["convert", folder, join(root, "refused.gguf")]);
    expect(code).toBe(2);
    expect(stderr).toContain(`--allow-unknown ${field}`);
    const notes = await notesOf(folder, { allowUnknown: [field] });
    expect(notes.join("\n")).toContain(`Accepted by --allow-unknown ${field}.`);
  });

  test("all of them are named at once", async () => {
    const folder = await tiny("qwen2", { hidden_act: "relu", odd: 1, rope_scaling: { ...YARN, beta_fast: 8 } });
    await expect(notesOf(folder)).rejects.toThrow(/odd 1[^]*hidden_act "relu"[^]*beta_fast 8/);
  });

  test("fields without an effect are no obstacle", async () => {
    const folder = await tiny("llama", {
      unsloth_version: "2025.1",
      pretraining_tp: 1,
      use_cache: true,
      hidden_act: "swish",
      something_of_later: null,
      is_encoder_decoder: false,
      layer_types: ["full_attention", "full_attention"],
    });
    expect(await notesOf(folder)).toEqual([]);
  });
});

describe("a sliding window that llama.cpp does not have", () => {
  const sliding = { use_sliding_window: true, sliding_window: 64, max_window_layers: 0 };

  test("is refused where texts are longer, and nothing where they are not", async () => {
    const folder = await tiny("qwen2", sliding);
    await expect(notesOf(folder, { contextTokens: 100 })).rejects.toThrow("sliding_window 64");
    expect(await notesOf(folder, { contextTokens: 64 })).toEqual([]);
    expect(await notesOf(folder)).toEqual([expect.stringContaining("of longer texts, attention is another")]);
    expect(await notesOf(await tiny("qwen2", { ...sliding, max_window_layers: 2 }), { contextTokens: 100 })).toEqual(
      [],
    );
    expect(await notesOf(await tiny("qwen2", { ...sliding, use_sliding_window: false }))).toEqual([]);
  });

  test.each<Architecture>(["mistral", "phi3"])("of %s, too", async (architecture) => {
    const folder = await tiny(architecture, { sliding_window: 64 });
    await expect(notesOf(folder, { contextTokens: 100 })).rejects.toThrow("sliding_window 64");
    expect(await notesOf(folder, { contextTokens: 64 })).toEqual([]);
  });

  test("Mistral has one if config.json does not say so", async () => {
    const folder = await tiny("mistral", { sliding_window: undefined, max_position_embeddings: 8192 });
    expect(await notesOf(folder)).toEqual([expect.stringContaining("sliding_window 4096")]);
  });
});

describe("what config.json says of the rotation is in the GGUF", () => {
  test.each<[string, Architecture, Record<string, unknown>, string, number]>([
    [
      "a part of each head, as transformers 5 writes it",
      "phi3",
      { rope_parameters: { rope_type: "default", rope_theta: 10_000, partial_rotary_factor: 0.75 } },
      "phi3.rope.dimension_count",
      12,
    ],
    ["a part of each head, as before", "phi3", { partial_rotary_factor: 0.5 }, "phi3.rope.dimension_count", 8],
    [
      "the base of transformers 5 before an old one",
      "qwen2",
      { rope_parameters: { rope_type: "default", rope_theta: 500_000 } },
      "qwen2.rope.freq_base",
      500_000,
    ],
    [
      "Gemma 3's base of its full layers",
      "gemma3_text",
      { rope_parameters: { full_attention: { rope_type: "default", rope_theta: 2_000_000 } } },
      "gemma3.rope.freq_base",
      2_000_000,
    ],
    [
      "Gemma 3's base of its sliding layers",
      "gemma3_text",
      { rope_parameters: { sliding_attention: { rope_type: "default", rope_theta: 20_000 } } },
      "gemma3.rope.freq_base_swa",
      20_000,
    ],
    [
      "yarn's attention factor, less what llama.cpp multiplies by itself",
      "qwen2",
      { rope_scaling: { ...YARN, attention_factor: 1 } },
      "qwen2.rope.scaling.attn_factor",
      Math.fround(1 / (1 + 0.1 * Math.log(4))),
    ],
    [
      "yarn's attention factor of two scales",
      "qwen3",
      { rope_scaling: { ...YARN, mscale: 2, mscale_all_dim: 1 } },
      "qwen3.rope.scaling.attn_factor",
      Math.fround((1 + 0.2 * Math.log(4)) / (1 + 0.1 * Math.log(4)) ** 2),
    ],
    [
      "yarn's factor if the two contexts say it",
      "qwen2",
      { rope_scaling: { rope_type: "yarn", original_max_position_embeddings: 64 } },
      "qwen2.rope.scaling.factor",
      8,
    ],
    [
      "Phi-3's own epsilon",
      "phi3",
      { rms_norm_eps: undefined },
      "phi3.attention.layer_norm_rms_epsilon",
      Math.fround(1e-5),
    ],
  ])("%s", async (_what, architecture, more, key, value) => {
    const theta = more.rope_parameters === undefined || architecture === "qwen2" ? {} : { rope_theta: undefined };
    expect(numberAt(await metadataOf(await tiny(architecture, { ...theta, ...more })), key)).toBe(value);
  });

  test("yarn's attention factor survives the way to GGUF and back", async () => {
    const folder = await tiny("qwen2", { rope_scaling: { ...YARN, attention_factor: 1.25 } });
    await metadataOf(folder);
    const config = await configOf(`${folder}.gguf`);
    expect(config.rope_scaling).toMatchObject({ attention_factor: 1.25 });
  });
});

describe("Gemma's layers that slide", () => {
  test.each<[Architecture, Record<string, unknown>, readonly number[] | undefined]>([
    ["gemma2", {}, undefined],
    ["gemma2", { layer_types: ["full_attention", "sliding_attention"] }, [0, 1]],
    ["gemma3_text", { num_hidden_layers: 3 }, undefined],
    ["gemma3_text", { num_hidden_layers: 3, sliding_window_pattern: 2 }, [1, 0, 1]],
  ])("of %s with %o are %o in the GGUF, and come back", async (architecture, more, pattern) => {
    const folder = await tiny(architecture, more);
    const metadata = await metadataOf(folder);
    const key = `${architecture === "gemma2" ? "gemma2" : "gemma3"}.attention.sliding_window_pattern`;
    const found = metadata.get(key);
    expect(found?.type === "array" ? found.values : undefined).toEqual(pattern);
    const config = await configOf(`${folder}.gguf`);
    expect(config.layer_types).toEqual(
      pattern?.map((slides) => (slides === 0 ? "full_attention" : "sliding_attention")),
    );
  });
});

describe("biases that config.json does not say", () => {
  test("are refused, as are biases that are not there", async () => {
    await expect(notesOf(await tiny("llama", { attention_bias: true }))).rejects.toThrow(
      "config.json says attention_bias, but there is no tensor model.layers.0.self_attn.q_proj.bias",
    );
  });
});
