import { RE2JS } from "re2js";
import { InputError, messageOf } from "../../base/errors.ts";
import { isRecord } from "../../base/is-record.ts";
import { kindOf } from "../read-json.ts";

/** What of adapter_config.json decides the merged weights. */
export interface AdapterConfig {
  /** Whether the layers store their weights as [inputs, outputs] (GPT-2's Conv1D). */
  readonly transposed: boolean;
  /** The rank that a module should have, and the factor of its product. */
  scalingOf(module: string): { readonly rank: number; readonly scale: number };
}

/** No adapter has more; the product of an absurd one would not end. */
const MAX_RANK = 4096;
/** Settings that change how the weights are made, and that are not carried out. */
const UNSUPPORTED = [
  "use_dora",
  "layer_replication",
  "trainable_token_indices",
  "target_parameters",
  "alora_invocation_tokens",
];
/** These store a part of the base model in the adapter: it only fits a base that was changed in the same way. */
const CHANGED_BASE = /^(pissa|olora|corda|loftq)/;

/**
 * Reads PEFT's adapter_config.json.
 * @param where the adapter, for errors
 * @throws InputError if it is no LoRA adapter, or of a kind whose weights would come out wrong
 */
export function readAdapterConfig(json: Readonly<Record<string, unknown>>, where: string): AdapterConfig {
  const at = `${where}: adapter_config.json`;
  if (json.peft_type !== "LORA") {
    throw new InputError(`${at}: expected a LoRA adapter (peft_type "LORA"), found ${kindOf(json.peft_type)}`);
  }
  for (const key of UNSUPPORTED) {
    const value = json[key];
    if (value === undefined || value === null || value === false) continue;
    throw new InputError(`${at}: ${key} is not supported`, {
      hint: "Merge the adapter with peft (merge_and_unload, save_pretrained) and name the folder that it writes.",
    });
  }
  const init = json.init_lora_weights;
  if (typeof init === "string" && CHANGED_BASE.test(init)) {
    throw new InputError(`${at}: adapters made with init_lora_weights "${init}" belong to a changed base model`, {
      hint: "Save the adapter with path_initial_model_for_weight_conversion to get a plain one.",
    });
  }
  const rank = positive(json.r, "r", at);
  const alpha = positive(json.lora_alpha, "lora_alpha", at);
  const ranks = readPattern(json.rank_pattern, "rank_pattern", at);
  const alphas = readPattern(json.alpha_pattern, "alpha_pattern", at);
  const root = json.use_rslora === true;
  return {
    transposed: json.fan_in_fan_out === true,
    scalingOf(module) {
      const own = ranks(module) ?? rank;
      if (!Number.isInteger(own) || own > MAX_RANK) {
        throw new InputError(`${at}: expected a rank of 1 to ${MAX_RANK}, found ${own}`);
      }
      return { rank: own, scale: (alphas(module) ?? alpha) / (root ? Math.sqrt(own) : own) };
    },
  };
}

function positive(value: unknown, key: string, at: string): number {
  if (typeof value === "number" && Number.isFinite(value) && value > 0) return value;
  throw new InputError(`${at}: expected ${key} to be a positive number, found ${kindOf(value)}`);
}

/** Numbers by regular expression of the end of a module's path; the first that matches counts, as in peft. */
function readPattern(value: unknown, key: string, at: string): (module: string) => number | undefined {
  if (value === undefined || value === null) return () => undefined;
  if (!isRecord(value)) throw new InputError(`${at}: expected ${key} to be an object, found ${kindOf(value)}`);
  const patterns = Object.entries(value).map(([pattern, number]) => {
    try {
      // Matched in linear time: the file is not ours.
      return [RE2JS.compile(`(.*\\.)?(${pattern})`), positive(number, `${key}.${pattern}`, at)] as const;
    } catch (error) {
      if (error instanceof InputError) throw error;
      throw new InputError(`${at}: ${key}: ${messageOf(error)}`, { cause: error });
    }
  });
  return (module) => patterns.find(([pattern]) => pattern.matches(module))?.[1];
}
