import { digestOf } from "../base/digest.ts";
import { ScoreTablesBuilder } from "./build-score-tables.ts";
import { readManifest } from "./read-manifest.ts";
import { readProblems, unitStore } from "./run-store.ts";
import {
  completionsPerPoint,
  type EvaluatedPoint,
  type Manifest,
  type PlannedPoint,
  type ScoreRecord,
  type StoredRun,
  type UnitFailure,
  type UnitResult,
} from "./schema.ts";
import { inView, onlyAsked, type Regroup, viewed } from "./view.ts";

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
  const evaluated: EvaluatedPoint[] = [];
  const failed: (UnitFailure & { point: string })[] = [];
  // One after the other: a million records at once would be gigabytes.
  for (const { point, result, failure } of tried) {
    if (result === undefined) {
      if (failure !== undefined) failed.push({ point: point.name, ...failure });
      continue;
    }
    const owner = result.same_as ?? point.unit;
    const unit = unitStore(folder, owner);
    const scored = result.same_as === null ? result : await unit.result();
    if (scored === undefined) continue;
    const from = scoresOf?.(owner);
    const fail = (message: string): void => void failed.push({ point: point.name, message, earlier: [] });
    if (from === undefined && isScoredOtherwise(scored, manifest, newest)) {
      fail("scored otherwise than the run; bring it up to date with: mergesweep score RUN");
      continue;
    }
    const records = (checked: boolean): AsyncIterable<readonly ScoreRecord[]> =>
      viewed(unit.readScores({ checked, from }), asked, regroup);
    const { count, ...tables } = await buildTables(records(false));
    const expected = manifest.ragged === true ? result.attempts : completionsPerPoint(manifest);
    if (count < expected) fail(`${count} of ${expected} completions are stored and scored`);
    else
      evaluated.push({
        point,
        result,
        ...tables,
        records: () => records(true),
        texts: () => onlyAsked(unit.readSamples(), asked),
      });
  }
  const problems = (await readProblems(folder)).filter(asked);
  return { manifest, evaluated, failed, problems };
}

async function buildTables(
  pieces: AsyncIterable<readonly ScoreRecord[]>,
): Promise<ReturnType<ScoreTablesBuilder["finish"]> & { readonly count: number }> {
  const builder = new ScoreTablesBuilder();
  let count = 0;
  for await (const piece of pieces) {
    for (const record of piece) builder.add(record);
    count += piece.length;
  }
  return { ...builder.finish(), count };
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
