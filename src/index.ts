/**
 * mergesweep as a library: what the commands are made of. docs/library.md has examples.
 *
 * Functions never print and never end the process. They throw the classes below for everything that a person can do something
 * about; anything else that is thrown is a bug, but `signal.reason` of a signal that was aborted.
 */

// Errors.

export {
  ConfigError,
  DiskFullError,
  InputError,
  MergesweepError,
  StoreError,
  UsageError,
  WorkError,
} from "./base/errors.ts";
export { EngineDied } from "./models/runtime.ts";

// Models: what they are read from, and how they are converted.

export type { Checkpoint } from "./checkpoints/checkpoint.ts";
export { type ConvertedCheckpoint, type ConvertOptions, convertCheckpoint } from "./checkpoints/convert-checkpoint.ts";
export { GGUF_TYPES, type GgufType } from "./checkpoints/gguf/gguf-layout.ts";
export { writeGguf } from "./checkpoints/gguf/write-gguf.ts";
export { type OpenOptions, openCheckpoint } from "./checkpoints/open-checkpoint.ts";

// Merges: made by a mergekit config, planned and made tensor by tensor, and verified.

export { digestMerge } from "./merge/digest-weights.ts";
export { type MadeMerge, type MergeOptions, mergeCheckpoints } from "./merge/merge-checkpoints.ts";
export type { MethodParameter } from "./merge/methods/method.ts";
export {
  defineMergeMethod,
  type OwnMergeMethod,
  type OwnMergeMethodDefinition,
  type OwnTensor,
} from "./merge/methods/own-method.ts";
export { type MergePlan, type PlanOptions, planMerge } from "./merge/plan/plan.ts";
export { parseRecipe, parseRecipeYaml } from "./merge/recipe/parse-recipe.ts";
export type { MergeRecipe } from "./merge/recipe/recipe.ts";
export type { ModelDefinition, RecipeDefinition } from "./merge/recipe/recipe-definition.ts";
export { mergeStreams } from "./merge/run-merge.ts";
export {
  type VerifiedCheckpoint,
  type VerifyCheckpointOptions,
  verifyCheckpoint,
} from "./merge/verify/verify-checkpoint.ts";
export { type WriteCheckpointOptions, writeMergedCheckpoint } from "./merge/write-checkpoint.ts";

// Benchmarks: read from datasets/, and fetched into the cache.

export type { AnswerKind, Benchmark, PromptTemplate, Sample } from "./benchmarks/benchmark.ts";
export {
  defineBenchmark,
  type OwnBenchmark,
  type OwnBenchmarkDefinition,
  type OwnProblem,
} from "./benchmarks/define-benchmark.ts";
export { loadBenchmark } from "./benchmarks/load-dataset.ts";
export { type PulledDataset, type PullOptions, pullBenchmark } from "./benchmarks/pull-dataset.ts";

// Scores of one completion: pure functions.

export { EXTRACTION_PROFILES, type ExtractionProfile } from "./scorers/accuracy/extract/extract.ts";
export { gradeAnswer } from "./scorers/accuracy/grade-answer.ts";
export { customFormat } from "./scorers/custom-format.ts";
export { defineScorer, type OwnScorer } from "./scorers/own-scorer.ts";
export type { Score, ScoredText } from "./scorers/score.ts";
export { type ScoreOptions, scoreCompletion } from "./scorers/score-completion.ts";

// Runtimes: whatever completes prompts.

export { createLlamaCppRuntime, type LlamaCppOptions } from "./models/llama-cpp/llama-cpp.ts";
export type { Completion, CompletionRequest, LoadedModel, LoadOptions, ModelRuntime } from "./models/runtime.ts";
export type { Sampling } from "./models/sampling.ts";
export { createOpenAiRuntime } from "./models/server/openai-server.ts";

// Sweeps: defined, planned, run or searched over, and scored again.

export { runSearch, type SearchOutcome } from "./search/run-search.ts";
export type { SweepFile } from "./sweep/file/config.ts";
export { readSweepFile } from "./sweep/file/config.ts";
export {
  type DefineOptions,
  defineEvaluation,
  defineSweep,
  type EvaluationDefinition,
  type SweepDefinition,
} from "./sweep/file/define-sweep.ts";
export type { OwnParts } from "./sweep/plan/own-parts.ts";
export { type PlanOverrides, type PlanSettings, planSweep, type SweepPlan } from "./sweep/plan/plan.ts";
export { runSweep } from "./sweep/run/run-sweep.ts";
export { type Rescored, type ScoreRunOptions, scoreRun } from "./sweep/run/score-run.ts";
export type { SweepEvent } from "./sweep/run/sweep-event.ts";
export type { SetDownOptions, SweepOptions, SweepOutcome } from "./sweep/run/sweep-options.ts";

// Runs: read back, imported from other programs, compared, reported.

export { type ImportOutcome, type ImportRequest, importResults } from "./imports/import-results.ts";
export { type RenderedReport, type ReportOptions, renderReport } from "./report/render-report.ts";
export { type ComparedStores, compareStores } from "./report/tables/compare-stores.ts";
export type { RunProgress } from "./runs/leases/progress.ts";
export { readRun } from "./runs/read-run.ts";
export type { Manifest, SampleRecord, ScoreRecord, UnitResult } from "./runs/schema.ts";
export type { StoredRun } from "./runs/stored-run.ts";
