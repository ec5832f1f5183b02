import { isDeepStrictEqual } from "node:util";
import { InputError } from "../../base/errors.ts";
import { FILE_TYPES } from "../../gguf/constants.ts";
import { bool, float32, type GgufValue, list, text, uint32 } from "../../gguf/metadata.ts";
import type { StorageType } from "../../tensors/write/file-layout.ts";
import type { ModelConfig } from "../config.ts";
import { DEFAULT_CAPS } from "../fields/defaults.ts";
import { assumedSlidingLayers, slidingLayers } from "../fields/sliding-layers.ts";
import { kindOf } from "../read-json.ts";
import { GGUF_ARCHITECTURE } from "../tensor-names.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";
import { ropeMetadata } from "./rope.ts";

/** The metadata with which llama.cpp runs a model: its shape, then its tokenizer. Always in the same order. */
export function ggufMetadata(
  config: ModelConfig,
  raw: Readonly<Record<string, unknown>>,
  tokenizer: Tokenizer,
  storage: StorageType,
  where: string,
): Map<string, GgufValue> {
  return new Map([
    ...shapeMetadata(config, raw, where),
    ["general.file_type", uint32(FILE_TYPES[storage])],
    ["general.quantization_version", uint32(2)],
    ...tokenizerMetadata(tokenizer),
  ]);
}

function shapeMetadata(
  config: ModelConfig,
  raw: Readonly<Record<string, unknown>>,
  where: string,
): [string, GgufValue][] {
  const architecture = GGUF_ARCHITECTURE[config.architecture];
  const rope = ropeMetadata(config, raw, where);
  const keys: [string, GgufValue][] = [
    ["block_count", uint32(config.layers)],
    ["context_length", uint32(config.contextLength)],
    ["embedding_length", uint32(config.hiddenSize)],
    ["feed_forward_length", uint32(config.feedForwardSize)],
    ["attention.head_count", uint32(config.heads)],
    ["attention.head_count_kv", uint32(config.keyValueHeads)],
    ["attention.key_length", uint32(config.headSize)],
    ["attention.value_length", uint32(config.headSize)],
    ["attention.layer_norm_rms_epsilon", float32(config.normEpsilon)],
    ["vocab_size", uint32(config.vocabSize)],
    ...rope,
    ...architectureKeys(config, raw, where),
  ];
  return [
    ["general.architecture", text(architecture)],
    ["general.type", text("model")],
    ...keys.map(([key, value]): [string, GgufValue] => [`${architecture}.${key}`, value]),
  ];
}

/** What only some architectures have; llama.cpp takes these from its own defaults where they are not written. */
function architectureKeys(
  config: ModelConfig,
  raw: Readonly<Record<string, unknown>>,
  where: string,
): [string, GgufValue][] {
  switch (config.architecture) {
    case "gemma2":
      return [
        [
          "attn_logit_softcapping",
          float32(
            positive(raw.attn_logit_softcapping, DEFAULT_CAPS.attn_logit_softcapping, "attn_logit_softcapping", where),
          ),
        ],
        [
          "final_logit_softcapping",
          float32(
            positive(
              raw.final_logit_softcapping,
              DEFAULT_CAPS.final_logit_softcapping,
              "final_logit_softcapping",
              where,
            ),
          ),
        ],
        ...gemmaWindow(config, raw, "gemma2"),
      ];
    case "gemma3_text": {
      const cap = raw.final_logit_softcapping ?? undefined;
      return [
        ...(cap === undefined
          ? []
          : ([["final_logit_softcapping", float32(positive(cap, 1, "final_logit_softcapping", where))]] satisfies [
              string,
              GgufValue,
            ][])),
        ...gemmaWindow(config, raw, "gemma3_text"),
      ];
    }
    case "phi3":
      // Zero means that no layer slides; llama.cpp tells Phi-4 from Phi-3 by it.
      return [["attention.sliding_window", uint32(config.slidingWindow ?? 0)]];
    default:
      return [];
  }
}

/** Gemma's window, and the layers that have it where they are not those that llama.cpp assumes. */
function gemmaWindow(
  { layers, slidingWindow = 4096 }: ModelConfig,
  raw: Readonly<Record<string, unknown>>,
  architecture: "gemma2" | "gemma3_text",
): [string, GgufValue][] {
  const window: [string, GgufValue] = ["attention.sliding_window", uint32(slidingWindow)];
  const slides = slidingLayers(raw, architecture, layers, true);
  if (isDeepStrictEqual(slides, assumedSlidingLayers(architecture, layers))) return [window];
  return [window, ["attention.sliding_window_pattern", list("uint32", slides.map(Number))]];
}

function positive(value: unknown, fallback: number, key: string, where: string): number {
  const found = value ?? fallback;
  if (typeof found === "number" && found > 0) return found;
  throw new InputError(`${where}: config.json: expected ${key} to be a positive number, found ${kindOf(found)}`);
}

function id(token: string, value: number | undefined): [string, GgufValue][] {
  return value === undefined ? [] : [[`tokenizer.ggml.${token}_token_id`, uint32(value)]];
}

function tokenizerMetadata(tokenizer: Tokenizer): [string, GgufValue][] {
  const { kind, tokens, types, merges, scores, eosIds } = tokenizer;
  return [
    ["tokenizer.ggml.model", text(kind === "bpe" ? "gpt2" : "llama")],
    ["tokenizer.ggml.pre", text(tokenizer.pre)],
    ["tokenizer.ggml.tokens", list("string", tokens)],
    ["tokenizer.ggml.token_type", list("int32", types)],
    ...(kind === "bpe"
      ? ([["tokenizer.ggml.merges", list("string", merges)]] satisfies [string, GgufValue][])
      : ([
          ["tokenizer.ggml.scores", list("float32", scores)],
          ["tokenizer.ggml.add_space_prefix", bool(tokenizer.addSpacePrefix)],
        ] satisfies [string, GgufValue][])),
    ...id("bos", tokenizer.bosId),
    ...id("eos", eosIds[0]),
    // Further tokens that end a generation: llama.cpp stops at an end of turn and an end of message too.
    ...id("eot", eosIds[1]),
    ...id("eom", eosIds[2]),
    ...id("unknown", tokenizer.unknownId),
    ...id("padding", tokenizer.padId),
    ["tokenizer.ggml.add_bos_token", bool(tokenizer.addBos)],
    ["tokenizer.ggml.add_eos_token", bool(false)],
    ...(tokenizer.chatTemplate === undefined
      ? []
      : ([["tokenizer.chat_template", text(tokenizer.chatTemplate)]] satisfies [string, GgufValue][])),
  ];
}
