import { GGUF_TYPES, type GgufType } from "../checkpoints/gguf-layout.ts";
import type { Generation } from "../sweep/config.ts";
import type { PlanOverrides } from "../sweep/plan.ts";
import { type Flag, integerOption, numberOption, textOption } from "./options.ts";

/** Flags that change what a sweep file says; shared by `run` and `plan`. */
export const sweepFlags = {
  limit: { ...integerOption("Only the first N problems of every benchmark", 1), group: "Input:" },
  only: {
    type: "string",
    array: true,
    requiresArg: true,
    description: "Only points with this axis value: w=0.3",
    group: "Input:",
  },
  benchmarks: {
    type: "string",
    array: true,
    requiresArg: true,
    description: "Benchmarks instead of the file's",
    group: "Input:",
  },
  "gguf-type": {
    choices: GGUF_TYPES,
    requiresArg: true,
    description: "Type that weights are evaluated in",
    group: "Input:",
  },
  attempts: { ...integerOption("Completions a problem", 1), group: "Generation:" },
  "max-tokens": { ...integerOption("Completion tokens at the most", 1), group: "Generation:" },
  temperature: { ...numberOption("Sampling temperature; 0 is greedy"), group: "Generation:" },
  "top-p": { ...numberOption("Nucleus sampling; 1 keeps all", 0, 1), group: "Generation:" },
  seed: { ...integerOption("Seed of the run"), group: "Generation:" },
  out: { ...textOption("Folder of the run store (default: runs/<name>)"), group: "Output:" },
} as const satisfies Record<string, Partial<Flag<unknown>> | object>;

/** The values of `sweepFlags` as yargs gives them. */
export interface SweepFlagValues {
  readonly limit: number | undefined;
  readonly only: readonly string[] | undefined;
  readonly benchmarks: readonly string[] | undefined;
  readonly ggufType: GgufType | undefined;
  readonly attempts: number | undefined;
  readonly maxTokens: number | undefined;
  readonly temperature: number | undefined;
  readonly topP: number | undefined;
  readonly seed: number | undefined;
}

/** Flags beat the file: only those that were given are in the result. */
export function overridesOf(flags: SweepFlagValues): PlanOverrides {
  const generation: Partial<Generation> = {
    ...(flags.attempts === undefined ? {} : { attempts: flags.attempts }),
    ...(flags.maxTokens === undefined ? {} : { max_tokens: flags.maxTokens }),
    ...(flags.temperature === undefined ? {} : { temperature: flags.temperature }),
    ...(flags.topP === undefined ? {} : { top_p: flags.topP }),
    ...(flags.seed === undefined ? {} : { seed: flags.seed }),
  };
  return {
    limit: flags.limit,
    only: flags.only,
    benchmarks: flags.benchmarks,
    ggufType: flags.ggufType,
    generation,
  };
}
