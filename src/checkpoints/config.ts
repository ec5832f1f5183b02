import { InputError } from "../base/errors.ts";
import { suggestion } from "../base/suggest.ts";
import { ARCHITECTURES, type Architecture } from "./architecture.ts";
import { defaultNormEpsilon, defaultRopeTheta, defaultSlidingWindow } from "./fields/defaults.ts";
import { ropeParameters } from "./fields/rope-parameters.ts";
import { hasSlidingLayers } from "./fields/sliding-layers.ts";
import { kindOf } from "./read-json.ts";

/** The typed view of config.json: what a runtime needs to know of the shape of a transformer. Sizes in elements. */
export interface ModelConfig {
  readonly architecture: Architecture;
  readonly layers: number;
  readonly hiddenSize: number;
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headSize: number;
  readonly feedForwardSize: number;
  readonly contextLength: number;
  readonly vocabSize: number;
  readonly normEpsilon: number;
  readonly ropeTheta: number;
  /** `rope_scaling` (or `rope_parameters`) where it is more than the plain rotation. */
  readonly ropeScaling: Readonly<Record<string, unknown>> | undefined;
  readonly tiedEmbeddings: boolean;
  /** The dtype named in config.json, such as `bfloat16`; the tensors' own dtype is the truth. */
  readonly dtype: string | undefined;
  readonly bosTokenId: number | undefined;
  readonly eosTokenIds: readonly number[];
  /** Tokens that attention looks back at, in the layers that slide; undefined where none does. */
  readonly slidingWindow: number | undefined;
}

/** Above any model of today; a config with more is a mistake or an attack, and would make us list tensors without end. */
export const MAX_LAYERS = 1000;
const MAX_SIZE = 2 ** 31 - 1;

/** Where transformers does not say it in config.json: the defaults of its config classes. */
const TIED_BY_DEFAULT: ReadonlySet<Architecture> = new Set(["gemma2", "gemma3_text"]);
const HEAD_SIZE_BY_DEFAULT: Partial<Record<Architecture, number>> = { gemma2: 256, gemma3_text: 256, qwen3: 128 };

/**
 * Reads config.json into the typed view.
 * @param where the checkpoint, for errors
 * @throws InputError if the architecture is not supported or a value is missing or impossible
 */
export function readModelConfig(config: Readonly<Record<string, unknown>>, where: string): ModelConfig {
  const architecture = readArchitecture(config, where);
  const size = (key: string, fallback?: number): number => readSize(config, key, fallback, where);
  const hiddenSize = size("hidden_size");
  const heads = size("num_attention_heads");
  const rope = ropeParameters(config, architecture);
  return {
    architecture,
    layers: readSize(config, "num_hidden_layers", undefined, where, MAX_LAYERS),
    hiddenSize,
    heads,
    keyValueHeads: size("num_key_value_heads", heads),
    headSize: size("head_dim", HEAD_SIZE_BY_DEFAULT[architecture] ?? Math.floor(hiddenSize / heads)),
    feedForwardSize: size("intermediate_size"),
    contextLength: size("max_position_embeddings"),
    vocabSize: size("vocab_size"),
    normEpsilon: readNumber(config, "rms_norm_eps", defaultNormEpsilon(architecture), where),
    ropeTheta: readNumber(
      { rope_theta: rope.values.rope_theta ?? config.rope_theta },
      "rope_theta",
      defaultRopeTheta(architecture),
      where,
    ),
    ropeScaling: rope.type === "default" ? undefined : rope.values,
    tiedEmbeddings:
      typeof config.tie_word_embeddings === "boolean" ? config.tie_word_embeddings : TIED_BY_DEFAULT.has(architecture),
    dtype: [config.dtype, config.torch_dtype].find((value) => typeof value === "string"),
    bosTokenId: tokenIds(config.bos_token_id)[0],
    eosTokenIds: tokenIds(config.eos_token_id),
    slidingWindow: readSlidingWindow(config, architecture, where),
  };
}

/** A token id, or a list of them, as config.json and generation_config.json write them. */
export function tokenIds(value: unknown): readonly number[] {
  return (Array.isArray(value) ? value : [value]).filter(
    (id): id is number => typeof id === "number" && Number.isInteger(id) && id >= 0,
  );
}

function readArchitecture(config: Readonly<Record<string, unknown>>, where: string): Architecture {
  const found = config.model_type;
  const known = ARCHITECTURES.find((name) => name === found);
  if (known !== undefined) return known;
  throw new InputError(`${where}: config.json: model_type ${kindOf(found)} is not supported`, {
    hint: suggestion(typeof found === "string" ? found : "", ARCHITECTURES),
  });
}

function readSize(
  config: Readonly<Record<string, unknown>>,
  key: string,
  fallback: number | undefined,
  where: string,
  max = MAX_SIZE,
): number {
  const value = config[key] ?? fallback;
  if (typeof value === "number" && Number.isInteger(value) && value > 0 && value <= max) return value;
  throw new InputError(
    `${where}: config.json: expected ${key} to be an integer from 1 to ${max}, found ${kindOf(value)}`,
  );
}

function readNumber(config: Readonly<Record<string, unknown>>, key: string, fallback: number, where: string): number {
  const value = config[key] ?? fallback;
  if (typeof value === "number" && Number.isFinite(value) && value > 0) return value;
  throw new InputError(`${where}: config.json: expected ${key} to be a positive number, found ${kindOf(value)}`);
}

function readSlidingWindow(
  config: Readonly<Record<string, unknown>>,
  architecture: Architecture,
  where: string,
): number | undefined {
  if (!hasSlidingLayers(config, architecture)) return undefined;
  const value = config.sliding_window === undefined ? defaultSlidingWindow(architecture) : config.sliding_window;
  return readSize({ sliding_window: value }, "sliding_window", undefined, where);
}
