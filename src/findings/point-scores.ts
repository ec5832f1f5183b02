import type { Manifest, PlannedPoint, UnitResult } from "../runs/schema.ts";
import type { StoredRun } from "../runs/stored-run.ts";
import type { ScoreMeasure, ScoreTable } from "../runs/tables/score-table.ts";

/** A benchmark as the manifest has it. */
type PlannedBenchmark = Manifest["benchmarks"][number];

/** What one point did on one benchmark: the material of a row of summary.csv. */
export interface PointScores {
  readonly point: PlannedPoint;
  readonly result: UnitResult;
  readonly benchmark: PlannedBenchmark;
  readonly table: ScoreTable;
}

/**
 * A run as points by benchmarks, in the manifest's order (a point's benchmarks together). Points that are not finished are
 * left out.
 */
export function pointScores(run: StoredRun): PointScores[] {
  const evaluated = new Map(run.evaluated.map((unit) => [unit.point.name, unit]));
  return run.manifest.points.flatMap((point) => {
    const unit = evaluated.get(point.name);
    if (unit === undefined) return [];
    return run.manifest.benchmarks.flatMap((benchmark) => {
      const table = unit.tables.find((one) => one.benchmark === benchmark.name);
      return table === undefined ? [] : [{ point, result: unit.result, benchmark, table }];
    });
  });
}

/**
 * A measure as one number a question: the mean over its attempts, in the order of the table's questions. NaN where no attempt
 * has it.
 */
export function questionMeans({ starts, columns, samples }: ScoreTable, measure: ScoreMeasure): Float64Array {
  const values = columns[measure];
  return Float64Array.from(samples, (_, q) => {
    let [total, known] = [0, 0];
    for (let i = starts[q] ?? 0; i < (starts[q + 1] ?? 0); i++) {
      const value = values[i] ?? Number.NaN;
      if (Number.isNaN(value)) continue;
      total += value;
      known++;
    }
    return known === 0 ? Number.NaN : total / known;
  });
}

/** Attempts of each question. */
export function attemptsOf({ starts, samples }: ScoreTable): Int32Array {
  return Int32Array.from(samples, (_, q) => (starts[q + 1] ?? 0) - (starts[q] ?? 0));
}

/** The points of a run whose units are not finished, by name. */
export function missingPoints(run: StoredRun): string[] {
  const evaluated = new Set(run.evaluated.map((unit) => unit.point.name));
  return run.manifest.points.map((point) => point.name).filter((name) => !evaluated.has(name));
}

/**
 * The name of the first point that has the same completions because its weights are the same, or null. Which of them was
 * evaluated makes no difference to a report.
 */
export function sameAs({ evaluated }: StoredRun, name: string): string | null {
  const own = evaluated.find(({ point }) => point.name === name);
  // Of results of other programs nobody knows the weights.
  if (own === undefined || own.result.weights_sha256 === null) return null;
  const first = evaluated.find(
    ({ point, result }) => result.identity === own.result.identity && runOf(point) === runOf(own.point),
  );
  return first === undefined || first === own ? null : first.point.name;
}

/** Of runs that are laid over one another, the one that a point is of. */
function runOf({ unit }: PlannedPoint): string {
  return unit.slice(0, unit.lastIndexOf("/") + 1);
}
