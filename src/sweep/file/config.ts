import { z } from "zod";
import { ConfigError } from "../../base/errors.ts";
import { isRecord } from "../../base/is-record.ts";
import { projectRootOf } from "../../base/project-root.ts";
import { checkYaml } from "../../base/yaml/check-yaml.ts";
import { parseYaml, readYamlFile, type YamlDocument } from "../../base/yaml/yaml-document.ts";
import { GGUF_TYPES } from "../../checkpoints/gguf/gguf-layout.ts";
import { objectiveSchema } from "../../findings/objective.ts";
import type { KvType } from "../../models/llama-cpp/engine-options.ts";
import { isServerUrl } from "../../models/server/server-url.ts";
import { EXTRACTION_PROFILES } from "../../scorers/accuracy/extract/extract.ts";
import { scoreOptionsOf } from "../../scorers/scoring.ts";
import { clusterSchema } from "./cluster-config.ts";
import { type Protocol, protocolEntry, readProtocol, withProtocol } from "./protocol.ts";
import { searchSchema } from "./search-config.ts";
import { putVariables, setVariables, type Variables } from "./variables.ts";

/** More points than this is a typo in a step, and would take longer than anybody waits. */
export const MAX_POINTS = 10_000;

const decimal = z.union([z.number(), z.string().regex(/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/, "expected a number")]);
const axisSchema = z.union(
  [
    z.array(decimal).min(1, "expected at least one value"),
    z.strictObject({
      /** First value. */
      from: decimal,
      /** Last value, included if the steps meet it. */
      to: decimal,
      /** Distance of neighbours; positive. */
      step: decimal,
    }),
  ],
  "expected a list of numbers, or { from, to, step }",
);

const fraction = z.number().min(0).max(1);

const generationSchema = z.strictObject({
  /** 0 is greedy. */
  temperature: z.number().min(0).default(0),
  top_p: fraction.default(1),
  /** 0 keeps every token. */
  top_k: z.int().min(0).default(0),
  min_p: fraction.default(0),
  /** 1 is none. */
  repetition_penalty: z.number().positive().default(1),
  /**
   * Completion tokens at the most. A low cap truncates: the report shows how often. If left out 2048, or half the context of
   * a model that has little.
   */
  max_tokens: z.int().positive().optional(),
  /** Tokens of thinking after which an answer is asked for. */
  max_thinking_tokens: z.int().positive().nullable().default(null),
  /** Generation ends before any of these. */
  stop: z.array(z.string().min(1)).default([]),
  /** Completions a problem, where a benchmark does not say. */
  attempts: z.int().positive().default(1),
  seed: z.int().nonnegative().default(0),
  /** The day that chat templates are told, where one asks for it; the day on which the run was set down if left out. */
  date: z
    .string()
    .regex(/^\d{4}-\d{2}-\d{2}$/, "expected a day such as 2026-01-31")
    .optional(),
});
/** As a person gives it. */
export type GenerationConfig = z.infer<typeof generationSchema>;

const scoringSchema = z.strictObject({
  /** The order in which answers are looked for: ours, or another project's for comparison. */
  profile: z.enum(EXTRACTION_PROFILES).default("default"),
  /** Formats of your own: name -> regular expression (RE2), each reported as `format_<name>`. */
  formats: z.record(z.string(), z.string()).default({}),
});

/** llama.cpp's types for past tokens. */
export const KV_TYPES = ["f32", "bf16", "f16", "q8_0", "q4_0"] as const satisfies readonly KvType[];

const runtimeSchema = z.strictObject({
  /** `auto` lets llama.cpp take a GPU if there is one; by default it runs on the CPU, where the same seed gives the same text. */
  gpu: z.union([z.literal("auto"), z.literal(false)], 'expected "auto" or false').optional(),
  /** What llama.cpp stores the keys and values of past tokens in; quantised ones need flash attention. */
  kv_type: z.enum(KV_TYPES).optional(),
  flash_attention: z.boolean().optional(),
  /** Tokens of context of a completion and its prompt; what the longest prompt and max_tokens need if left out. */
  context_size: z.int().min(16).optional(),
  /** A server that speaks OpenAI's completions protocol, up to and with the version: http://localhost:8000/v1; `serve` fills "{port}". */
  url: z.string().refine(isServerUrl, "expected an address such as http://localhost:8000/v1").optional(),
  /** The server's name of the model; "{name}" in it is the point's. What the server lists first if left out. */
  model: z.string().min(1).optional(),
  /** Completions in flight; the server queues what it cannot run at once. */
  concurrency: z.int().positive().optional(),
  /** Environment variable that holds the server's key. */
  api_key_env: z.string().min(1).optional(),
  /** Seconds that a server started by `serve` may take until it answers. */
  start_seconds: z.int().positive().optional(),
});

/** As a person gives it. */
export type RuntimeConfig = z.infer<typeof runtimeSchema>;

const benchmarkEntrySchema = z.union([
  z.string().min(1),
  z.strictObject({
    name: z.string().min(1),
    /** A prompt template that the benchmark offers; its default if left out. */
    prompt: z.string().optional(),
    /** Only the first problems. */
    limit: z.int().positive().optional(),
    /** Completions a problem of this benchmark; small sets need more than large ones for the same interval. */
    attempts: z.int().positive().optional(),
  }),
]);

type BenchmarkEntry = z.infer<typeof benchmarkEntrySchema>;

const identifier = z.string().regex(/^[A-Za-z_]\w*$/, "expected a name such as w");

const sweepSchema = z.strictObject({
  /** Names the run store and the report: runs/<name>, reports/<name>. */
  name: z.string().regex(/^[A-Za-z0-9][\w.-]*$/, "expected letters, digits, dots, dashes and underscores"),
  description: z.string().optional(),
  /** A protocol's name or path: benchmarks, generation and scoring are its own where this file does not say otherwise. */
  protocol: z.string().min(1).optional(),
  /** Where models are: "${len}" in the strings of recipe, references and points; `--set len=PATH_OR_HUB_ID` changes it. */
  variables: z.record(identifier, z.string().min(1).nullable()).default({}),
  /** What varies. Several axes make a grid. */
  axes: z.record(identifier, axisSchema).default({}),
  /** A mergekit config in which values may be expressions over the axes: "${1 - w}". */
  recipe: z.record(z.string(), z.unknown()).optional(),
  /** Checkpoints that are evaluated beside the points and never merged: name -> path. */
  references: z.record(z.string().regex(/^[A-Za-z0-9][\w.-]*$/, "expected a short name"), z.string()).default({}),
  /** Models that stand in as points, as they are, each with its place on the axes: `{ w: 0.1, model: org/name }`. */
  points: z.array(z.object({ model: z.string().min(1) }).catchall(decimal)).default([]),
  benchmarks: z.array(benchmarkEntrySchema).min(1, "expected at least one benchmark"),
  generation: generationSchema.prefault({}),
  /** How completions are scored. Changing it costs no generation: stored completions are scored again. */
  scoring: scoringSchema.prefault({}),
  /** What the sweep is for: its report begins with the answer. Changing it costs nothing. */
  objective: objectiveSchema.optional(),
  /** Asks in blocks what decides the objective, instead of everything: see docs/search.md. */
  search: searchSchema.optional(),
  /** How llama.cpp runs here, or the server that completes instead of it. */
  runtime: runtimeSchema.prefault({}),
  /**
   * A shell command that starts such a server for a point: `vllm serve {model} --port {port}`. {model} is a checkpoint folder,
   * {gguf} a GGUF file of the same weights.
   */
  serve: z.string().min(1).optional(),
  /** The type that weights are stored in for evaluation. */
  gguf_type: z.enum(GGUF_TYPES).default("bf16"),
  /** How `mergesweep submit` submits it; changes no result. */
  cluster: clusterSchema.optional(),
});
export type SweepConfig = z.infer<typeof sweepSchema>;
/** As a person writes it: what has a default may be left out. */
export type SweepInput = z.input<typeof sweepSchema>;

/** A sweep file, checked, with the places of its lines for later errors. */
export interface SweepFile {
  readonly path: string;
  /** Relative paths are looked up here first, then in the working directory. */
  readonly root: string;
  /** Its strings have the values of the variables. */
  readonly config: SweepConfig;
  /** What the file's protocol says. */
  readonly protocol?: Protocol | undefined;
  readonly document: YamlDocument;
}

/**
 * Reads and checks a sweep file.
 *
 * @param set values of its variables instead of the file's
 * @param protocolName the protocol to follow instead of the file's
 * @throws UsageError for a variable that it does not have
 * @throws ConfigError naming file, line and column of everything that is wrong in it
 */
export async function readSweepFile(
  path: string,
  set: Readonly<Record<string, string>> = {},
  protocolName?: string,
): Promise<SweepFile> {
  const hint = "Ready-to-run sweeps are in sweeps/, for example sweeps/pocket.yaml.";
  const text = await readYamlFile(path, "a sweep file", hint);
  const document = parseYaml(text, path);
  const root = projectRootOf(path);
  const protocol =
    protocolName === undefined ? await protocolOf(document, root) : await readProtocol(protocolName, root);
  return { ...checkSweep(document, path, root, { set, protocol }), protocol };
}

async function protocolOf(document: YamlDocument, root: string): Promise<Protocol | undefined> {
  const name = isRecord(document.value) ? document.value.protocol : undefined;
  if (typeof name !== "string") return undefined;
  return await readProtocol(name, root).catch((error: unknown) => {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(`${document.locate(["protocol"])}: ${error.message}`, { hint: error.hint, cause: error });
  });
}

/** A benchmark that a flag names, asked as the sweep's protocol asks it, if that has it. */
export function benchmarkEntryOf(name: string, { protocol }: Pick<SweepFile, "protocol">): BenchmarkEntry {
  return benchmarkEntrySchema.parse(protocolEntry(name, protocol));
}

/**
 * Checks what a sweep says.
 *
 * @param path of the file, or what else to call it in errors
 * @param root where its relative paths start
 * @throws ConfigError naming the place of everything that is wrong in it; UsageError for a variable that it does not have
 */
export function checkSweep(
  document: YamlDocument,
  path: string,
  root: string,
  { set = {}, protocol }: { set?: Readonly<Record<string, string>>; protocol?: Protocol | undefined } = {},
): SweepFile {
  const value = protocol === undefined ? document.value : withProtocol(document.value, protocol);
  const written = checkYaml(document, sweepSchema, { value });
  const variables = setVariables(written.variables, set, root);
  const config = { ...withVariables(written, variables, document), variables };
  if (config.recipe === undefined && config.points.length === 0 && Object.keys(config.references).length === 0) {
    throw new ConfigError(
      `${path}: expected a recipe, points or references; found neither: there is nothing to evaluate`,
    );
  }
  if (config.recipe === undefined && Object.keys(config.axes).length > 0) {
    throw new ConfigError(`${document.locate(["axes"])}: there are axes but no recipe that uses them`);
  }
  checkFormats(config.scoring, document);
  return { path, root, config, document };
}

/** @throws ConfigError for a variable that nothing uses, that has no value, or that is an axis as well */
function withVariables(config: SweepConfig, variables: Variables, document: YamlDocument): SweepConfig {
  const both = Object.keys(variables).find((name) => name in config.axes);
  if (both !== undefined) {
    const place = document.locate(["variables", both]);
    throw new ConfigError(`${place}: expected one meaning of "${both}", found a variable and an axis of this name`);
  }
  const unused = new Set(Object.keys(variables));
  const put = <Value>(value: Value, key: string): Value =>
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- strings become strings, all else stays
    putVariables(value, variables, document, [key], (name) => unused.delete(name)) as Value;
  const { recipe, references, points } = config;
  const result = {
    ...config,
    recipe: put(recipe, "recipe"),
    references: put(references, "references"),
    points: put(points, "points"),
  };
  const [idle] = unused;
  if (idle === undefined) return result;
  throw new ConfigError(`${document.locate(["variables", idle])}: nothing uses the variable "${idle}"`, {
    hint: `Write "\${${idle}}" in a string of recipe, references or points.`,
  });
}

/** @throws ConfigError naming the place of a format that cannot be used */
function checkFormats({ profile, formats }: SweepConfig["scoring"], document: YamlDocument): void {
  for (const [name, pattern] of Object.entries(formats)) {
    try {
      scoreOptionsOf({ profile, formats: { [name]: pattern } });
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      const place = document.locate(["scoring", "formats", name]);
      throw new ConfigError(`${place}: ${error.message}`, { hint: error.hint, cause: error });
    }
  }
}
