import type { InferredOptionType, Options } from "yargs";
import { UsageError } from "../../base/errors.ts";
import { GGUF_TYPES } from "../../checkpoints/gguf/gguf-layout.ts";
import { KV_TYPES } from "../../sweep/file/config.ts";
import type { PlanOverrides } from "../../sweep/plan/plan.ts";
import {
  type Flag,
  integerOption,
  listOption,
  namesOption,
  numberOption,
  serverUrlOption,
  textOption,
} from "./options.ts";

/** Lets a conversion to GGUF lose what it does not know; shared by all that convert. */
export const allowUnknownFlag = {
  "allow-unknown": {
    ...listOption("Fields of config.json that may be dropped if llama.cpp does not know them; the report says so"),
    group: "Input:",
  },
} as const;

/** Goes on with weights that are infinite or no number; shared by all that write some. */
export const allowNonFiniteFlag = {
  "allow-non-finite": {
    type: "boolean",
    description: "Continue despite weights that are infinite or NaN",
    group: "Input:",
  },
} as const;

/** Flags that change what a sweep file says; shared by `run`, `plan` and `eval`. */
export const sweepFlags = {
  limit: { ...integerOption("Only the first N problems of every benchmark", 1), group: "Input:" },
  "sample-id": { ...listOption("Only problems with these ids"), group: "Input:" },
  benchmarks: { ...listOption("Benchmarks instead of the file's: a,b"), group: "Input:" },
  "gguf-type": {
    choices: GGUF_TYPES,
    requiresArg: true,
    description: "Type that weights are evaluated in",
    group: "Input:",
  },
  ...allowUnknownFlag,
  ...allowNonFiniteFlag,
  attempts: { ...integerOption("Completions per problem", 1), group: "Generation:" },
  "max-tokens": { ...integerOption("Limit on the tokens of a completion", 1), group: "Generation:" },
  temperature: { ...numberOption("Sampling temperature; 0 is greedy"), group: "Generation:" },
  "top-p": { ...numberOption("Nucleus sampling; 1 keeps all", 0, 1), group: "Generation:" },
  "top-k": {
    ...integerOption("Sample only from this many of the likeliest tokens; 0 keeps all"),
    group: "Generation:",
  },
  "min-p": {
    ...numberOption("Minimum probability relative to the likeliest token; 0 keeps all", 0, 1),
    group: "Generation:",
  },
  seed: { ...integerOption("Seed of the run"), group: "Generation:" },
  "runtime-url": {
    ...serverUrlOption("OpenAI-compatible server that has the model: http://localhost:8000/v1"),
    group: "Runtime:",
  },
  "runtime-model": { ...textOption("The server's name for the model (default: its first)"), group: "Runtime:" },
  "runtime-key-env": { ...textOption("Environment variable that holds the server's key"), group: "Runtime:" },
  serve: { ...textOption("Command that starts a server, with {model} or {gguf}, and {port}"), group: "Runtime:" },
  gpu: { type: "boolean", description: "Let llama.cpp use a GPU if there is one", group: "Runtime:" },
  "kv-type": {
    choices: KV_TYPES,
    requiresArg: true,
    description: "What llama.cpp stores past tokens in (default: f16)",
    group: "Runtime:",
  },
  "flash-attention": { type: "boolean", description: "llama.cpp's flash attention", group: "Runtime:" },
  "context-size": {
    ...integerOption(
      "Tokens of a prompt and its completion (default: what the longest prompt and --max-tokens need)",
      16,
    ),
    group: "Runtime:",
  },
  out: { ...textOption("Folder of the run store (default: runs/<name>)"), group: "Output:" },
} as const satisfies Record<string, Partial<Flag<unknown>> | object>;

/** Chooses points; there is nothing to choose from where a single model is evaluated. */
export const onlyFlag = {
  only: {
    ...namesOption("Only this point, or points that match all of these: w=0.5,d=0.4. May be repeated: any of them"),
    group: "Input:",
  },
} as const;

/** Sets variables of a sweep file; shared by all that read one. */
export const setFlag = {
  set: {
    ...namesOption("Value of a variable of the file: len=PATH_OR_HUB_ID. May be repeated"),
    group: "Input:",
  },
} as const;

/**
 * The variables that `--set` gives.
 *
 * @throws UsageError for what is no name with a value, and for a name that is given twice
 */
export function variablesOf(entries: readonly string[] = []): Readonly<Record<string, string>> {
  const values = new Map<string, string>();
  for (const entry of entries) {
    const [, name, value] = /^([A-Za-z_]\w*)=(.+)$/s.exec(entry) ?? [];
    if (name === undefined || value === undefined) {
      throw new UsageError(`--set: expected a variable and its value such as len=PATH_OR_HUB_ID, found "${entry}"`);
    }
    if (values.has(name)) throw new UsageError(`--set: expected one value of "${name}", found two`);
    values.set(name, value);
  }
  return Object.fromEntries(values);
}

/** The values of `sweepFlags` as yargs gives them, and those of `onlyFlag` where a command has it. */
export type SweepFlagValues = FlagValues<Omit<typeof sweepFlags, "out">> & Partial<FlagValues<typeof onlyFlag>>;

type FlagValues<Flags extends { readonly [Name in keyof Flags]: Options }> = {
  readonly [Name in keyof Flags & string as Camel<Name>]: InferredOptionType<Flags[Name]>;
};

type Camel<Name extends string> = Name extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : Name;

/** Flags beat the file: only those that were given are in the result. */
export function overridesOf(flags: SweepFlagValues): PlanOverrides {
  return {
    limit: flags.limit,
    only: flags.only,
    sampleIds: flags.sampleId,
    benchmarks: flags.benchmarks,
    ggufType: flags.ggufType,
    allowUnknown: flags.allowUnknown,
    allowNonFinite: flags.allowNonFinite,
    generation: given({
      attempts: flags.attempts,
      max_tokens: flags.maxTokens,
      temperature: flags.temperature,
      top_p: flags.topP,
      top_k: flags.topK,
      min_p: flags.minP,
      seed: flags.seed,
    }),
    runtime: given({
      url: flags.runtimeUrl,
      model: flags.runtimeModel,
      api_key_env: flags.runtimeKeyEnv,
      gpu: flags.gpu === undefined ? undefined : flags.gpu && "auto",
      kv_type: flags.kvType,
      flash_attention: flags.flashAttention,
      context_size: flags.contextSize,
    }),
    serve: flags.serve,
  };
}

/** Without the keys that have no value, so that those of the file stay. */
function given<Settings extends object>(settings: Settings): Partial<NonNullableValues<Settings>> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the values that are left are not undefined
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as Partial<
    NonNullableValues<Settings>
  >;
}

type NonNullableValues<Settings> = { [Key in keyof Settings]: Exclude<Settings[Key], undefined> };

/** Whether a search asks, in place of the grid; the sweep file decides if left out. */
export const searchFlag = {
  type: "boolean",
  description: "Ask only what decides the objective, in blocks, instead of everything (docs/search.md)",
  group: "Execution:",
} as const;
