import { isRecord } from "../../base/is-record.ts";
import type { Architecture } from "../architecture.ts";
import type { ModelConfig } from "../config.ts";
import { kindOf } from "../read-json.ts";
import { checkKinds } from "./check-kinds.ts";
import { DEFAULT_QUERY_SCALAR, defaultActivation } from "./defaults.ts";
import { COMMON_ROPE_FIELDS, isKnownField, ROPE_FIELDS, ROPE_TYPES } from "./known-fields.ts";
import type { Misfits } from "./misfits.ts";
import { longRopeContext, type RopeParameters, ropeParameters, slidingRopeParameters } from "./rope-parameters.ts";
import { slidingLayers } from "./sliding-layers.ts";

type Fields = Readonly<Record<string, unknown>>;

const FULL = "full_attention";
const SLIDING = "sliding_attention";

/**
 * Finds what a config.json says that llama.cpp would not do: fields that are not known, and values that it has no
 * counterpart of.
 *
 * @param contextTokens of the texts that the model is run on, if that is known
 */
export function checkFields(
  config: ModelConfig,
  raw: Fields,
  misfits: Misfits,
  contextTokens: number | undefined,
): void {
  const { architecture } = config;
  for (const [name, value] of Object.entries(raw)) {
    if (isKnownField(architecture, name, value)) continue;
    misfits.add(name, `${name} ${shown(value)} is no field that is known of ${architecture}`);
  }
  checkKinds(raw, ropeParameters(raw, architecture).values, misfits);
  checkActivation(architecture, raw, misfits);
  checkRope(config, raw, misfits);
  checkLongRope(config, raw, misfits, contextTokens ?? config.contextLength);
  checkLayerTypes(config, raw, misfits);
  checkWindow(config, raw, misfits, contextTokens);
  checkGemma(config, raw, misfits);
  checkHeads(config, misfits);
  // Qwen 2 has biases in any case; Mistral and Phi-3 have none.
  if (raw.attention_bias === true && ["qwen3", "gemma2", "gemma3_text"].includes(architecture)) {
    misfits.add("attention_bias", `attention_bias true: llama.cpp has no bias behind the attention of ${architecture}`);
  }
}

/** A value of config.json in a sentence. */
function shown(value: unknown): string {
  return typeof value === "object" && value !== null ? `(${kindOf(value)})` : JSON.stringify(value);
}

/** Further names that transformers has for the activations that llama.cpp applies. */
const OTHER_NAMES: Readonly<Record<string, string>> = { silu: "swish", gelu_pytorch_tanh: "gelu_new" };

function checkActivation(architecture: Architecture, raw: Fields, misfits: Misfits): void {
  const [field, applied] = defaultActivation(architecture);
  const found = raw[field] ?? applied;
  if (found === applied || found === OTHER_NAMES[applied]) return;
  misfits.add(field, `${field} ${shown(found)}: llama.cpp applies ${applied} in ${architecture}`);
}

function checkRope({ architecture }: ModelConfig, raw: Fields, misfits: Misfits): void {
  const rope = ropeParameters(raw, architecture);
  checkRopeFields(rope, architecture, misfits);
  checkFraction(rope, architecture, raw, misfits);
  if (rope.type === "yarn") checkYarn(rope, misfits);
  const outside = raw.original_max_position_embeddings;
  const inside = rope.values.original_max_position_embeddings;
  const readsInside = architecture !== "phi3" && ["llama3", "yarn"].includes(String(rope.type));
  if (readsInside && typeof outside === "number" && outside !== inside) {
    const field = `${rope.field}.original_max_position_embeddings`;
    misfits.add(
      "original_max_position_embeddings",
      `original_max_position_embeddings ${outside} and ${field} ${shown(inside)} contradict each other`,
    );
  }
  const nested = raw.rope_parameters;
  if (architecture !== "gemma3_text" || !isRecord(nested)) return;
  const sliding = slidingRopeParameters(raw);
  checkRopeFields(sliding, architecture, misfits);
  if (sliding.type !== "default") {
    misfits.add(
      `${sliding.field}.rope_type`,
      `${sliding.field}.rope_type ${shown(sliding.type)}: llama.cpp does not scale the rotation of sliding layers`,
    );
  }
  for (const name of Object.keys(nested)) {
    if (name === FULL || name === SLIDING) continue;
    misfits.add(
      `rope_parameters.${name}`,
      `rope_parameters.${name}: expected ${FULL} and ${SLIDING} only, which Gemma 3 has parameters for`,
    );
  }
}

function checkRopeFields({ field, values, type }: RopeParameters, architecture: Architecture, misfits: Misfits): void {
  const types = ROPE_TYPES[architecture];
  if (typeof type !== "string" || !types.includes(type)) {
    misfits.add(
      `${field}.rope_type`,
      `${field} of type ${shown(type)} is not supported in ${architecture}: llama.cpp and transformers have ${types.join(", ")} in common`,
    );
    return;
  }
  const known = new Set([...COMMON_ROPE_FIELDS, ...(ROPE_FIELDS[type] ?? [])]);
  for (const [name, value] of Object.entries(values)) {
    if (value === null || known.has(name)) continue;
    misfits.add(`${field}.${name}`, `${field}.${name} ${shown(value)} is no field that is known of a ${type} rotation`);
  }
}

/** Only Phi-3 rotates a part of each head, in llama.cpp and in transformers alike. */
function checkFraction({ field, values }: RopeParameters, architecture: string, raw: Fields, misfits: Misfits): void {
  if (architecture === "phi3") return;
  const inside = values.partial_rotary_factor;
  const [name, found] =
    inside === undefined
      ? ["partial_rotary_factor", raw.partial_rotary_factor]
      : [`${field}.partial_rotary_factor`, inside];
  if (found === undefined || found === null || found === 1) return;
  misfits.add(name, `${name} ${shown(found)}: llama.cpp rotates whole heads in ${architecture}`);
}

/** llama.cpp reads the bounds of the ramp for other architectures only. */
function checkYarn({ field, values }: RopeParameters, misfits: Misfits): void {
  for (const [name, fixed] of [
    ["beta_fast", 32],
    ["beta_slow", 1],
    ["truncate", true],
  ] as const) {
    const found = values[name] ?? fixed;
    if (found === fixed) continue;
    misfits.add(`${field}.${name}`, `${field}.${name} ${shown(found)}: llama.cpp has ${fixed} fixed`);
  }
}

/** llama.cpp takes one set of factors for all texts, by the context; transformers by the length of each. */
function checkLongRope({ architecture }: ModelConfig, raw: Fields, misfits: Misfits, contextTokens: number): void {
  const { field, type } = ropeParameters(raw, architecture);
  const original = longRopeContext(raw);
  if (type !== "longrope" || contextTokens <= original) return;
  misfits.note(
    `${field}.long_factor: in a context of more than ${original} tokens llama.cpp takes it for shorter texts, too`,
  );
}

function checkLayerTypes({ architecture, layers, slidingWindow }: ModelConfig, raw: Fields, misfits: Misfits): void {
  const types = raw.layer_types;
  if (types === undefined || types === null) return;
  const add = (problem: string): void => misfits.add("layer_types", `layer_types: ${problem}`);
  if (!Array.isArray(types) || types.length !== layers) {
    add(`expected one for each of the ${layers} layers, found ${Array.isArray(types) ? types.length : shown(types)}`);
    return;
  }
  const other: unknown = types.find((type) => type !== FULL && type !== SLIDING);
  if (other !== undefined) add(`expected ${FULL} or ${SLIDING}, found ${shown(other)}`);
  const slides = types.includes(SLIDING);
  if (slides && slidingWindow === undefined) {
    add(`found ${SLIDING}, but no sliding_window that ${architecture} would use`);
  } else if ((architecture === "mistral" || architecture === "phi3") && slidingWindow !== undefined) {
    if (types.includes(FULL)) add(`found ${FULL}, but sliding_window ${slidingWindow} is that of all layers`);
  }
}

/** llama.cpp has sliding windows for Gemma only: elsewhere a window is without effect as long as texts fit into it. */
function checkWindow(
  { architecture, layers, slidingWindow, contextLength }: ModelConfig,
  raw: Fields,
  misfits: Misfits,
  contextTokens: number | undefined,
): void {
  if (slidingWindow === undefined || architecture === "gemma2" || architecture === "gemma3_text") return;
  if (slidingWindow >= (contextTokens ?? contextLength)) return;
  if (!slidingLayers(raw, architecture, layers, true).includes(true)) return;
  const lost = `sliding_window ${slidingWindow}: llama.cpp looks back at all tokens in ${architecture}`;
  if (contextTokens === undefined) misfits.note(`${lost}; of longer texts, attention is another`);
  else misfits.add("sliding_window", `${lost}, and a text may have ${contextTokens}`);
}

/** llama.cpp scales queries by the head size (by the width per head in the 27B models), and caps logits as it was taught. */
function checkGemma(
  { architecture, layers, hiddenSize, heads, headSize }: ModelConfig,
  raw: Fields,
  misfits: Misfits,
): void {
  if (architecture !== "gemma2" && architecture !== "gemma3_text") return;
  const is27B = layers === (architecture === "gemma2" ? 46 : 62);
  const applied = is27B ? Math.floor(hiddenSize / heads) : headSize;
  const asked = raw.query_pre_attn_scalar ?? DEFAULT_QUERY_SCALAR;
  if (asked !== applied) {
    misfits.add(
      "query_pre_attn_scalar",
      `expected query_pre_attn_scalar to be ${applied}, which is what llama.cpp applies, found ${shown(asked)}`,
    );
  }
  if (architecture === "gemma3_text") {
    const capped = raw.attn_logit_softcapping;
    if (capped === undefined || capped === null) return;
    misfits.add(
      "attn_logit_softcapping",
      `attn_logit_softcapping ${shown(capped)}: llama.cpp caps no logits of attention in ${architecture}`,
    );
    return;
  }
  for (const name of ["attn_logit_softcapping", "final_logit_softcapping"]) {
    if (raw[name] === null) misfits.add(name, `${name} null: llama.cpp always caps these logits in gemma2`);
  }
}

/** llama.cpp takes the output of attention for as wide as the model in these. */
function checkHeads({ architecture, heads, headSize, hiddenSize }: ModelConfig, misfits: Misfits): void {
  if ((architecture !== "qwen2" && architecture !== "phi3") || heads * headSize === hiddenSize) return;
  misfits.add(
    "head_dim",
    `head_dim ${headSize}: llama.cpp wants ${heads} heads of ${architecture} to be hidden_size ${hiddenSize} together`,
  );
}
