import { isDeepStrictEqual } from "node:util";
import { ARCHITECTURES, type Architecture } from "../../checkpoints/architecture.ts";
import type { Checkpoint } from "../../checkpoints/checkpoint.ts";
import { MAX_LAYERS } from "../../checkpoints/config.ts";
import {
  DEFAULT_CAPS,
  DEFAULT_QUERY_SCALAR,
  defaultActivation,
  defaultNormEpsilon,
  defaultRopeTheta,
  defaultSlidingWindow,
} from "../../checkpoints/fields/defaults.ts";
import { ropeParameters } from "../../checkpoints/fields/rope-parameters.ts";
import { hasSlidingLayers, slidingLayers } from "../../checkpoints/fields/sliding-layers.ts";

type Config = Checkpoint["config"];

/**
 * What a person should know of models that were made to run otherwise than the one whose config.json the merge gets: the
 * weights of such a model compute something else there.
 * @param donor its name
 */
export function otherConfigs(models: ReadonlyMap<string, Pick<Checkpoint, "config">>, donor: string): string[] {
  const given = models.get(donor);
  if (given === undefined) return [];
  return [...models].flatMap(([name, { config }]) => {
    const layers = Math.min(layersOf(config), layersOf(given.config));
    const [found, wanted] = [computation(config, layers), computation(given.config, layers)];
    const names = [...new Set([...Object.keys(wanted), ...Object.keys(found)])];
    const fields = names.filter((field) => !isDeepStrictEqual(found[field], wanted[field]));
    if (fields.length === 0) return [];
    return [`${name}: config.json differs in ${fields.join(", ")} from that of ${donor}, which the merge gets`];
  });
}

function layersOf({ num_hidden_layers: layers }: Config): number {
  return typeof layers === "number" && layers > 0 ? Math.min(layers, MAX_LAYERS) : 0;
}

/**
 * What decides what the same weights compute, by field: one that is absent counts as what transformers takes instead.
 * @param layers how many of the first layers are looked at
 */
function computation(config: Config, layers: number): Readonly<Record<string, unknown>> {
  const architecture = ARCHITECTURES.find((name) => name === config.model_type);
  if (architecture === undefined) return { rms_norm_eps: config.rms_norm_eps, ...rotation(config, undefined) };
  const [activation, name] = defaultActivation(architecture);
  const slides = hasSlidingLayers(config, architecture);
  return {
    rms_norm_eps: config.rms_norm_eps ?? defaultNormEpsilon(architecture),
    [activation]: config[activation] ?? name,
    sliding_window: slides ? (config.sliding_window ?? defaultSlidingWindow(architecture)) : undefined,
    "the layers with a window": slidingLayers(config, architecture, layers, slides),
    ...gemmaComputation(config, architecture),
    ...rotation(config, defaultRopeTheta(architecture)),
  };
}

function gemmaComputation(config: Config, architecture: Architecture): Record<string, unknown> {
  if (architecture !== "gemma2" && architecture !== "gemma3_text") return {};
  const cap = (name: keyof typeof DEFAULT_CAPS): unknown => {
    if (config[name] !== undefined) return config[name];
    return architecture === "gemma2" ? DEFAULT_CAPS[name] : null;
  };
  return {
    query_pre_attn_scalar: config.query_pre_attn_scalar ?? DEFAULT_QUERY_SCALAR,
    attn_logit_softcapping: cap("attn_logit_softcapping"),
    final_logit_softcapping: cap("final_logit_softcapping"),
  };
}

function rotation(config: Config, defaultTheta: number | undefined): Record<string, unknown> {
  const { type, values } = ropeParameters(config, String(config.model_type));
  const { rope_type: _, type: __, rope_theta: inside, ...others } = values;
  return { "the rotation of positions": { type, theta: inside ?? config.rope_theta ?? defaultTheta, ...others } };
}
