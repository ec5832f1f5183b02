import { join } from "node:path";
import { digestOf } from "../../base/digest.ts";
import { writeFileAtomic } from "../../base/files/atomic-write.ts";
import { toJsonLines } from "../../base/jsonl.ts";
import type { Benchmark } from "../../benchmarks/benchmark.ts";
import { scoreSamples } from "../../eval/score-samples.ts";
import { unitStore } from "../../runs/run-store.ts";
import type { ScoreRecord, UnitResult } from "../../runs/schema.ts";
import type { UnitStore } from "../../runs/unit-store.ts";
import type { OwnScorer } from "../../scorers/own-scorer.ts";
import { type Scoring, scoreOptionsOf } from "../../scorers/scoring.ts";
import { SCORER_VERSION } from "../../scorers/version.ts";

/** A finished unit to score again: plain data, as a thread is given it. */
export interface RescoreTask {
  /** Of the run. */
  readonly folder: string;
  readonly result: UnitResult;
  readonly benchmarks: readonly Benchmark[];
  readonly scoring: Scoring;
  /** Those of the scoring that were defined in code: a thread can be given none. */
  readonly scorers: readonly OwnScorer[];
  /** A folder that gets the scores; the unit's own are replaced if left out. */
  readonly into: string | undefined;
}

/** How many attempts were scored, and how many have another verdict than before. */
export interface RescoredUnit {
  readonly attempts: number;
  readonly changed: number;
}

/** Scores a finished unit again from its stored completions. @throws StoreError naming the first line that is damaged */
export async function rescoreUnit(task: RescoreTask): Promise<RescoredUnit> {
  const { folder, result, benchmarks, scoring, into } = task;
  const store = unitStore(folder, result.unit);
  const before = await store.scores().catch(() => []);
  const after = scoreSamples(await store.samples(), benchmarks, scoreOptionsOf(scoring, task.scorers));
  if (into === undefined) await keepScores(store, result, after, scoring);
  else await writeFileAtomic(join(into, result.unit, "scores.jsonl"), toJsonLines(after));
  return { attempts: after.length, changed: countChanged(before, after) };
}

/** Replaces the scores of a finished unit; its result says by what they were made. */
export async function keepScores(
  store: UnitStore,
  result: UnitResult,
  scores: readonly ScoreRecord[],
  scoring: Scoring,
): Promise<void> {
  await store.writeScores(scores);
  await store.writeResult({ ...result, scorer_version: SCORER_VERSION, scoring_digest: digestOf(scoring) });
}

function countChanged(before: readonly ScoreRecord[], after: readonly ScoreRecord[]): number {
  const verdicts = new Map(before.map((score) => [keyOf(score), verdictOf(score)]));
  return after.filter((score) => verdicts.get(keyOf(score)) !== verdictOf(score)).length;
}

function keyOf({ benchmark, sample, attempt }: ScoreRecord): string {
  return JSON.stringify([benchmark, sample, attempt]);
}

function verdictOf(score: ScoreRecord): string {
  return JSON.stringify([score.status, score.accuracy, score.accuracy_strict, score.format, score.format_parts]);
}
