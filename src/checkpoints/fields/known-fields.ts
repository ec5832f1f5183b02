import type { Architecture } from "../architecture.ts";

/** Read wherever the typed config is read, or checked in `check-fields.ts`. */
const READ = [
  "model_type",
  "hidden_size",
  "intermediate_size",
  "num_hidden_layers",
  "num_attention_heads",
  "num_key_value_heads",
  "head_dim",
  "max_position_embeddings",
  "vocab_size",
  "rms_norm_eps",
  "rope_theta",
  "rope_scaling",
  "rope_parameters",
  "partial_rotary_factor",
  "original_max_position_embeddings",
  "tie_word_embeddings",
  "attention_bias",
  "layer_types",
  "dtype",
  "torch_dtype",
  "bos_token_id",
  "eos_token_id",
  "pad_token_id",
];

/** Known to change nothing of what a causal language model computes. */
const WITHOUT_EFFECT = [
  // Where it comes from, and how it was made.
  "architectures",
  "auto_map",
  "name_or_path",
  "_name_or_path",
  "_commit_hash",
  "transformers_version",
  "transformers.js_config",
  "tokenizer_class",
  "finetuning_task",
  "task_specific_params",
  "prefix",
  "unsloth_version",
  "unsloth_fixed",
  "is_llama_config",
  "model_max_length",
  // How it is run, or trained.
  "use_cache",
  "cache_implementation",
  "attn_implementation",
  "_attn_implementation",
  "_attn_implementation_autoset",
  "_attn_implementation_internal",
  "_flash_attn_2_enabled",
  "experts_implementation",
  "pretraining_tp",
  "gradient_checkpointing",
  "use_reentrant",
  "torchscript",
  "use_bfloat16",
  "tf_legacy_loss",
  "initializer_range",
  "attention_dropout",
  "hidden_dropout",
  "resid_pdrop",
  "embd_pdrop",
  "neftune_noise_alpha",
  "output_attentions",
  "output_hidden_states",
  "return_dict",
  "chunk_size_feed_forward",
  // Of classifiers.
  "id2label",
  "label2id",
  "num_labels",
  "problem_type",
  "classifier_dropout",
  // Tokens that the tokenizer knows.
  "unk_token_id",
  "sep_token_id",
  "cls_token_id",
  "mask_token_id",
  "decoder_start_token_id",
  // How to generate, in files from before generation_config.json: a run says that itself.
  "bad_words_ids",
  "begin_suppress_tokens",
  "diversity_penalty",
  "do_sample",
  "early_stopping",
  "encoder_no_repeat_ngram_size",
  "exponential_decay_length_penalty",
  "forced_bos_token_id",
  "forced_eos_token_id",
  "length_penalty",
  "max_length",
  "max_new_tokens",
  "min_length",
  "no_repeat_ngram_size",
  "num_beam_groups",
  "num_beams",
  "num_return_sequences",
  "output_scores",
  "remove_invalid_values",
  "repetition_penalty",
  "return_dict_in_generate",
  "suppress_tokens",
  "temperature",
  "top_k",
  "top_p",
  "typical_p",
];

/** Without effect while they are off: false, 0, empty. */
const OFF: ReadonlySet<string> = new Set([
  "is_encoder_decoder",
  "is_decoder",
  "add_cross_attention",
  "cross_attention_hidden_size",
  "tie_encoder_decoder",
  "pruned_heads",
  "mlp_bias",
  "qkv_bias",
  "rope_interleaved",
  "use_mrope",
  "use_qk_norm",
  "use_bidirectional_attention",
]);

const SLIDING = ["sliding_window"];
const QWEN = [...SLIDING, "hidden_act", "use_sliding_window", "max_window_layers"];
const GEMMA = [
  ...SLIDING,
  "hidden_activation",
  // Of Gemma 1; later ones go by hidden_activation.
  "hidden_act",
  "query_pre_attn_scalar",
  "attn_logit_softcapping",
  "final_logit_softcapping",
];

/** What only some architectures have. */
const OF_ARCHITECTURE: Readonly<Record<Architecture, readonly string[]>> = {
  qwen2: QWEN,
  qwen3: QWEN,
  llama: ["hidden_act", "mlp_bias"],
  mistral: [...SLIDING, "hidden_act"],
  gemma2: GEMMA,
  gemma3_text: [...GEMMA, "rope_local_base_freq", "sliding_window_pattern", "_sliding_window_pattern"],
  phi3: [...SLIDING, "hidden_act"],
};

const ALWAYS: ReadonlySet<string> = new Set([...READ, ...WITHOUT_EFFECT]);

/** Whether a field of config.json is understood: written to the GGUF, checked, or known to have no effect as it is. */
export function isKnownField(architecture: Architecture, name: string, value: unknown): boolean {
  if (value === null || ALWAYS.has(name) || OF_ARCHITECTURE[architecture].includes(name)) return true;
  return OFF.has(name) && isOff(value);
}

/** The fields of a rotation by its type; what is named beside them would be lost. */
export const ROPE_FIELDS: Readonly<Record<string, readonly string[]>> = {
  default: ["original_max_position_embeddings"],
  linear: ["factor", "original_max_position_embeddings"],
  yarn: [
    "factor",
    "original_max_position_embeddings",
    "attention_factor",
    "beta_fast",
    "beta_slow",
    "mscale",
    "mscale_all_dim",
    "truncate",
  ],
  llama3: ["factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings"],
  longrope: ["long_factor", "short_factor", "factor", "attention_factor", "original_max_position_embeddings"],
};

/** Of every rotation. */
export const COMMON_ROPE_FIELDS: readonly string[] = ["rope_type", "type", "rope_theta", "partial_rotary_factor"];

/** The types of rotation that llama.cpp carries out as transformers does. */
export const ROPE_TYPES: Readonly<Record<Architecture, readonly string[]>> = {
  qwen2: ["default", "linear", "yarn"],
  qwen3: ["default", "linear", "yarn"],
  llama: ["default", "linear", "yarn", "llama3"],
  mistral: ["default", "linear", "yarn", "llama3"],
  gemma2: ["default", "linear", "yarn"],
  gemma3_text: ["default", "linear"],
  phi3: ["default", "longrope"],
};

function isOff(value: unknown): boolean {
  if (typeof value === "object" && value !== null) return Object.keys(value).length === 0;
  return value === false || value === 0 || value === "";
}
