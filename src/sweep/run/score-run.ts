import { digestOf } from "../../base/digest.ts";
import { StoreError } from "../../base/errors.ts";
import type { Benchmark } from "../../benchmarks/benchmark.ts";
import { loadBenchmark } from "../../benchmarks/load-dataset.ts";
import { problemRecords } from "../../eval/problem-records.ts";
import { scoreSamples } from "../../eval/score-samples.ts";
import { lockFolder } from "../../runs/lock.ts";
import { readManifest, unitStore, writeProblems, writeScoring } from "../../runs/run-store.ts";
import type { Manifest, PlannedPoint, ScoreRecord, UnitResult } from "../../runs/schema.ts";
import type { UnitStore } from "../../runs/unit-store.ts";
import { type Scoring, scoreOptionsOf } from "../../scorers/scoring.ts";
import { SCORER_VERSION } from "../../scorers/version.ts";

/** What re-scoring changed: how many attempts have another verdict than before. */
export interface Rescored {
  readonly units: number;
  readonly attempts: number;
  readonly changed: number;
}

/**
 * Scores every finished unit of a run again from its stored completions; no model is needed.
 *
 * @param root where the benchmarks are found
 * @param profile another extraction order than the run's; the run keeps it
 * @throws StoreError if a benchmark's data is not the one that the run was made with, or the run is being worked on
 */
export async function scoreRun(folder: string, root: string, profile?: string): Promise<Rescored> {
  const manifest = await readManifest(folder);
  const scoring = withProfile(manifest, profile);
  scoreOptionsOf(scoring);
  const benchmarks = await plannedBenchmarks(manifest, root);
  const lock = await lockFolder(folder);
  try {
    await writeScoring(folder, manifest, scoring);
    await writeProblems(folder, problemRecords(benchmarks));
    const total = { units: 0, attempts: 0, changed: 0 };
    for (const { unit } of manifest.points) {
      const store = unitStore(folder, unit);
      const result = await store.result();
      if (result === undefined || result.same_as !== null) continue;
      const { before, after } = await rescoreUnit(store, result, benchmarks, scoring);
      total.units++;
      total.attempts += after.length;
      total.changed += after.filter((score, index) => verdictOf(score) !== verdictOf(before[index])).length;
    }
    return total;
  } finally {
    await lock.release();
  }
}

/**
 * The scores that a run's finished units would have under an extraction profile; nothing is written.
 *
 * @throws as `scoreRun` does
 */
export async function scoresUnder(
  folder: string,
  root: string,
  profile: string,
): Promise<{ readonly point: PlannedPoint; readonly scores: readonly ScoreRecord[] }[]> {
  const manifest = await readManifest(folder);
  const options = scoreOptionsOf(withProfile(manifest, profile));
  const benchmarks = await plannedBenchmarks(manifest, root);
  const points: { point: PlannedPoint; scores: readonly ScoreRecord[] }[] = [];
  for (const point of manifest.points) {
    const store = unitStore(folder, point.unit);
    const result = await store.result();
    if (result === undefined || result.same_as !== null) continue;
    points.push({ point, scores: scoreSamples(await store.samples(), benchmarks, options) });
  }
  return points;
}

/** Whether a unit's scores were made by this version of the scorers and by this scoring. */
export function isScoredBy(result: UnitResult, scoring: Scoring): boolean {
  return result.scorer_version === SCORER_VERSION && result.scoring_digest === digestOf(scoring);
}

/** Replaces the scores of a finished unit; its result says by what they were made. */
export async function rescoreUnit(
  store: UnitStore,
  result: UnitResult,
  benchmarks: readonly Benchmark[],
  scoring: Scoring,
): Promise<{ before: readonly ScoreRecord[]; after: readonly ScoreRecord[] }> {
  const before = await store.scores();
  const after = scoreSamples(await store.samples(), benchmarks, scoreOptionsOf(scoring));
  await store.writeScores(after);
  await store.writeResult({ ...result, scorer_version: SCORER_VERSION, scoring_digest: digestOf(scoring) });
  return { before, after };
}

function withProfile({ scoring }: Manifest, profile: string | undefined): Scoring {
  return profile === undefined ? scoring : { ...scoring, profile };
}

function plannedBenchmarks(manifest: Manifest, root: string): Promise<Benchmark[]> {
  return Promise.all(manifest.benchmarks.map((planned) => loadPlanned(planned, root)));
}

async function loadPlanned(planned: Manifest["benchmarks"][number], root: string): Promise<Benchmark> {
  const benchmark = await loadBenchmark(planned.name, { root });
  if (benchmark.dataSha256 === planned.data_sha256) return benchmark;
  throw new StoreError(
    `The run used ${planned.name} with the data ${planned.data_sha256.slice(0, 12)}, found ${benchmark.dataSha256.slice(0, 12)} in ${root}`,
    { hint: "Completions are only scored against the problems that they answer." },
  );
}

function verdictOf(score: ScoreRecord | undefined): string {
  return score === undefined
    ? ""
    : JSON.stringify([score.status, score.accuracy, score.accuracy_strict, score.format, score.format_parts]);
}
