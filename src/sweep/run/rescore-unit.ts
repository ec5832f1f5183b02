import { join } from "node:path";
import { digestOf } from "../../base/digest.ts";
import { MergesweepError } from "../../base/errors.ts";
import { writeFileAtomic } from "../../base/files/atomic-write.ts";
import { jsonLinePieces } from "../../base/jsonl.ts";
import type { Benchmark } from "../../benchmarks/benchmark.ts";
import { eachScore } from "../../eval/score-samples.ts";
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
  const before = await verdictsOf(store);
  const samples = await store.samples();
  const counts = { attempts: 0, changed: 0 };
  function* counted(): Generator<ScoreRecord> {
    for (const score of eachScore(samples, benchmarks, scoreOptionsOf(scoring, task.scorers))) {
      counts.attempts++;
      if (before.get(keyOf(score)) !== verdictOf(score)) counts.changed++;
      yield score;
    }
  }
  if (into === undefined) await keepScores(store, result, counted(), scoring);
  else await writeFileAtomic(join(into, result.unit, "scores.jsonl"), jsonLinePieces(counted()));
  return counts;
}

/** Replaces the scores of a finished unit; its result says by what they were made. */
export async function keepScores(
  store: UnitStore,
  result: UnitResult,
  scores: Iterable<ScoreRecord>,
  scoring: Scoring,
): Promise<void> {
  await store.writeScores(scores);
  await store.writeResult({ ...result, scorer_version: SCORER_VERSION, scoring_digest: digestOf(scoring) });
}

/** What was said of each attempt before; nothing where the scores are damaged: they are made again. */
async function verdictsOf(store: UnitStore): Promise<ReadonlyMap<string, string>> {
  const verdicts = new Map<string, string>();
  try {
    for await (const scores of store.readScores()) {
      for (const score of scores) verdicts.set(keyOf(score), verdictOf(score));
    }
  } catch (error) {
    if (!(error instanceof MergesweepError)) throw error;
    return new Map();
  }
  return verdicts;
}

function keyOf({ benchmark, sample, attempt }: ScoreRecord): string {
  return JSON.stringify([benchmark, sample, attempt]);
}

function verdictOf(score: ScoreRecord): string {
  return JSON.stringify([score.status, score.accuracy, score.accuracy_strict, score.format, score.format_parts]);
}
