import type { TensorChange } from "../tensors/write/file-layout.ts";
import { ARCHITECTURES, type Architecture } from "./architecture.ts";
import { type ModelConfig } from "./config.ts";

/** The architecture's name in GGUF. */
export const GGUF_ARCHITECTURE: Readonly<Record<Architecture, string>> = {
  qwen2: "qwen2",
  qwen3: "qwen3",
  llama: "llama",
  mistral: "llama",
  gemma2: "gemma2",
  gemma3_text: "gemma3",
  phi3: "phi3",
};

/** The architecture of a GGUF file. What GGUF calls llama may have been Mistral: the tensors are the same. */
export function architectureOfGguf(name: string): Architecture | undefined {
  return ARCHITECTURES.find((architecture) => GGUF_ARCHITECTURE[architecture] === name);
}

/** The tensors of a block: Hugging Face's name after `model.layers.N.`, GGUF's after `blk.N.`. */
type BlockNames = Readonly<Record<string, string>>;

const ATTENTION: BlockNames = {
  "input_layernorm.weight": "attn_norm.weight",
  "self_attn.q_proj.weight": "attn_q.weight",
  "self_attn.k_proj.weight": "attn_k.weight",
  "self_attn.v_proj.weight": "attn_v.weight",
  "self_attn.o_proj.weight": "attn_output.weight",
};
const FEED_FORWARD: BlockNames = {
  "mlp.gate_proj.weight": "ffn_gate.weight",
  "mlp.up_proj.weight": "ffn_up.weight",
  "mlp.down_proj.weight": "ffn_down.weight",
};
const FEED_FORWARD_NORM: BlockNames = { "post_attention_layernorm.weight": "ffn_norm.weight" };
const GATED: BlockNames = { ...ATTENTION, ...FEED_FORWARD_NORM, ...FEED_FORWARD };
const ATTENTION_BIASES: BlockNames = {
  "self_attn.q_proj.bias": "attn_q.bias",
  "self_attn.k_proj.bias": "attn_k.bias",
  "self_attn.v_proj.bias": "attn_v.bias",
};
const HEAD_NORMS: BlockNames = {
  "self_attn.q_norm.weight": "attn_q_norm.weight",
  "self_attn.k_norm.weight": "attn_k_norm.weight",
};
/** Gemma has norms before and after attention and feed-forward; its names differ from the others' for the same place. */
const GEMMA: BlockNames = {
  ...ATTENTION,
  ...FEED_FORWARD,
  "post_attention_layernorm.weight": "post_attention_norm.weight",
  "pre_feedforward_layernorm.weight": "ffn_norm.weight",
  "post_feedforward_layernorm.weight": "post_ffw_norm.weight",
};

const REQUIRED: Readonly<Record<Architecture, BlockNames>> = {
  qwen2: { ...GATED, ...ATTENTION_BIASES },
  qwen3: { ...GATED, ...HEAD_NORMS },
  llama: GATED,
  mistral: GATED,
  gemma2: GEMMA,
  gemma3_text: { ...GEMMA, ...HEAD_NORMS },
  phi3: {
    "input_layernorm.weight": "attn_norm.weight",
    "self_attn.qkv_proj.weight": "attn_qkv.weight",
    "self_attn.o_proj.weight": "attn_output.weight",
    "post_attention_layernorm.weight": "ffn_norm.weight",
    "mlp.gate_up_proj.weight": "ffn_up.weight",
    "mlp.down_proj.weight": "ffn_down.weight",
  },
};

/** Present in some checkpoints of the architecture only. */
const OPTIONAL: Readonly<Partial<Record<Architecture, BlockNames>>> = {
  llama: {
    ...ATTENTION_BIASES,
    "self_attn.o_proj.bias": "attn_output.bias",
    "mlp.gate_proj.bias": "ffn_gate.bias",
    "mlp.up_proj.bias": "ffn_up.bias",
    "mlp.down_proj.bias": "ffn_down.bias",
  },
};

const EMBEDDING = "model.embed_tokens.weight";
const OUTPUT_NORM = "model.norm.weight";
const OUTPUT = "lm_head.weight";
const OUTSIDE_BLOCKS: BlockNames = {
  [EMBEDDING]: "token_embd.weight",
  [OUTPUT_NORM]: "output_norm.weight",
  [OUTPUT]: "output.weight",
};
const OUTSIDE_BLOCKS_BACK = invert(OUTSIDE_BLOCKS);

/** The name in GGUF of a tensor with a Hugging Face name, or undefined if the architecture has no such tensor. */
export function ggufTensorName(architecture: Architecture, name: string): string | undefined {
  const block = /^model\.layers\.(0|[1-9]\d*)\.(.+)$/.exec(name);
  if (block === null) return OUTSIDE_BLOCKS[name];
  const [, index, rest] = block;
  const names = { ...REQUIRED[architecture], ...OPTIONAL[architecture] };
  const found = rest === undefined ? undefined : names[rest];
  return found === undefined ? undefined : `blk.${index}.${found}`;
}

/** The Hugging Face name of a tensor with a name in GGUF, or undefined if the architecture has no such tensor. */
export function checkpointTensorName(architecture: Architecture, name: string): string | undefined {
  const block = /^blk\.(0|[1-9]\d*)\.(.+)$/.exec(name);
  if (block === null) return OUTSIDE_BLOCKS_BACK[name];
  const [, index, rest] = block;
  const names = invert({ ...REQUIRED[architecture], ...OPTIONAL[architecture] });
  const found = rest === undefined ? undefined : names[rest];
  return found === undefined ? undefined : `model.layers.${index}.${found}`;
}

/** The tensors (Hugging Face names) without which a model of this shape cannot run. */
export function requiredTensorNames({ architecture, layers, tiedEmbeddings }: ModelConfig): string[] {
  const blocks = Array.from({ length: layers }, (_, i) =>
    Object.keys(REQUIRED[architecture]).map((name) => `model.layers.${i}.${name}`),
  );
  return [EMBEDDING, ...blocks.flat(), OUTPUT_NORM, ...(tiedEmbeddings ? [] : [OUTPUT])];
}

/**
 * Tensors of a checkpoint that a GGUF does without: buffers of old versions, and an output that is the embedding.
 * @param dropsHead whether the embedding is the output, even if there is one of its own
 */
export function isLeftOut(name: string, dropsHead: boolean): boolean {
  return name.endsWith(".rotary_emb.inv_freq") || (name === OUTPUT && dropsHead);
}

/** Tensors of a GGUF that carry a rotation of positions: in a checkpoint, config.json does. */
export function isRopeTensor(ggufName: string): boolean {
  return /^rope_(freqs|factors_(long|short))\.weight$/.test(ggufName);
}

/** What GGUF does to the elements of a tensor, besides converting them. */
export function tensorChange(config: ModelConfig, name: string): TensorChange | undefined {
  switch (config.architecture) {
    case "llama":
    case "mistral":
      if (/\.q_proj\.(weight|bias)$/.test(name)) return { kind: "rotary", heads: config.heads };
      if (/\.k_proj\.(weight|bias)$/.test(name)) return { kind: "rotary", heads: config.keyValueHeads };
      return undefined;
    case "gemma2":
    case "gemma3_text":
      return name.endsWith("norm.weight") ? { kind: "add", value: 1 } : undefined;
    default:
      return undefined;
  }
}

function invert(names: BlockNames): BlockNames {
  return Object.fromEntries(Object.entries(names).map(([from, to]) => [to, from]));
}
