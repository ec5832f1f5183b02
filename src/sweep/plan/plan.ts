import { join } from "node:path";
import { countOf } from "../../base/count-of.ts";
import { digestOf } from "../../base/digest.ts";
import { ConfigError } from "../../base/errors.ts";
import { fileName } from "../../base/files/file-name.ts";
import { ownVersion } from "../../base/version.ts";
import type { Benchmark } from "../../benchmarks/benchmark.ts";
import { type Checkpoint, fetchedModels } from "../../checkpoints/checkpoint.ts";
import type { GgufType } from "../../checkpoints/gguf/gguf-layout.ts";
import type { AskedBenchmark, EvaluationSettings } from "../../eval/evaluate.ts";
import { CheckpointPool, type PoolOptions } from "../../merge/checkpoint-pool.ts";
import { type MergePlan, planMerge } from "../../merge/plan/plan.ts";
import { parseRecipe } from "../../merge/recipe/parse-recipe.ts";
import { MANIFEST_VERSION, type Manifest, type PlannedPoint } from "../../runs/schema.ts";
import type { OwnScorer } from "../../scorers/own-scorer.ts";
import { withScorers } from "../../scorers/scoring.ts";
import { elementCount } from "../../tensors/tensor-info.ts";
import type { GenerationConfig, RuntimeConfig, SweepFile } from "../file/config.ts";
import { expandSweep } from "../file/expand.ts";
import { axisNames } from "../file/published-points.ts";
import { explainVariable } from "../file/variables.ts";
import { loadAskedBenchmarks } from "./asked-benchmarks.ts";
import { checkObjective } from "./check-objective.ts";
import { type CheckedWeights, checkWeights } from "./check-weights.ts";
import { type OwnParts, ownMethodOf, refuseTwins } from "./own-parts.ts";
import { contextNeeded, leastContext, promptNotes } from "./plan-context.ts";
import { planDate } from "./plan-date.ts";
import { type EnginePlan, planEngine } from "./plan-engine.ts";
import { type Generation, settingsOf } from "./plan-generation.ts";
import { planServer, type ServerPlan } from "./plan-server.ts";
import { describeProtocol } from "./protocol-differences.ts";
import { selectPoints } from "./select-points.ts";

/** What is evaluated at a point, opened and checked. */
type PlannedWeights =
  | { readonly kind: "merge"; readonly merge: MergePlan }
  | { readonly kind: "checkpoint"; readonly checkpoint: Checkpoint };

export interface PlannedUnit {
  readonly point: PlannedPoint;
  readonly weights: PlannedWeights;
}

/** Everything a sweep is going to do, checked before any of it starts. */
export interface SweepPlan {
  readonly sweep: SweepFile;
  readonly units: readonly PlannedUnit[];
  readonly benchmarks: readonly AskedBenchmark[];
  /** The same benchmarks with all of their problems: what is stored may be more than is asked now. */
  readonly wholeBenchmarks: readonly Benchmark[];
  /** Scorers that were defined in code. */
  readonly scorers: readonly OwnScorer[];
  readonly settings: EvaluationSettings;
  readonly ggufType: GgufType;
  /** Undefined for llama.cpp in processes of our own. */
  readonly server: ServerPlan | undefined;
  /** How llama.cpp is started. */
  readonly engine: EnginePlan;
  /** Fields of config.json that may be lost on the way to GGUF. */
  readonly allowUnknown: readonly string[];
  /** Whether weights that are infinite or no number are evaluated all the same. */
  readonly allowNonFinite: boolean;
  /** What a person should know though it stops nothing. */
  readonly notes: readonly string[];
  /** Tokens of context, where the person chose them. */
  readonly contextSize: number | undefined;
  /** The day that chat templates are told, where one asks. */
  readonly date: string | undefined;
  /** Whether flags ask for a part of the sweep only. */
  readonly trial: boolean;
  readonly manifest: Manifest;
  /** Folder of the run store. */
  readonly store: string;
  /** Closes the checkpoints. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** What flags may change of a sweep file; flags win. */
export interface PlanOverrides {
  readonly limit?: number | undefined;
  readonly ggufType?: GgufType | undefined;
  readonly generation?: Partial<GenerationConfig> | undefined;
  readonly benchmarks?: readonly string[] | undefined;
  readonly runtime?: RuntimeConfig | undefined;
  readonly serve?: string | undefined;
  /** Fields of config.json that may be lost on the way to GGUF. */
  readonly allowUnknown?: readonly string[] | undefined;
  /** Whether weights that are infinite or no number are evaluated all the same. */
  readonly allowNonFinite?: boolean | undefined;
  /** Only problems with these ids. */
  readonly sampleIds?: readonly string[] | undefined;
  /** `w=0.3` or a point's name; with commas, all of several conditions. Points that meet any of them; references stay. */
  readonly only?: readonly string[] | undefined;
}

/** What a plan is made with. */
export interface PlanSettings {
  /** Merge methods, benchmarks and scorers that the caller brings along in code. */
  readonly own?: OwnParts | undefined;
  /** The run store that the plan is for: the day that an earlier run told chat templates stays. @default runs/<name> */
  readonly store?: string | undefined;
  /** How models of the hub are opened: with `peek`, nothing is fetched and nothing can be run. */
  readonly downloads?: PoolOptions | undefined;
}

const DEFAULT_MAX_TOKENS = 2048;

/**
 * Expands a sweep into units, opens every checkpoint, and checks every merge and benchmark. Nothing is written.
 *
 * @param overrides what is wanted otherwise than the sweep says
 * @throws ConfigError or InputError; nothing has been started then
 */
export async function planSweep(
  sweep: SweepFile,
  overrides: PlanOverrides = {},
  settings: PlanSettings = {},
): Promise<SweepPlan> {
  const { config } = sweep;
  const { store = join("runs", config.name), downloads, own = {} } = settings;
  refuseTwins(own);
  const ggufType = overrides.ggufType ?? config.gguf_type;
  const loaded = await loadAskedBenchmarks(sweep, {
    ...overrides,
    attempts: overrides.generation?.attempts,
    own: own.benchmarks,
  });
  const { asked: benchmarks, whole: wholeBenchmarks, described } = loaded;
  const pool = new CheckpointPool(sweep.root, downloads);
  try {
    const units: PlannedUnit[] = [];
    const add = (
      kind: PlannedPoint["kind"],
      name: string,
      axes: Readonly<Record<string, string>>,
      weights: PlannedWeights,
    ): void => {
      const unit = `${String(units.length).padStart(3, "0")}-${fileName(name)}`;
      units.push({ point: { name, kind, axes: { ...axes }, unit }, weights });
    };
    for (const point of selectPoints(expandSweep(sweep), overrides.only)) {
      if ("model" in point) {
        add("point", point.name, point.axes, { kind: "checkpoint", checkpoint: await pool.open(point.model) });
        continue;
      }
      const recipe = parseRecipe(point.recipe, (path) => sweep.document.locate(["recipe", ...path]), own.methods);
      const merge = await planMerge(recipe, { root: sweep.root, pool, methods: own.methods });
      add("point", point.name, point.axes, { kind: "merge", merge });
    }
    for (const [name, path] of Object.entries(config.references)) {
      add("reference", name, {}, { kind: "checkpoint", checkpoint: await pool.open(path) });
    }
    if (overrides.only === undefined) {
      checkObjective(
        sweep,
        units.map(({ point }) => point.name),
      );
    }
    const donors = units.map(({ weights }) => donorOf(weights));
    const contextLimit = leastContext(donors);
    const given = { ...config.generation, ...overrides.generation };
    const fitting = Math.min(DEFAULT_MAX_TOKENS, Math.floor(contextLimit / 2));
    const generation: Generation = { ...given, max_tokens: given.max_tokens ?? fitting };
    const runtime = { ...config.runtime, ...overrides.runtime };
    const engine = planEngine(runtime, sweep.document);
    const server = planServer(sweep, { runtime, serve: overrides.serve ?? config.serve }, units, generation);
    const { context_size: contextSize } = runtime;
    if (contextSize !== undefined && contextSize > contextLimit) {
      throw new ConfigError(
        `${sweep.document.locate(["runtime", "context_size"])}: expected a context_size of at most ${contextLimit} tokens, the least context of the models, found ${contextSize}`,
      );
    }
    const date = await planDate(donors, generation.date, store);
    const wanted = await contextNeeded(donors, benchmarks, generation.max_tokens, date);
    const contextTokens = Math.min(contextLimit, contextSize ?? wanted);
    const evaluation = { ...settingsOf(generation, contextTokens), date };
    const { date: _date, ...undated } = generation;
    const allowUnknown = overrides.allowUnknown ?? [];
    const converted = server === undefined || server.weights === "gguf" ? units : [];
    const lost = await checkWeights(converted.map(checkedWeights), ggufType, { allowUnknown, contextTokens });
    const unasked = await promptNotes(
      units.map(({ point, weights }) => [weights.kind === "merge" ? "The points" : point.name, donorOf(weights)]),
    );
    const short =
      contextTokens > generation.max_tokens
        ? []
        : [
            `No completion can have max_tokens, ${generation.max_tokens}: the context of prompt and completion is ${countOf(contextTokens, "token")}.`,
          ];
    const notes = [...new Set(units.flatMap(({ weights }) => mergeWarnings(weights))), ...lost, ...unasked, ...short];
    const { allowNonFinite = false } = overrides;
    if (allowNonFinite) notes.push("Weights that are infinite or no number were evaluated all the same.");
    const plan = {
      name: config.name,
      axes: config.axes,
      recipe: config.recipe,
      references: config.references,
      ...(config.points.length === 0 ? {} : { published: config.points }),
      points: units.map(({ point }) => point.name),
      benchmarks: described.map(({ ids: _ids, of: _of, source: _source, ...benchmark }) => benchmark),
      sample_ids: overrides.sampleIds,
      generation: { ...undated, ...(date === undefined ? {} : { date }) },
      gguf_type: ggufType,
      ...fetchedOf(units),
      ...ownMethodOf(units.flatMap(({ weights }) => (weights.kind === "merge" ? [weights.merge.method] : []))),
      ...(server === undefined ? {} : { server: server.identity }),
      ...(Object.keys(engine).length === 0 ? {} : { engine }),
      ...(contextSize === undefined ? {} : { context_size: contextSize }),
    };
    return {
      sweep,
      units,
      benchmarks,
      wholeBenchmarks,
      scorers: own.scorers ?? [],
      settings: evaluation,
      ggufType,
      server,
      engine,
      allowUnknown,
      allowNonFinite,
      notes,
      contextSize,
      date,
      trial: [overrides.limit, overrides.sampleIds, overrides.only].some((part) => part !== undefined),
      manifest: {
        manifest_version: MANIFEST_VERSION,
        mergesweep_version: ownVersion(),
        sweep: config.name,
        axes: [...axisNames(config)],
        points: units.map(({ point }) => point),
        benchmarks: described,
        max_tokens: generation.max_tokens,
        ...(generation.max_thinking_tokens === null ? {} : { max_thinking_tokens: generation.max_thinking_tokens }),
        scoring: withScorers(config.scoring, own.scorers),
        ...(sweep.protocol === undefined
          ? {}
          : { protocol: describeProtocol(sweep.protocol, { ...config, benchmarks: described, generation, ggufType }) }),
        ...(config.objective === undefined ? {} : { objective: config.objective }),
        ...(notes.length === 0 ? {} : { notes }),
        plan,
        plan_digest: digestOf(plan),
      },
      store,
      close: () => pool.close(),
      [Symbol.asyncDispose]: () => pool.close(),
    };
  } catch (error) {
    await pool.close();
    throw explainVariable(error, config.variables);
  }
}

/** Whose config and tokenizer a unit's model has. */
export function donorOf(weights: PlannedWeights): Checkpoint {
  return weights.kind === "merge" ? weights.merge.donor : weights.checkpoint;
}

function checkedWeights({ point, weights }: PlannedUnit): CheckedWeights {
  const isMerge = weights.kind === "merge";
  const tensors = isMerge ? weights.merge.tensors : [...weights.checkpoint.reader.tensors.values()];
  return { reference: isMerge ? undefined : point.name, donor: donorOf(weights), tensors };
}

function mergeWarnings(weights: PlannedWeights): readonly string[] {
  return weights.kind === "merge" ? weights.merge.warnings : [];
}

/** An upper bound of a unit's weights as a file, in bytes: its tensors as stored, and a tenth for the vocabulary, norms and padding. */
export function unitBytes({ weights }: Pick<PlannedUnit, "weights">, type: GgufType): number {
  const tensors = weights.kind === "merge" ? weights.merge.tensors : [...weights.checkpoint.reader.tensors.values()];
  const elements = tensors.reduce((sum, { shape }) => sum + elementCount(shape), 0);
  return elements * (type === "f32" ? 4 : 2) * 1.1;
}

/** The commits of models of the hub: another commit under the same revision makes another run. */
function fetchedOf(units: readonly PlannedUnit[]): { fetched?: string[] } {
  const fetched = fetchedModels(checkpointsOf(units));
  return fetched.length === 0 ? {} : { fetched };
}

/** All models that units are made of; those of several units several times. */
export function checkpointsOf(units: readonly PlannedUnit[]): Checkpoint[] {
  return units.flatMap(({ weights }) =>
    weights.kind === "merge" ? [...weights.merge.models.values()] : [weights.checkpoint],
  );
}
