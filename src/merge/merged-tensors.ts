/** The names of a transformer's tensors, as far as merging needs them. */
export interface ArchitectureTensors {
  /** Of one layer, behind `model.layers.<i>.`. */
  readonly layer: readonly string[];
  /** Of one layer, taken where a checkpoint has them. */
  readonly optional: readonly string[];
}

const NORMS = ["input_layernorm.weight", "post_attention_layernorm.weight"];
const GATED_MLP = ["mlp.gate_proj.weight", "mlp.up_proj.weight", "mlp.down_proj.weight"];
const ATTENTION = ["q", "k", "v", "o"].map((part) => `self_attn.${part}_proj.weight`);
const BIASES = ["q", "k", "v"].map((part) => `self_attn.${part}_proj.bias`);
const MORE_NORMS = ["pre_feedforward_layernorm.weight", "post_feedforward_layernorm.weight"];
const QK_NORMS = ["self_attn.q_norm.weight", "self_attn.k_norm.weight"];
const LLAMA: ArchitectureTensors = {
  layer: [...NORMS, ...ATTENTION, ...GATED_MLP],
  optional: [...BIASES, "self_attn.o_proj.bias", "mlp.gate_proj.bias", "mlp.up_proj.bias", "mlp.down_proj.bias"],
};

/**
 * By `model_type` of config.json. Tensors that are not listed (such as stored rotary frequencies) are left out of a merge.
 * Source: mergekit/_data/architectures
 */
const TENSORS_OF: ReadonlyMap<string, ArchitectureTensors> = new Map([
  ["llama", LLAMA],
  ["mistral", LLAMA],
  ["qwen2", { layer: [...LLAMA.layer, ...BIASES], optional: [] }],
  ["qwen3", { layer: [...LLAMA.layer, ...QK_NORMS], optional: BIASES }],
  ["gemma2", { layer: [...LLAMA.layer, ...MORE_NORMS], optional: [] }],
  ["gemma3_text", { layer: [...LLAMA.layer, ...MORE_NORMS, ...QK_NORMS], optional: [] }],
  [
    "phi3",
    {
      layer: [
        ...NORMS,
        "self_attn.qkv_proj.weight",
        "self_attn.o_proj.weight",
        "mlp.gate_up_proj.weight",
        "mlp.down_proj.weight",
      ],
      optional: [],
    },
  ],
]);

export const EMBEDDING = "model.embed_tokens.weight";
/** Absent in checkpoints that use the embedding for it. */
export const HEAD = "lm_head.weight";
export const FINAL_NORM = "model.norm.weight";

/** Whether a tensor has a row for every token. */
export function isVocabulary(name: string): boolean {
  return name === EMBEDDING || name === HEAD;
}

export const KNOWN_ARCHITECTURES: readonly string[] = [...TENSORS_OF.keys()];

export function architectureTensors(modelType: string): ArchitectureTensors | undefined {
  return TENSORS_OF.get(modelType);
}

/** The full name of a layer's tensor. */
export function layerTensor(layer: number, name: string): string {
  return `model.layers.${layer}.${name}`;
}
