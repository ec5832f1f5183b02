import { WorkError } from "../../../base/errors.ts";
import type { NativeContext, NativeSampler, NativeVocabulary } from "./native-context.ts";

/*
 * The one place that knows where node-llama-cpp keeps its native objects, and what they must be able to do. Both hold for
 * the exact version that package.json pins.
 */

const METHODS = {
  AddonContext: [
    "initBatch",
    "addToBatch",
    "decodeBatch",
    "sampleToken",
    "disposeSequence",
    "removeTokenCellsFromSequence",
    "copySequenceStateFromOtherSequence",
  ],
  AddonModel: ["tokenize", "detokenize", "isEogToken", "shouldPrependBosToken", "tokenBos"],
  AddonSampler: ["applyConfig", "dispose"],
} as const;

/** The objects that are found in the library's own. */
interface Internals {
  readonly AddonContext: NativeContext;
  readonly AddonModel: NativeVocabulary;
}

/**
 * What is missing of the internals that the decode loop stands on, looked up before anything is loaded.
 *
 * @param llama what `getLlama` returns
 * @returns names such as `AddonContext.decodeBatch`; none if all is there
 */
export function missingInternals(llama: object): string[] {
  const bindings: unknown = Reflect.get(llama, "_bindings");
  return Object.entries(METHODS).flatMap(([name, methods]) => {
    const prototype = property(property(bindings, name), "prototype");
    if (prototype === undefined) return [name];
    return methods.filter((method) => typeof property(prototype, method) !== "function").map((one) => `${name}.${one}`);
  });
}

/** The native context of a `LlamaContext`. @throws WorkError if it is not where it was */
export function internalContext(context: object): NativeContext {
  return internal(context, "_ctx", "AddonContext");
}

/** The native vocabulary of a `LlamaModel`. @throws WorkError if it is not where it was */
export function internalVocabulary(model: object): NativeVocabulary {
  return internal(model, "_model", "AddonModel");
}

/** Makes samplers for a model's vocabulary. @throws WorkError if their class is not where it was */
export function internalSamplers(llama: object, vocabulary: NativeVocabulary): () => NativeSampler {
  const Sampler = property(Reflect.get(llama, "_bindings"), "AddonSampler");
  if (typeof Sampler !== "function") throw notThere("_bindings", ["AddonSampler"]);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the class makes is not typed anywhere
  return () => Reflect.construct(Sampler, [vocabulary]) as NativeSampler;
}

function internal<Kind extends keyof Internals>(owner: object, name: string, kind: Kind): Internals[Kind] {
  const value: unknown = Reflect.get(owner, name);
  const missing = METHODS[kind].filter((method) => typeof property(value, method) !== "function");
  if (missing.length > 0) throw notThere(name, missing);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- checked above as far as it can be
  return value as Internals[Kind];
}

function notThere(name: string, missing: readonly string[]): WorkError {
  return new WorkError(`Expected node-llama-cpp's ${name} to have ${missing.join(", ")}, found none`, {
    hint: "Install the exact version that package.json names (npm ci), or set MERGESWEEP_LLAMA_API=public.",
  });
}

function property(value: unknown, name: string): unknown {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return undefined;
  return Reflect.get(value, name);
}
