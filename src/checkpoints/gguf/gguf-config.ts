import { InputError } from "../../base/errors.ts";
import { type GgufMetadata, numberAt, textAt } from "../../gguf/metadata.ts";
import { ARCHITECTURE_CLASSES, type Architecture } from "../architecture.ts";
import { GGUF_ARCHITECTURE } from "../tensor-names.ts";
import { llama3Factors, longRopeAttention, yarnAttention } from "./rope.ts";

/** The tensors of a GGUF that carry a rotation of positions, F32. */
export interface RopeFactors {
  readonly freqs: readonly number[] | undefined;
  readonly long: readonly number[] | undefined;
  readonly short: readonly number[] | undefined;
}

/**
 * The config.json of the model in a GGUF file, as far as the metadata knows it: all that decides what the model computes.
 * @throws InputError for a rotation that config.json has no words for
 */
export function configOfGguf(
  metadata: GgufMetadata,
  architecture: Architecture,
  tensors: ReadonlyMap<string, { readonly shape: readonly number[] }>,
  factors: RopeFactors,
  path: string,
): Record<string, unknown> {
  const prefix = GGUF_ARCHITECTURE[architecture];
  const number = (key: string): number | undefined => shortest(numberAt(metadata, `${prefix}.${key}`));
  const id = (key: string): number | undefined => numberAt(metadata, `tokenizer.ggml.${key}_token_id`);
  const config = {
    architectures: [ARCHITECTURE_CLASSES[architecture]],
    model_type: architecture,
    num_hidden_layers: number("block_count"),
    max_position_embeddings: number("context_length"),
    hidden_size: number("embedding_length"),
    intermediate_size: number("feed_forward_length"),
    num_attention_heads: number("attention.head_count"),
    num_key_value_heads: number("attention.head_count_kv"),
    head_dim: number("attention.key_length"),
    rms_norm_eps: number("attention.layer_norm_rms_epsilon"),
    rope_theta: number("rope.freq_base"),
    vocab_size: tensors.get("model.embed_tokens.weight")?.shape[0],
    tie_word_embeddings: !tensors.has("lm_head.weight"),
    bos_token_id: id("bos"),
    eos_token_id: id("eos"),
    pad_token_id: id("padding"),
    hidden_act: architecture.startsWith("gemma") ? "gelu_pytorch_tanh" : "silu",
    ...(tensors.has("model.layers.0.self_attn.q_proj.bias") && architecture === "llama"
      ? { attention_bias: true }
      : {}),
    ...(tensors.has("model.layers.0.mlp.up_proj.bias") && architecture === "llama" ? { mlp_bias: true } : {}),
    ...ofArchitecture(architecture, number),
    ...layerTypes(metadata, prefix),
    ...ropeScaling(metadata, prefix, number, factors, path),
  };
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined));
}

function ofArchitecture(
  architecture: Architecture,
  number: (key: string) => number | undefined,
): Record<string, unknown> {
  const heads = number("attention.head_count") ?? 1;
  const width = number("embedding_length") ?? 0;
  const headSize = number("attention.key_length") ?? width / heads;
  switch (architecture) {
    case "gemma2":
      return {
        attn_logit_softcapping: number("attn_logit_softcapping"),
        final_logit_softcapping: number("final_logit_softcapping"),
        sliding_window: number("attention.sliding_window"),
        // What llama.cpp applies: GGUF does not say it.
        query_pre_attn_scalar: number("block_count") === 46 ? Math.floor(width / heads) : headSize,
        hidden_activation: "gelu_pytorch_tanh",
      };
    case "gemma3_text":
      return {
        sliding_window: number("attention.sliding_window"),
        query_pre_attn_scalar: number("block_count") === 62 ? Math.floor(width / heads) : headSize,
        rope_local_base_freq: number("rope.freq_base_swa"),
        final_logit_softcapping: number("final_logit_softcapping"),
        hidden_activation: "gelu_pytorch_tanh",
      };
    case "phi3": {
      const rotated = number("rope.dimension_count") ?? headSize;
      return {
        sliding_window: number("attention.sliding_window") || undefined,
        ...(rotated === headSize ? {} : { partial_rotary_factor: rotated / headSize }),
        original_max_position_embeddings: number("rope.scaling.original_context_length") ?? number("context_length"),
      };
    }
    default:
      return {};
  }
}

/** The layers that slide, where they are not those that llama.cpp assumes. */
function layerTypes(metadata: GgufMetadata, prefix: string): { layer_types?: string[] } {
  const pattern = metadata.get(`${prefix}.attention.sliding_window_pattern`);
  if (pattern?.type !== "array") return {};
  return {
    layer_types: pattern.values.map((slides) => (Number(slides) === 0 ? "full_attention" : "sliding_attention")),
  };
}

function ropeScaling(
  metadata: GgufMetadata,
  prefix: string,
  number: (key: string) => number | undefined,
  { freqs, long, short }: RopeFactors,
  path: string,
): Record<string, unknown> {
  const original = number("rope.scaling.original_context_length");
  if (freqs !== undefined) return { rope_scaling: llama3Scaling(freqs, number("rope.freq_base") ?? 10_000, path) };
  if (long !== undefined && short !== undefined) {
    const usual = longRopeAttention((number("context_length") ?? 1) / (original ?? 1), original ?? 1);
    const attention = number("rope.scaling.attn_factor") ?? 1;
    const unusual = Math.fround(usual) === Math.fround(attention) ? {} : { attention_factor: attention };
    return { rope_scaling: { type: "longrope", long_factor: long, short_factor: short, ...unusual } };
  }
  const factor = number("rope.scaling.factor");
  const sharper = number("rope.scaling.attn_factor") ?? 1;
  switch (textAt(metadata, `${prefix}.rope.scaling.type`)) {
    case "linear":
      return { rope_scaling: { rope_type: "linear", factor } };
    case "yarn":
      return {
        rope_scaling: {
          rope_type: "yarn",
          factor,
          original_max_position_embeddings: original,
          ...(sharper === 1 ? {} : { attention_factor: shortest(Math.fround(sharper * yarnAttention(factor ?? 1))) }),
        },
      };
    default:
      return {};
  }
}

/** Llama 3.1 and 3.2 blend from a quarter of the original context on, and have been trained on 8192 tokens first. */
const [LOW, HIGH] = [1, 4];
const MAX_CONTEXT_POWER = 20;

/**
 * The settings that make these factors. The factor is the largest of them; the original context, a power of two, is tried.
 * @throws InputError if none makes them
 */
function llama3Scaling(freqs: readonly number[], theta: number, path: string): Record<string, unknown> {
  const factor = Math.max(...freqs);
  for (let power = 5; power <= MAX_CONTEXT_POWER; power++) {
    const settings = { factor, low: LOW, high: HIGH, context: 2 ** power };
    const made = llama3Factors(2 * freqs.length, theta, settings).map(Math.fround);
    if (made.every((value, i) => value === freqs[i])) {
      return {
        rope_type: "llama3",
        factor,
        low_freq_factor: LOW,
        high_freq_factor: HIGH,
        original_max_position_embeddings: settings.context,
      };
    }
  }
  throw new InputError(`${path}: tensor rope_freqs.weight: config.json has no words for this rotation`, {
    hint: "Use the model's safetensors.",
  });
}

/** The shortest decimal that an F32 stands for: 1e-6, not 9.999999974752427e-7. */
function shortest(value: number | undefined): number | undefined {
  if (value === undefined || Number.isInteger(value)) return value;
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}
