import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { describeWriteFailure, writeFileAtomic } from "../base/atomic-write.ts";
import { digestOf } from "../base/digest.ts";
import { DiskFullError, StoreError, systemCodeOf, WorkError } from "../base/errors.ts";
import { toJsonLines } from "../base/jsonl.ts";
import { makeFolder } from "../base/make-folder.ts";
import { ScoreTablesBuilder } from "./build-score-tables.ts";
import { growManifest } from "./grow.ts";
import { lockFolder } from "./lock.ts";
import { progressSchema, type RunProgress } from "./progress.ts";
import { readManifestIfPresent } from "./read-manifest.ts";
import {
  completionsPerPoint,
  type EvaluatedPoint,
  type Manifest,
  type PlannedPoint,
  type ProblemRecord,
  problemRecordSchema,
  type ScoreRecord,
  type StoredRun,
  type UnitFailure,
  type UnitResult,
} from "./schema.ts";
import { readRecords, readStored } from "./stored-files.ts";
import { UnitStore } from "./unit-store.ts";
import { inView, onlyAsked, type Regroup, viewed } from "./view.ts";

const PROGRESS_FILE = "progress.json";
const PROBLEMS_FILE = "problems.jsonl";

/** A run store held by this process. */
export interface RunStore {
  readonly folder: string;
  /** What the store holds when the plan is done, which may be more than was planned now. */
  readonly manifest: Manifest;
  /** The folder of a point's unit. */
  unitOf(point: PlannedPoint): string;
  unit(id: string): UnitStore;
  /** Says how far the run is, for `status`; gone when the store is closed. */
  writeProgress(progress: RunProgress): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens the store of a run for work, making it if there is none yet. A plan that grew goes on with what is stored.
 *
 * @param options.trial whether only a part of the plan is to be done: the rest stays in the manifest
 * @throws StoreError if another process works on it, or if it was made with a plan under which completions would be others;
 *   the error says what differs
 */
export async function openRunStore(
  folder: string,
  wanted: Manifest,
  { trial = false }: { readonly trial?: boolean } = {},
): Promise<RunStore> {
  const lock = await makeFolder(folder)
    .then(() => lockFolder(folder))
    .catch((error: unknown) => {
      const failure = describeWriteFailure(error, folder);
      // Nothing has been started: that the folder is no good is said like any other wrong input.
      throw failure instanceof WorkError && !(failure instanceof DiskFullError)
        ? new StoreError(failure.message, { cause: error })
        : failure;
    });
  let manifest: Manifest;
  try {
    const stored = await readManifestIfPresent(folder);
    const folders = await unitFolders(folder);
    if (stored !== undefined) {
      for (const id of folders) await new UnitStore(unitFolder(folder, id)).upgrade(stored.benchmarks);
    }
    const placed = { ...wanted, points: wanted.points.map((point) => ({ ...point, unit: unitIn(folders, point) })) };
    manifest = stored === undefined ? placed : growManifest(stored, placed, { folder, trial });
    if (digestOf(stored ?? null) !== digestOf(manifest)) await writeManifest(folder, manifest);
  } catch (error) {
    await lock.release();
    throw error;
  }
  const progressPath = join(folder, PROGRESS_FILE);
  const units = new Map(manifest.points.map(({ name, unit }) => [name, unit]));
  return {
    folder,
    manifest,
    unitOf: (point) => units.get(point.name) ?? point.unit,
    unit: (id) => new UnitStore(unitFolder(folder, id)),
    writeProgress: (progress) => writeFileAtomic(progressPath, `${JSON.stringify(progress, null, 2)}\n`),
    close: async () => {
      await rm(progressPath, { force: true });
      await lock.release();
    },
  };
}

async function unitFolders(folder: string): Promise<string[]> {
  try {
    return await readdir(join(folder, "units"));
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return [];
    throw error;
  }
}

/** The folder that a point has in the store already, whatever number it had in the plan then. */
function unitIn(folders: readonly string[], { unit }: PlannedPoint): string {
  return folders.find((id) => withoutNumber(id) === withoutNumber(unit) && !/\.old-\d+$/.test(id)) ?? unit;
}

function withoutNumber(id: string): string {
  return id.replace(/^\d+-/, "");
}

/** How far the process that works on a run has come, as it last said; undefined if none does. */
export function readProgress(folder: string): Promise<RunProgress | undefined> {
  return readStored(progressSchema, join(folder, PROGRESS_FILE));
}

/** What of a store is read, and from where. */
export interface ReadOptions {
  /** Only what this plan asks; all that the store's own does by default. */
  readonly view?: Manifest | undefined;
  /** Scores that lie elsewhere: the folder of a unit's. */
  readonly scoresOf?: ((unit: string) => string) | undefined;
  /** Scores of one question that compare its attempts, made again for those of the plan. */
  readonly regroup?: Regroup | undefined;
  /** The extraction profile that those were made under, if it is another than the run's. */
  readonly profile?: string | undefined;
}

/**
 * Reads a run back for a report or for re-scoring; takes no lock, and needs no model and no checkpoint. A point that lacks
 * scores for what was planned counts as failed.
 */
export async function readRun(
  folder: string,
  { view, scoresOf, regroup, profile }: ReadOptions = {},
): Promise<StoredRun> {
  const stored = await readManifest(folder);
  const planned = view === undefined ? stored : placedIn(stored, view);
  const manifest = profile === undefined ? planned : { ...planned, scoring: { ...planned.scoring, profile } };
  const units = await Promise.all(
    manifest.points.map(async (point) => {
      const unit = new UnitStore(unitFolder(folder, point.unit));
      return { point, result: await unit.result(), failure: await unit.failure() };
    }),
  );
  const failures = new Map<string, UnitFailure>();
  const evaluated: EvaluatedPoint[] = [];
  const asked = inView(manifest);
  const newest = Math.max(...units.map(({ result }) => (result?.same_as === null ? result.scorer_version : 0)));
  for (const { point, result, failure } of units) {
    if (failure !== undefined && result === undefined) failures.set(point.name, failure);
    if (result === undefined) continue;
    const owner = result.same_as ?? point.unit;
    const unit = new UnitStore(unitFolder(folder, owner));
    const scored = result.same_as === null ? result : await unit.result();
    if (scored === undefined) continue;
    const from = scoresOf?.(owner);
    if (from === undefined && isScoredOtherwise(scored, manifest, newest)) {
      failures.set(point.name, {
        message: "scored otherwise than the run; bring it up to date with: mergesweep score RUN",
        earlier: [],
      });
      continue;
    }
    // One after the other: a million records at once would be gigabytes.
    const builder = new ScoreTablesBuilder();
    let count = 0;
    const records = (checked: boolean): AsyncIterable<readonly ScoreRecord[]> =>
      viewed(unit.readScores({ checked, from }), asked, regroup);
    for await (const piece of records(false)) {
      for (const record of piece) builder.add(record);
      count += piece.length;
    }
    const expected = manifest.ragged === true ? result.attempts : completionsPerPoint(manifest);
    if (count < expected) {
      failures.set(point.name, { message: `${count} of ${expected} completions are stored and scored`, earlier: [] });
      continue;
    }
    evaluated.push({
      point,
      result,
      ...builder.finish(),
      records: () => records(true),
      texts: () => onlyAsked(unit.readSamples(), asked),
    });
  }
  const failed = manifest.points.flatMap(({ name }) => {
    const failure = failures.get(name);
    return failure === undefined ? [] : [{ point: name, ...failure }];
  });
  const problems = (await readProblems(folder)).filter(asked);
  return { manifest, evaluated, failed, problems };
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

/** @throws StoreError if the folder is no run store */
export async function readManifest(folder: string): Promise<Manifest> {
  const manifest = await readManifestIfPresent(folder);
  if (manifest !== undefined) return manifest;
  throw new StoreError(`Expected a run store with a manifest.json, found none in ${folder}`, {
    hint: "Runs are stored in runs/<name>; make one with: mergesweep run SWEEP.yaml",
  });
}

/** Keeps how the scores of a run are made; its units are to be scored again by whoever changes that. */
export async function writeScoring(folder: string, manifest: Manifest, scoring: Manifest["scoring"]): Promise<void> {
  if (digestOf(manifest.scoring) !== digestOf(scoring)) await writeManifest(folder, { ...manifest, scoring });
}

function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  return writeFileAtomic(join(folder, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** Keeps the questions that are asked, beside those that were asked before. */
export async function writeProblems(folder: string, problems: readonly ProblemRecord[]): Promise<void> {
  const known = await readProblems(folder);
  const now = new Set(problems.map(keyOf));
  const all = [...problems, ...known.filter((problem) => !now.has(keyOf(problem)))];
  // The order in which all were written last stays where nothing is new.
  const digests = new Set(known.map((problem) => digestOf(problem)));
  if (problems.every((problem) => digests.has(digestOf(problem)))) return;
  await writeFileAtomic(join(folder, PROBLEMS_FILE), toJsonLines(all));
}

function keyOf({ benchmark, sample }: ProblemRecord): string {
  return JSON.stringify([benchmark, sample]);
}

function readProblems(folder: string): Promise<ProblemRecord[]> {
  return readRecords(problemRecordSchema, join(folder, PROBLEMS_FILE));
}

/** The unit store of a run that is read only or re-scored. */
export function unitStore(runFolder: string, unit: string): UnitStore {
  return new UnitStore(unitFolder(runFolder, unit));
}

function unitFolder(runFolder: string, id: string): string {
  return join(runFolder, "units", id);
}
