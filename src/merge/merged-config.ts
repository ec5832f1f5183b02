import { isDeepStrictEqual } from "node:util";
import { applyEdits, format, modify } from "jsonc-parser";
import { isRecord } from "../base/is-record.ts";
import { TORCH_NAMES } from "../tensors/dtype.ts";
import { EMBEDDING } from "./merged-tensors.ts";
import type { MergePlan } from "./plan/plan.ts";

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

/** The donor's config.json with what the merge has changed: dtype, and what `reshapedConfig` says. */
export function mergedConfig({ donor, tensors }: MergePlan): Record<string, unknown> {
  const config = { ...donor.config };
  const embedding = tensors.find((tensor) => tensor.name === EMBEDDING);
  if (embedding !== undefined) {
    const dtypeKey = "torch_dtype" in config ? "torch_dtype" : "dtype";
    config[dtypeKey] = TORCH_NAMES[embedding.dtype];
  }
  return config;
}
