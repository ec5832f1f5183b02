import { isDeepStrictEqual } from "node:util";
import { applyEdits, format, modify } from "jsonc-parser";
import { isRecord } from "../base/is-record.ts";
import type { FloatDtype } from "../tensors/dtype.ts";
import { EMBEDDING, HEAD } from "./architectures.ts";
import type { MergePlan } from "./plan.ts";

const TORCH_NAMES: Record<FloatDtype, string> = { F32: "float32", F16: "float16", BF16: "bfloat16" };

const STYLE = { insertSpaces: true, tabSize: 2, eol: "\n", insertFinalNewline: true };

/**
 * config.json of a merge. Of what the merge has not changed, each number is written as in the donor's: Python takes 8 for an
 * integer where 8.0 was a float.
 */
export function mergedConfigText(plan: MergePlan): string {
  const config = mergedConfig(plan);
  const { configText } = plan.donor;
  const plain = `${JSON.stringify(config, undefined, 2)}\n`;
  if (configText === undefined) return plain;
  const donated: unknown = JSON.parse(configText);
  let text = configText;
  for (const [key, value] of Object.entries(config)) {
    if (isRecord(donated) && isDeepStrictEqual(value, donated[key])) continue;
    text = applyEdits(text, modify(text, [key], value, { formattingOptions: STYLE }));
  }
  text = applyEdits(text, format(text, undefined, STYLE));
  // A key that is there twice would be edited where it does not count.
  return isDeepStrictEqual(JSON.parse(text), config) ? text : plain;
}

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
