import type { FloatDtype } from "../tensors/dtype.ts";
import { EMBEDDING, HEAD } from "./architectures.ts";
import type { MergePlan } from "./plan.ts";

const TORCH_NAMES: Record<FloatDtype, string> = { F32: "float32", F16: "float16", BF16: "bfloat16" };

/** The donor's config.json with what the merge has changed: dtype, layers, vocabulary, a head of its own. */
export function mergedConfig({ donor, tensors, layers, recipe }: MergePlan): Record<string, unknown> {
  const config = { ...donor.config };
  const embedding = tensors.find((tensor) => tensor.name === EMBEDDING);
  if (embedding !== undefined) {
    const [rows] = embedding.shape;
    const dtypeKey = "torch_dtype" in config ? "torch_dtype" : "dtype";
    config[dtypeKey] = TORCH_NAMES[embedding.dtype];
    const otherRows = recipe.vocabulary !== undefined || rows !== donor.reader.tensors.get(EMBEDDING)?.shape[0];
    if (typeof config.vocab_size === "number" && otherRows) config.vocab_size = rows;
  }
  if (config.num_hidden_layers !== layers.length) {
    config.num_hidden_layers = layers.length;
    const types: unknown = config.layer_types;
    if (Array.isArray(types)) config.layer_types = layers.map((layer): unknown => types[layer]);
  }
  // A reader would use the embedding in place of the head that is there.
  if (config.tie_word_embeddings === true && tensors.some((tensor) => tensor.name === HEAD)) {
    config.tie_word_embeddings = false;
  }
  return config;
}
