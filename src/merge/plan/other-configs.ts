import { isDeepStrictEqual } from "node:util";
import type { Checkpoint } from "../../checkpoints/checkpoint.ts";
import { ropeParameters } from "../../checkpoints/fields/rope-parameters.ts";

/** What decides what the same weights compute, beside the rotation. */
const FIELDS = [
  "hidden_act",
  "hidden_activation",
  "rms_norm_eps",
  "sliding_window",
  "use_sliding_window",
  "layer_types",
  "attn_logit_softcapping",
  "final_logit_softcapping",
  "query_pre_attn_scalar",
];

/**
 * What a person should know of models that were made to run otherwise than the one whose config.json the merge gets: the
 * weights of such a model compute something else there.
 * @param donor its name
 */
export function otherConfigs(models: ReadonlyMap<string, Checkpoint>, donor: string): string[] {
  const given = models.get(donor);
  if (given === undefined) return [];
  return [...models].flatMap(([name, { config }]) => {
    const fields = FIELDS.filter(
      (field) =>
        given.config[field] !== undefined &&
        !isDeepStrictEqual(config[field], given.config[field]) &&
        config[field] !== undefined,
    );
    if (!isDeepStrictEqual(rotation(config), rotation(given.config))) fields.push("the rotation of positions");
    if (fields.length === 0) return [];
    return [`${name}: config.json differs in ${fields.join(", ")} from that of ${donor}, which the merge gets`];
  });
}

function rotation(config: Checkpoint["config"]): unknown {
  const { type, values } = ropeParameters(config, String(config.model_type));
  const { rope_type: _, type: __, rope_theta: theta = config.rope_theta, ...others } = values;
  return { type, theta, ...others };
}
