import type { EvaluatedPoint, Manifest, PlannedPoint, ScoreRecord, StoredRun, UnitResult } from "../runs/schema.ts";
import { groupBy } from "../stats/mean.ts";

/** A benchmark as the manifest has it. */
type PlannedBenchmark = Manifest["benchmarks"][number];

/** One question at one point: all its attempts, in their order. */
export interface Question {
  readonly sample: string;
  readonly attempts: readonly ScoreRecord[];
}

/** What one point did on one benchmark: the material of a row of summary.csv. */
export interface PointScores {
  readonly point: PlannedPoint;
  readonly result: UnitResult;
  readonly benchmark: PlannedBenchmark;
  readonly questions: readonly Question[];
}

/** A number of one attempt: its accuracy, its tokens. */
export type Measure = (score: ScoreRecord) => number;

/**
 * A run as points by benchmarks, in the manifest's order (a point's benchmarks together), questions by name: the order in
 * which results happened to arrive never shows. Points that are not finished are left out.
 */
export function pointScores(run: StoredRun): PointScores[] {
  const evaluated = new Map(run.evaluated.map((unit) => [unit.point.name, unit]));
  return run.manifest.points.flatMap((point) => {
    const unit = evaluated.get(point.name);
    return unit === undefined ? [] : run.manifest.benchmarks.flatMap((benchmark) => scoresOf(unit, benchmark));
  });
}

function scoresOf(unit: EvaluatedPoint, benchmark: PlannedBenchmark): PointScores[] {
  const scores = unit.scores.filter((score) => score.benchmark === benchmark.name);
  if (scores.length === 0) return [];
  const questions = [...groupBy(scores, (score) => score.sample)].map(([sample, attempts]) => ({
    sample,
    attempts: attempts.toSorted((a, b) => a.attempt - b.attempt),
  }));
  questions.sort((a, b) => (a.sample < b.sample ? -1 : 1));
  return [{ point: unit.point, result: unit.result, benchmark, questions }];
}

/** A measure as one number a question: the mean over its attempts. */
export function questionMeans(questions: readonly Question[], measure: Measure): number[] {
  return questions.map(
    ({ attempts }) => attempts.reduce((total, score) => total + measure(score), 0) / attempts.length,
  );
}

/** The points of a run whose units are not finished, by name. */
export function missingPoints(run: StoredRun): string[] {
  const evaluated = new Set(run.evaluated.map((unit) => unit.point.name));
  return run.manifest.points.map((point) => point.name).filter((name) => !evaluated.has(name));
}

/** The name of the point whose completions a point shares because their weights are the same, or null. */
export function sameAs(manifest: Manifest, result: UnitResult): string | null {
  if (result.same_as === null) return null;
  return manifest.points.find((point) => point.unit === result.same_as)?.name ?? result.same_as;
}
