import { isRecord } from "../../base/is-record.ts";

type Fields = Readonly<Record<string, unknown>>;

/** What a config.json says of the rotation of positions, wherever it says it. */
export interface RopeParameters {
  /** Its name in config.json: `rope_scaling`, `rope_parameters`, `rope_parameters.full_attention`. */
  readonly field: string;
  readonly values: Fields;
  /** `default`, `linear`, `yarn`, `llama3`, `longrope`, or whatever else is named. */
  readonly type: unknown;
}

/**
 * The rotation as transformers 5 reads it: `rope_scaling` of older versions, else `rope_parameters`; of Gemma 3, which has
 * two, the one of the layers with full attention.
 */
export function ropeParameters(config: Fields, architecture: string): RopeParameters {
  const { rope_scaling: scaling, rope_parameters: parameters } = config;
  const nested = isRecord(parameters) && isRecord(parameters.full_attention) ? parameters.full_attention : {};
  if (architecture === "gemma3_text") {
    return isRecord(scaling)
      ? named("rope_scaling", { ...nested, ...scaling })
      : named("rope_parameters.full_attention", nested);
  }
  if (isRecord(scaling) && Object.keys(scaling).length > 0) return named("rope_scaling", scaling);
  return named("rope_parameters", isRecord(parameters) ? parameters : {});
}

/** The rotation of Gemma 3's sliding layers. */
export function slidingRopeParameters({ rope_parameters: parameters }: Fields): RopeParameters {
  const values = isRecord(parameters) && isRecord(parameters.sliding_attention) ? parameters.sliding_attention : {};
  return named("rope_parameters.sliding_attention", values);
}

function named(field: string, values: Fields): RopeParameters {
  // Phi-3's first name of it.
  const type = values.rope_type ?? values.type ?? "default";
  return { field, values, type: type === "su" ? "longrope" : type };
}

/** The original context of a Phi-3 whose config.json does not say it. */
const PHI3_CONTEXT = 4096;

/** The context on which a model with longrope was trained first, in tokens: longer texts take its long factors. */
export function longRopeContext(raw: Fields): number {
  const found = raw.original_max_position_embeddings;
  return typeof found === "number" && found > 1 ? found : PHI3_CONTEXT;
}
