import { digestOf } from "../base/digest.ts";
import { mapInThreads } from "../base/threads/call-threads.ts";
import { siblingModule } from "../base/threads/start-thread.ts";
import { readManifest } from "./read-manifest.ts";
import { readProblems, unitStore } from "./run-store.ts";
import {
  completionsPerPoint,
  type Manifest,
  type PlannedPoint,
  type ScoreRecord,
  type UnitFailure,
  type UnitResult,
} from "./schema.ts";
import { readSearch } from "./search-record.ts";
import type { EvaluatedPoint, StoredRun, UnitSource } from "./stored-run.ts";
import { readStrata } from "./tables/question-strata.ts";
import { buildTables, type CountedTables, scoresAt, tablesAt, textsAt, threadsFor } from "./tables/unit-source.ts";
import { inView, type Regroup, viewed } from "./view.ts";

/** What of a store is read, and from where. */
interface ReadOptions {
  /** Only what this plan asks; all that the store's own does by default. */
  readonly view?: Manifest | undefined;
  /** The folder that has a unit's scores, where they are not in the store. */
  readonly scoresOf?: ((unit: string) => string) | undefined;
  /** Scores of one question that compare its attempts, made again for those of the plan. */
  readonly regroup?: Regroup | undefined;
  /** The extraction profile of those scores, if it is another than the run's. */
  readonly profile?: string | undefined;
}

/** A point that was tried, and what there is of it. */
interface TriedPoint {
  readonly point: PlannedPoint;
  readonly result: UnitResult | undefined;
  readonly failure: UnitFailure | undefined;
}

/**
 * Reads a run back for a report or for re-scoring; takes no lock, and needs no model and no checkpoint. A point that lacks
 * scores for what was planned counts as failed.
 *
 * @throws StoreError if the folder is no run store, or a file in it is damaged
 */
export async function readRun(folder: string, options: ReadOptions = {}): Promise<StoredRun> {
  const { view, scoresOf, regroup, profile } = options;
  const stored = await readManifest(folder);
  const planned = view === undefined ? stored : placedIn(stored, view);
  const manifest = profile === undefined ? planned : { ...planned, scoring: { ...planned.scoring, profile } };
  const tried = await Promise.all(
    manifest.points.map(async (point): Promise<TriedPoint> => {
      const unit = unitStore(folder, point.unit);
      return { point, result: await unit.result(), failure: await unit.failure() };
    }),
  );
  const newest = Math.max(...tried.map(({ result }) => (result?.same_as === null ? result.scorer_version : 0)));
  const asked = inView(manifest);
  const strata = await readStrata(folder, manifest);
  const failed: (UnitFailure & { point: string })[] = [];
  const scored: ScoredPoint[] = [];
  for (const { point, result, failure } of tried) {
    if (result === undefined) {
      if (failure !== undefined) failed.push({ point: point.name, ...failure });
      continue;
    }
    const unit = result.same_as ?? point.unit;
    const own = result.same_as === null ? result : await unitStore(folder, unit).result();
    if (own === undefined) continue;
    const from = scoresOf?.(unit);
    if (from === undefined && isScoredOtherwise(own, manifest, newest)) {
      const message = "scored otherwise than the run; bring it up to date with: mergesweep score RUN";
      failed.push({ point: point.name, message, earlier: [] });
      continue;
    }
    scored.push({ point, result, source: { store: folder, unit, from, benchmarks: manifest.benchmarks, strata } });
  }
  const evaluated: EvaluatedPoint[] = [];
  for await (const [{ point, result, source }, { count, ...tables }] of tablesOf(scored, regroup)) {
    const expected = manifest.ragged === true ? result.attempts : completionsPerPoint(manifest);
    if (count < expected) {
      const message = `${count} of ${expected} completions are stored and scored`;
      failed.push({ point: point.name, message, earlier: [] });
      continue;
    }
    evaluated.push({
      point,
      result,
      ...tables,
      records: () => (regroup === undefined ? scoresAt(source, true) : regrouped(source, regroup, true)),
      texts: () => textsAt(source),
      source: regroup === undefined ? source : null,
    });
  }
  const order = new Map(manifest.points.map(({ name }, place) => [name, place]));
  failed.sort((a, b) => (order.get(a.point) ?? 0) - (order.get(b.point) ?? 0));
  const problems = (await readProblems(folder)).filter(asked);
  const search = await readSearch(folder);
  return { manifest, evaluated, failed, problems, ...(search === undefined ? {} : { search }) };
}

/** A point that is done and scored, and where its scores lie. */
interface ScoredPoint {
  readonly point: PlannedPoint;
  readonly result: UnitResult;
  readonly source: UnitSource;
}

const READ_TABLES = { call: tablesAt, module: siblingModule("./tables/tables-thread", import.meta.url) };

/** In order. One after the other: a million records at once would be gigabytes. */
function tablesOf(
  points: readonly ScoredPoint[],
  regroup: Regroup | undefined,
): AsyncGenerator<readonly [ScoredPoint, CountedTables]> {
  const completions = points.reduce((sum, { result }) => sum + result.attempts, 0);
  if (regroup === undefined) return mapInThreads(READ_TABLES, points, threadsFor(completions));
  const read = ({ source }: ScoredPoint): Promise<CountedTables> =>
    buildTables(regrouped(source, regroup, false), source.strata);
  return mapInThreads({ ...READ_TABLES, call: read }, points, 0);
}

/** The scores of a plan that leaves attempts out: where it does, those that compare attempts are made again. */
function regrouped(source: UnitSource, regroup: Regroup, checked: boolean): AsyncIterable<readonly ScoreRecord[]> {
  const { store, unit, from } = source;
  return viewed(unitStore(store, unit).readScores({ checked, from }), inView(source), regroup);
}

/** One report never holds scores of two kinds. */
function isScoredOtherwise(result: UnitResult, { scoring }: Manifest, newest: number): boolean {
  const known = result.scoring_digest !== "";
  return result.scorer_version !== newest || (known && result.scoring_digest !== digestOf(scoring));
}

/** A plan with the folders that its points have in the store. */
function placedIn(stored: Manifest, view: Manifest): Manifest {
  const units = new Map(stored.points.map(({ name, unit }) => [name, unit]));
  return { ...view, points: view.points.map((point) => ({ ...point, unit: units.get(point.name) ?? point.unit })) };
}
