import type { ModelConfig } from "./config.ts";

/**
 * The shape that a tensor of a model has by its config.json, so that a wrong one is found before a file is made that
 * llama.cpp refuses, or reads rows of the wrong length from.
 *
 * @param rows of the embedding
 * @returns undefined for a tensor that the config says nothing of
 */
export function tensorShape(config: ModelConfig, name: string, rows: number): number[] | undefined {
  const { hiddenSize, headSize, heads, keyValueHeads, feedForwardSize } = config;
  const part = name.replace(/^model\.layers\.\d+\./, "");
  const outputs: Readonly<Record<string, number>> = {
    q_proj: heads * headSize,
    k_proj: keyValueHeads * headSize,
    v_proj: keyValueHeads * headSize,
    qkv_proj: (heads + 2 * keyValueHeads) * headSize,
    o_proj: hiddenSize,
    gate_proj: feedForwardSize,
    up_proj: feedForwardSize,
    gate_up_proj: 2 * feedForwardSize,
    down_proj: hiddenSize,
  };
  const [, module = "", kind] = /^(?:self_attn|mlp)\.(\w+_proj)\.(weight|bias)$/.exec(part) ?? [];
  const size = outputs[module];
  if (size !== undefined) {
    if (kind === "bias") return [size];
    const inputs = module === "o_proj" ? heads * headSize : module === "down_proj" ? feedForwardSize : hiddenSize;
    return [size, inputs];
  }
  if (part === "model.embed_tokens.weight" || part === "lm_head.weight") return [rows, hiddenSize];
  if (/^self_attn\.[qk]_norm\.weight$/.test(part)) return [headSize];
  // Of every layer, before and after attention and feed-forward, and behind the last one.
  return /^(model\.norm|\w+_layernorm)\.weight$/.test(part) ? [hiddenSize] : undefined;
}
