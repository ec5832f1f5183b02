import { z } from "zod";
import { isRecord } from "../base/is-record.ts";
import { FINISH_REASONS } from "./finish-reasons.ts";
import { OUTCOMES } from "./tables/score-table.ts";

/**
 * What a run store holds, as read back from disk. Reports, re-scoring and resuming all see a run through these types.
 *
 * runs/<name>/manifest.json               the plan (Manifest); it may grow
 * runs/<name>/problems.jsonl              one ProblemRecord a question that is asked
 * runs/<name>/search.json                 what a search did and decided (SearchRecord in search-record.ts)
 * runs/<name>/setup.json                  what it was set down from, for workers (RunSetup in setup.ts)
 * runs/<name>/leases/                     who works on it, and on what (leases/lease-files.ts); gone when nobody does
 * runs/<name>/units/<id>/identity.json    what determines the completions, and the files they were made from (UnitIdentity)
 * runs/<name>/units/<id>/samples*.jsonl   one SampleRecord an attempt, appended the moment it exists; a file for each worker at a time
 * runs/<name>/units/<id>/scores.jsonl     one ScoreRecord an attempt, recomputed from the completions at will
 * runs/<name>/units/<id>/result.json      UnitResult; its presence means done
 * runs/<name>/units/<id>/failure.json     UnitFailure; there until the unit is done after all
 * runs/<name>/units/<id>/damaged.jsonl    lines of the other files that could not be read, set aside
 *
 * Version 1 had a digest in a file `identity` instead, which covered the list of benchmarks, and no fingerprints. An older
 * mergesweep held a store by a file `lock`, alone.
 */
export const MANIFEST_VERSION = 2;

const digest = z.string().regex(/^[0-9a-f]{64}$/);

/** The name of a folder in the store, never a path out of it. */
const folderName = z
  .string()
  .regex(/^(?!\.{1,2}$)[^/\\\0]+$/, "expected the name of a folder in units/, without slashes");

/** One completion, as the runtime gave it. Never rewritten. Null is what results of other programs do not say. */
export const sampleRecordSchema = z.object({
  benchmark: z.string(),
  sample: z.string(),
  /** 0-based: the k-th completion of this sample. */
  attempt: z.int().nonnegative(),
  seed: z.int().nonnegative().nullable(),
  /** SHA-256 of the whole prompt text. */
  prompt_sha256: digest.nullable(),
  /** What the chat template put at the start of the assistant's turn, e.g. `<think>\n`. */
  prefill: z.string(),
  completion: z.string(),
  finish_reason: z.enum(FINISH_REASONS),
  prompt_tokens: z.int().nonnegative().nullable(),
  completion_tokens: z.int().nonnegative().nullable(),
  thinking_tokens: z.int().nonnegative().nullable(),
  milliseconds: z.number().nonnegative().nullable(),
});
/** One completion, as the runtime gave it. */
export type SampleRecord = z.infer<typeof sampleRecordSchema>;

/** Null where a source does not say. */
const bit = z.literal([0, 1, null]);
const rate = z.number().min(0).max(1);
const count = z.int().nonnegative();

/** Numbers by name. As `z.record` does, at a quarter of its time: there are two of them in each of a million records. */
function numbersByName<Value extends number | null>(isValue: (value: unknown) => value is Value) {
  return z.custom<Record<string, Value>>((value) => isRecord(value) && Object.values(value).every(isValue), {
    error: "expected numbers by name",
  });
}

/** The scores of one attempt. Same keys as SampleRecord: (benchmark, sample, attempt). */
export const scoreRecordSchema = z.object({
  benchmark: z.string(),
  sample: z.string(),
  attempt: z.int().nonnegative(),
  /** The first accepted answer, for samples.csv. */
  gold: z.string(),
  status: z.enum(OUTCOMES),
  /**
   * 0 or 1; of results of other programs a part of 1 where they give partial credit, or only the mean over the attempts at a
   * question. Null where a source does not say, here and below.
   */
  accuracy: rate.nullable(),
  accuracy_strict: bit,
  answer: z.string().nullable(),
  /** Attempts of a sample whose answers are equivalent share a number; for maj@k. Null without an answer. */
  answer_class: z.int().nonnegative().nullable(),
  path: z.string(),
  rule: z.string(),
  /** What was compared: the gold answer and this one, in their normal forms. Absent without an answer. */
  normal_forms: z.tuple([z.string(), z.string()]).optional(),
  format: bit,
  format_parts: numbersByName((value) => typeof value === "number"),
  tokens: z.int().nonnegative().nullable(),
  thinking_tokens: z.int().nonnegative().nullable(),
  answer_tokens: z.int().nonnegative().nullable(),
  characters: count.nullable(),
  thinking_characters: count.nullable(),
  answer_characters: count.nullable(),
  words: count.nullable(),
  truncated: bit,
  rewards: numbersByName((value) => value === null || typeof value === "number"),
});
/** The scores of one attempt. */
export type ScoreRecord = z.infer<typeof scoreRecordSchema>;

/** A question that a run asks, for whoever reads its answers. */
export const problemRecordSchema = z.object({
  benchmark: z.string(),
  sample: z.string(),
  problem: z.string(),
  golds: z.array(z.string()),
  /** Such as level and subject. */
  labels: z.record(z.string(), z.string()),
  /** How answers are compared with the golds. Absent where that is not done here (results of other programs), and in older stores. */
  answer: z.enum(["math", "number", "choice"]).optional(),
  tolerance: z.number().optional(),
  unit: z.string().optional(),
});
export type ProblemRecord = z.infer<typeof problemRecordSchema>;

/** A point of the sweep or a reference: what is evaluated. */
const plannedPointSchema = z.object({
  /** `w=0.3`, or the reference's name. Unique in a run. */
  name: z.string(),
  kind: z.enum(["point", "reference"]),
  /** Axis values as decimals a person would write, in the axes' order; empty for a reference. */
  axes: z.record(z.string(), z.string()),
  /** The unit's folder: a point x its benchmarks. */
  unit: folderName,
});
export type PlannedPoint = z.infer<typeof plannedPointSchema>;

const plannedBenchmarkSchema = z.object({
  name: z.string(),
  version: z.int(),
  /** How many of its problems this run asks, after `--limit`. */
  samples: z.int().positive(),
  /** Completions a problem. */
  attempts: z.int().positive(),
  data_sha256: digest,
  prompt: z.string(),
  /** Digest of the template, where it is the benchmark's own: ours do not change without another version. */
  prompt_sha256: digest.optional(),
  /** What has a score of its own: a question, or only a whole run over all of them (results of other programs). */
  unit: z.enum(["question", "run"]).optional(),
  /** Of whole runs: how many questions each asked, where the source says it; `samples` is then how many runs there are. */
  questions: z.int().positive().optional(),
  /** Where the benchmark lies, as the sweep file has it, where that is a path. */
  source: z.string().optional(),
  /** The problems that are asked, where not all of the benchmark are. */
  ids: z.array(z.string()).optional(),
  /** How many problems the benchmark has, where not all are asked. */
  of: z.int().positive().optional(),
  /** Whether it was defined in code: no file has it. */
  own: z.literal(true).optional(),
});
export type PlannedBenchmark = z.infer<typeof plannedBenchmarkSchema>;

/** How the stored scores were made. Unlike the plan it may change: completions stay, and are scored again. */
const scoringSchema = z.object({
  profile: z.string(),
  formats: z.record(z.string(), z.string()),
  /** Scorers that were defined in code, by name. */
  scorers: z.record(z.string(), z.strictObject({ version: z.int().positive(), grades: z.boolean() })).optional(),
});

/** The plan of a run. It may grow by points, problems, attempts and benchmarks; what would change a completion is refused. */
export const manifestSchema = z.object({
  manifest_version: z.literal(MANIFEST_VERSION),
  mergesweep_version: z.string(),
  sweep: z.string(),
  axes: z.array(z.string()),
  points: z.array(plannedPointSchema),
  benchmarks: z.array(plannedBenchmarkSchema),
  /** Null where a source does not say. */
  max_tokens: z.int().positive().nullable(),
  /** Tokens of thinking after which an answer was asked for; absent where there is no limit. */
  max_thinking_tokens: z.int().positive().optional(),
  scoring: scoringSchema.prefault({ profile: "default", formats: {} }),
  /** The protocol that the sweep names, and in what this run differs from it. */
  protocol: z
    .object({
      name: z.string(),
      sha256: digest,
      source: z.string(),
      gives_up: z.string().optional(),
      differences: z.array(z.string()),
    })
    .optional(),
  /** What the sweep is for, as `findings` reads it; like the scoring it may change. */
  objective: z.record(z.string(), z.unknown()).optional(),
  /** What the plan had to say of the models: fields of config.json that are lost, and the like. */
  notes: z.array(z.string()).optional(),
  /** The whole resolved sweep, for the record and for saying what differs. */
  plan: z.record(z.string(), z.unknown()),
  plan_digest: digest,
  /** Whether the points were asked different problems: a unit is then complete by its own count. */
  ragged: z.boolean().optional(),
});
/** The plan of a run. */
export type Manifest = z.infer<typeof manifestSchema>;

/** How many completions each point of a run has when it is done. */
export function completionsPerPoint({ benchmarks }: Pick<Manifest, "benchmarks">): number {
  return benchmarks.reduce((sum, { samples, attempts }) => sum + samples * attempts, 0);
}

/** Completions that were asked for twice with the same seed, and how many of them were the same. */
const repeatedSchema = z.object({ asked: z.int().nonnegative(), same: z.int().nonnegative() });
export type Repeated = z.infer<typeof repeatedSchema>;

/** Written by atomic rename when every attempt of a unit is stored and scored. */
export const unitResultSchema = z.object({
  unit: folderName,
  /** Null of results of other programs, which do not say. */
  weights_sha256: digest.nullable(),
  /** Hash of everything about the model that determines the completions. */
  identity: digest,
  /** The unit whose completions these are, if the same weights were evaluated under another point already. */
  same_as: folderName.nullable(),
  runtime: z.string(),
  gguf_type: z.string(),
  attempts: z.int().nonnegative(),
  scorer_version: z.int(),
  /** Digest of the manifest's scoring that the unit's scores were made with. */
  scoring_digest: z.string().default(""),
  /** Bytes of the completions that were stored then: the same, and nothing has to be counted. */
  samples_bytes: z.int().nonnegative().optional(),
  /** Digest of the problems and attempts that were asked for. */
  asked: digest.optional(),
  /** Where the runtime is not known to repeat itself: a GPU, a server. */
  repeated: repeatedSchema.optional(),
  /** Attempts that several workers answered with different texts; the first file by name counts. Absent if none. */
  differing: z.int().positive().optional(),
  /** Completions by the build of the runtime that made them, where that was more than one. */
  builds: z.record(z.string(), z.int().nonnegative()).optional(),
});
/** What is known of a unit that is done. */
export type UnitResult = z.infer<typeof unitResultSchema>;
/** What the evaluation of a unit adds to its result. */
export type UnitAnswers = Pick<
  UnitResult,
  "attempts" | "repeated" | "samples_bytes" | "asked" | "differing" | "builds"
>;

/** A file that completions were made from, as it was then. */
const fingerprintSchema = z.object({
  path: z.string(),
  bytes: z.int().nonnegative(),
  modified_ms: z.number(),
  inode: z.number(),
  /** Of the whole file, or of its first mebibyte where it is large. */
  sha256: digest,
  whole: z.boolean(),
});

/** What determines a unit's completions, and what it was made from. */
export const unitIdentitySchema = z.object({
  /** Null in a store of version 1 until the unit is next worked on. */
  identity: digest.nullable(),
  /** What the identity is the digest of. */
  parts: z.record(z.string(), z.unknown()),
  /** Digests of what is asked, by benchmark. */
  benchmarks: z.record(z.string(), digest),
  inputs: z.array(fingerprintSchema),
  v1: z.object({ identity: z.string(), benchmarks: z.array(plannedBenchmarkSchema) }).optional(),
  /** Files of completions that another build of the runtime made than the one among the parts, and which. */
  builds: z.record(z.string(), z.string()).optional(),
});
export type UnitIdentity = z.infer<typeof unitIdentitySchema>;

/** Why a unit is not done though it was tried. */
export const unitFailureSchema = z.object({
  /** With the last lines of the log, if a process died. */
  message: z.string(),
  /** What engines died of that were replaced before. */
  earlier: z.array(z.string()).default([]),
});
export type UnitFailure = z.infer<typeof unitFailureSchema>;
