import { InputError } from "../base/errors.ts";
import { isRecord } from "../base/is-record.ts";
import { float32, type GgufValue, text, uint32 } from "../gguf/metadata.ts";
import type { GgufTensor } from "../gguf/write.ts";
import type { ModelConfig } from "./config.ts";
import { kindOf } from "./read-json.ts";

/**
 * The rotation of positions as metadata, keys without the architecture's prefix.
 * @throws InputError for a scaling that llama.cpp does not carry out as transformers does
 */
export function ropeMetadata(
  config: ModelConfig,
  raw: Readonly<Record<string, unknown>>,
  where: string,
): [string, GgufValue][] {
  const base: [string, GgufValue][] = [
    ["rope.dimension_count", uint32(rotatedSize(config, raw))],
    ["rope.freq_base", float32(config.ropeTheta)],
  ];
  if (config.architecture === "gemma3_text") {
    base.push(["rope.freq_base_swa", float32(localTheta(raw))]);
  }
  const scaling = config.ropeScaling;
  if (scaling === undefined) return base;
  const number = (key: string): number => readNumber(scaling, key, where);
  switch (scaling.rope_type ?? scaling.type) {
    case "linear":
      return [...base, ["rope.scaling.type", text("linear")], ["rope.scaling.factor", float32(number("factor"))]];
    case "yarn":
      return [
        ...base,
        ["rope.scaling.type", text("yarn")],
        ["rope.scaling.factor", float32(number("factor"))],
        ["rope.scaling.original_context_length", uint32(number("original_max_position_embeddings"))],
      ];
    case "llama3":
      // Carried by the tensor rope_freqs.weight.
      return base;
    case "longrope":
    case "su":
      return [...base, ...longRopeMetadata(config, raw)];
    default:
      throw new InputError(
        `${where}: config.json: rope_scaling of type ${kindOf(scaling.rope_type ?? scaling.type)} is not supported`,
      );
  }
}

/** The tensors that carry a rotation which metadata cannot: factors by frequency, F32. */
export function ropeTensors(config: ModelConfig, raw: Readonly<Record<string, unknown>>, where: string): GgufTensor[] {
  const scaling = config.ropeScaling;
  const type = scaling?.rope_type ?? scaling?.type;
  if (scaling === undefined) return [];
  if (type === "llama3") {
    const factors = llama3Factors(config.headSize, config.ropeTheta, readLlama3Scaling(scaling, where));
    return [constant("rope_freqs.weight", factors)];
  }
  if (type !== "longrope" && type !== "su") return [];
  return (["long", "short"] as const).map((length) => {
    const factors = scaling[`${length}_factor`];
    const expected = rotatedSize(config, raw) / 2;
    if (!Array.isArray(factors) || factors.length !== expected || !factors.every((f) => typeof f === "number")) {
      throw new InputError(`${where}: config.json: expected rope_scaling.${length}_factor to be ${expected} numbers`);
    }
    return constant(`rope_factors_${length}.weight`, factors);
  });
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
    const wavelength = 2 * Math.PI * theta ** ((2 * i) / headSize);
    if (wavelength < context / high) return 1;
    if (wavelength > context / low) return factor;
    const smooth = (context / wavelength - low) / (high - low);
    return 1 / ((1 - smooth) / factor + smooth);
  });
}

function readLlama3Scaling(scaling: Readonly<Record<string, unknown>>, where: string): Llama3Scaling {
  return {
    factor: readNumber(scaling, "factor", where),
    low: readNumber(scaling, "low_freq_factor", where),
    high: readNumber(scaling, "high_freq_factor", where),
    context: readNumber(scaling, "original_max_position_embeddings", where),
  };
}

/** Phi-3 with long context: two sets of factors, and attention made sharper by how far the context was stretched. */
function longRopeMetadata(config: ModelConfig, raw: Readonly<Record<string, unknown>>): [string, GgufValue][] {
  const original = originalContext(config, raw);
  const scale = config.contextLength / original;
  const attention = scale > 1 ? Math.sqrt(1 + Math.log(scale) / Math.log(original)) : 1;
  return [
    ["rope.scaling.original_context_length", uint32(original)],
    ["rope.scaling.attn_factor", float32(attention)],
  ];
}

function originalContext(config: ModelConfig, raw: Readonly<Record<string, unknown>>): number {
  const found = config.ropeScaling?.original_max_position_embeddings ?? raw.original_max_position_embeddings;
  return typeof found === "number" && found > 1 ? found : config.contextLength;
}

/** How many elements of a head are rotated. */
function rotatedSize(config: ModelConfig, raw: Readonly<Record<string, unknown>>): number {
  const partial = raw.partial_rotary_factor;
  return typeof partial === "number" && partial > 0 && partial <= 1
    ? Math.floor(config.headSize * partial)
    : config.headSize;
}

/** Gemma 3's sliding layers rotate with a base of their own. */
function localTheta(raw: Readonly<Record<string, unknown>>): number {
  const sliding = isRecord(raw.rope_parameters) ? raw.rope_parameters.sliding_attention : undefined;
  const found = raw.rope_local_base_freq ?? (isRecord(sliding) ? sliding.rope_theta : undefined);
  return typeof found === "number" && found > 0 ? found : 10_000;
}

function readNumber(scaling: Readonly<Record<string, unknown>>, key: string, where: string): number {
  const value = scaling[key];
  if (typeof value === "number" && Number.isFinite(value) && value > 0) return value;
  throw new InputError(
    `${where}: config.json: expected rope_scaling.${key} to be a positive number, found ${kindOf(value)}`,
  );
}

function constant(name: string, values: readonly number[]): GgufTensor {
  const bytes = new Uint8Array(Float32Array.from(values).buffer);
  return { name, storage: "F32", shape: [values.length], from: { bytes } };
}
