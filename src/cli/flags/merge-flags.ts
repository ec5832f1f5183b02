import type { MergeSettings } from "../../merge/merge-settings.ts";
import { integerOption } from "./options.ts";

/** How models are named, for the help of commands that take them. */
export const MODELS = `A model is a folder with safetensors, a GGUF file (F32, F16, BF16), or org/name[@revision] of the
Hugging Face hub; model+adapter applies a LoRA adapter first. A folder of the same name wins.`;

/** Flags that decide what a recipe's merge is; shared by `merge` and `verify`. */
export const mergeFlags = {
  "random-seed": { ...integerOption("Seed of methods that draw at random (default: 0)"), group: "Merging:" },
  "mergekit-compat": {
    type: "boolean",
    description:
      "Match mergekit's bytes even where they are surprising: weights that cancel out, a model named twice, truncated vocabularies, breadcrumbs that drop everything",
    group: "Merging:",
  },
  "allow-crimes": {
    type: "boolean",
    description: "Merge models of different architectures if their tensors match",
    group: "Merging:",
  },
} as const;

/** The values of `mergeFlags` as yargs gives them. */
interface MergeFlagValues {
  readonly randomSeed: number | undefined;
  readonly mergekitCompat: boolean | undefined;
  readonly allowCrimes: boolean | undefined;
}

/** What these flags say of a merge. */
export function settingsOf(flags: MergeFlagValues): MergeSettings {
  return { seed: flags.randomSeed, compat: flags.mergekitCompat, allowCrimes: flags.allowCrimes };
}
