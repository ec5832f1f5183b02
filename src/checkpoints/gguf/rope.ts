import { InputError } from "../../base/errors.ts";
import { power } from "../../base/power.ts";
import { float32, type GgufValue, text, uint32 } from "../../gguf/metadata.ts";
import type { GgufTensor } from "../../gguf/write.ts";
import type { ModelConfig } from "../config.ts";
import {
  longRopeContext,
  type RopeParameters,
  ropeParameters,
  slidingRopeParameters,
} from "../fields/rope-parameters.ts";
import { kindOf } from "../read-json.ts";
import { GGUF_ARCHITECTURE } from "../tensor-names.ts";

type Fields = Readonly<Record<string, unknown>>;

/**
 * The rotation of positions as metadata, keys without the architecture's prefix. What `checkFields` finds is not looked for
 * here: a type of scaling that llama.cpp does not carry out is left out.
 * @throws InputError for a number that is missing
 */
export function ropeMetadata(config: ModelConfig, raw: Fields, where: string): [string, GgufValue][] {
  const base: [string, GgufValue][] = [
    ["rope.dimension_count", uint32(rotatedSize(config, raw))],
    ["rope.freq_base", float32(config.ropeTheta)],
  ];
  if (config.architecture === "gemma3_text") {
    base.push(["rope.freq_base_swa", float32(localTheta(raw))]);
  }
  const rope = ropeParameters(raw, config.architecture);
  switch (rope.type) {
    case "linear":
      return [
        ...base,
        ["rope.scaling.type", text("linear")],
        ["rope.scaling.factor", float32(readNumber(rope, "factor", where))],
      ];
    case "yarn":
      return [...base, ...yarnMetadata(config, rope, where)];
    case "longrope":
      return [...base, ...longRopeMetadata(config, raw, where)];
    default:
      // Llama 3's is carried by the tensor rope_freqs.weight.
      return base;
  }
}

/** The tensors that carry a rotation which metadata cannot: factors by frequency, F32. */
export function ropeTensors(config: ModelConfig, raw: Fields, where: string): GgufTensor[] {
  const rope = ropeParameters(raw, config.architecture);
  if (rope.type === "llama3" && GGUF_ARCHITECTURE[config.architecture] === "llama") {
    const factors = llama3Factors(config.headSize, config.ropeTheta, readLlama3Scaling(rope, where));
    return [constant("rope_freqs.weight", factors)];
  }
  if (rope.type !== "longrope" || config.architecture !== "phi3") return [];
  return (["long", "short"] as const).map((length) => {
    const factors = rope.values[`${length}_factor`];
    const expected = rotatedSize(config, raw) / 2;
    if (!Array.isArray(factors) || factors.length !== expected || !factors.every((f) => typeof f === "number")) {
      throw new InputError(
        `${where}: config.json: expected ${rope.field}.${length}_factor to be ${expected} numbers, found ${kindOf(factors)}`,
      );
    }
    return constant(`rope_factors_${length}.weight`, factors);
  });
}

/** The factor by which yarn makes attention sharper if nothing else is said: 1 + 0.1 ln(factor), for `weight` 1. */
export function yarnAttention(factor: number, weight = 1): number {
  return factor <= 1 ? 1 : 0.1 * weight * Math.log(factor) + 1;
}

/** llama.cpp multiplies the attention factor that yarn has by itself with the one that is written. */
function yarnMetadata(config: ModelConfig, rope: RopeParameters, where: string): [string, GgufValue][] {
  const original = readNumber(rope, "original_max_position_embeddings", where);
  const given = (key: string): number | undefined =>
    rope.values[key] === undefined || rope.values[key] === null ? undefined : readNumber(rope, key, where);
  const factor = given("factor") ?? config.contextLength / original;
  const [above, below] = [given("mscale"), given("mscale_all_dim")];
  const ofScales =
    above === undefined || below === undefined
      ? undefined
      : yarnAttention(factor, above) / yarnAttention(factor, below);
  const attention = given("attention_factor") ?? ofScales;
  return [
    ["rope.scaling.type", text("yarn")],
    ["rope.scaling.factor", float32(factor)],
    ["rope.scaling.original_context_length", uint32(original)],
    ...(attention === undefined
      ? []
      : ([["rope.scaling.attn_factor", float32(attention / yarnAttention(factor))]] satisfies [string, GgufValue][])),
  ];
}

/** The numbers of Llama 3.1's scaling: `context` is the one it was first trained on. */
interface Llama3Scaling {
  readonly factor: number;
  readonly low: number;
  readonly high: number;
  readonly context: number;
}

/** Llama 3.1: low frequencies are stretched by `factor`, high ones are left, and those between blend. */
export function llama3Factors(
  headSize: number,
  theta: number,
  { factor, low, high, context }: Llama3Scaling,
): number[] {
  return Array.from({ length: headSize / 2 }, (_, i) => {
    const wavelength = 2 * Math.PI * power(theta, (2 * i) / headSize);
    if (wavelength < context / high) return 1;
    if (wavelength > context / low) return factor;
    const smooth = (context / wavelength - low) / (high - low);
    return 1 / ((1 - smooth) / factor + smooth);
  });
}

function readLlama3Scaling(rope: RopeParameters, where: string): Llama3Scaling {
  return {
    factor: readNumber(rope, "factor", where),
    low: readNumber(rope, "low_freq_factor", where),
    high: readNumber(rope, "high_freq_factor", where),
    context: readNumber(rope, "original_max_position_embeddings", where),
  };
}

/** The factor by which longrope makes attention sharper if nothing else is said. */
export function longRopeAttention(factor: number, original: number): number {
  return factor > 1 ? Math.sqrt(1 + Math.log(factor) / Math.log(original)) : 1;
}

/** Phi-3 with long context: two sets of factors, and attention made sharper by how far the context was stretched. */
function longRopeMetadata(config: ModelConfig, raw: Fields, where: string): [string, GgufValue][] {
  const rope = ropeParameters(raw, config.architecture);
  const original = longRopeContext(raw);
  const given = (key: string): number | undefined =>
    rope.values[key] === undefined || rope.values[key] === null ? undefined : readNumber(rope, key, where);
  const factor = given("factor") ?? config.contextLength / original;
  return [
    ["rope.scaling.original_context_length", uint32(original)],
    ["rope.scaling.attn_factor", float32(given("attention_factor") ?? longRopeAttention(factor, original))],
  ];
}

/** How many elements of a head are rotated. Only Phi-3 rotates fewer than all. */
function rotatedSize({ architecture, headSize }: ModelConfig, raw: Fields): number {
  const partial = ropeParameters(raw, architecture).values.partial_rotary_factor ?? raw.partial_rotary_factor;
  return architecture === "phi3" && typeof partial === "number" && partial > 0 && partial <= 1
    ? Math.floor(headSize * partial)
    : headSize;
}

/** Gemma 3's sliding layers rotate with a base of their own. */
function localTheta(raw: Fields): number {
  const found = slidingRopeParameters(raw).values.rope_theta ?? raw.rope_local_base_freq;
  return typeof found === "number" && found > 0 ? found : 10_000;
}

function readNumber({ field, values }: RopeParameters, key: string, where: string): number {
  const value = values[key];
  if (typeof value === "number" && Number.isFinite(value) && value > 0) return value;
  throw new InputError(
    `${where}: config.json: expected ${field}.${key} to be a positive number, found ${kindOf(value)}`,
  );
}

function constant(name: string, values: readonly number[]): GgufTensor {
  const bytes = new Uint8Array(Float32Array.from(values).buffer);
  return { name, storage: "F32", shape: [values.length], from: { bytes } };
}
