import { rm } from "node:fs/promises";
import { join } from "node:path";
import { describeWriteFailure, writeFileAtomic } from "../base/atomic-write.ts";
import { digestOf } from "../base/digest.ts";
import { DiskFullError, StoreError, WorkError } from "../base/errors.ts";
import { isRecord } from "../base/is-record.ts";
import { toJsonLines } from "../base/jsonl.ts";
import { makeFolder } from "../base/make-folder.ts";
import { ScoreTablesBuilder } from "./build-score-tables.ts";
import { lockFolder } from "./lock.ts";
import { progressSchema, type RunProgress } from "./progress.ts";
import {
  type EvaluatedPoint,
  type Manifest,
  manifestSchema,
  type ProblemRecord,
  problemRecordSchema,
  type StoredRun,
} from "./schema.ts";
import { readRecords, readStored } from "./stored-files.ts";
import { UnitStore } from "./unit-store.ts";

const PROGRESS_FILE = "progress.json";
const PROBLEMS_FILE = "problems.jsonl";

/** A run store held by this process. */
export interface RunStore {
  readonly folder: string;
  readonly manifest: Manifest;
  unit(id: string): UnitStore;
  /** Says how far the run is, for `status`; gone when the store is closed. */
  writeProgress(progress: RunProgress): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens the store of a run for work, making it if there is none yet. The manifest of an existing store must have the same
 * plan digest.
 *
 * @throws StoreError if another process works on it, or if it was made with another plan; the error says what differs
 */
export async function openRunStore(folder: string, manifest: Manifest): Promise<RunStore> {
  const lock = await makeFolder(folder)
    .then(() => lockFolder(folder))
    .catch((error: unknown) => {
      const failure = describeWriteFailure(error, folder);
      // Nothing has been started: that the folder is no good is said like any other wrong input.
      throw failure instanceof WorkError && !(failure instanceof DiskFullError)
        ? new StoreError(failure.message, { cause: error })
        : failure;
    });
  try {
    const path = join(folder, "manifest.json");
    const stored = await readStored(manifestSchema, path);
    if (stored === undefined) await writeManifest(folder, manifest);
    else {
      refuseOtherPlan(stored, manifest, folder);
      await writeMutable(folder, stored, manifest);
    }
  } catch (error) {
    await lock.release();
    throw error;
  }
  const progressPath = join(folder, PROGRESS_FILE);
  return {
    folder,
    manifest,
    unit: (id) => new UnitStore(unitFolder(folder, id)),
    writeProgress: (progress) => writeFileAtomic(progressPath, `${JSON.stringify(progress, null, 2)}\n`),
    close: async () => {
      await rm(progressPath, { force: true });
      await lock.release();
    },
  };
}

/** How far the process that works on a run has come, as it last said; undefined if none does. */
export function readProgress(folder: string): Promise<RunProgress | undefined> {
  return readStored(progressSchema, join(folder, PROGRESS_FILE));
}

/** Reads a run back for a report or for re-scoring; takes no lock, and needs no model and no checkpoint. */
export async function readRun(folder: string): Promise<StoredRun> {
  const manifest = await readManifest(folder);
  const units = await Promise.all(
    manifest.points.map(async (point) => {
      const unit = new UnitStore(unitFolder(folder, point.unit));
      return { point, result: await unit.result(), failure: await unit.failure() };
    }),
  );
  const done = units.flatMap(({ point, result }) => (result === undefined ? [] : [{ point, result }]));
  const failed = units.flatMap(({ point, result, failure }) =>
    result === undefined && failure !== undefined ? [{ point: point.name, ...failure }] : [],
  );
  const finished = new Set(done.map(({ point }) => point.unit));
  const evaluated: EvaluatedPoint[] = [];
  for (const { point, result } of done) {
    if (result.same_as !== null && !finished.has(result.same_as)) continue;
    const unit = new UnitStore(unitFolder(folder, result.same_as ?? point.unit));
    // One after the other: a million records at once would be gigabytes.
    const builder = new ScoreTablesBuilder();
    for await (const records of unit.readScores()) for (const record of records) builder.add(record);
    evaluated.push({
      point,
      result,
      ...builder.finish(),
      records: () => unit.readScores({ checked: true }),
      texts: () => unit.readSamples(),
    });
  }
  const problems = await readRecords(problemRecordSchema, join(folder, PROBLEMS_FILE));
  return { manifest, evaluated, failed, problems };
}

/** @throws StoreError if the folder is no run store */
export async function readManifest(folder: string): Promise<Manifest> {
  const manifest = await readStored(manifestSchema, join(folder, "manifest.json"));
  if (manifest !== undefined) return manifest;
  throw new StoreError(`Expected a run store with a manifest.json, found none in ${folder}`, {
    hint: "Runs are stored in runs/<name>; make one with: mergesweep run SWEEP.yaml",
  });
}

/** Keeps how the scores of a run are made; its units are to be scored again by whoever changes that. */
export async function writeScoring(folder: string, manifest: Manifest, scoring: Manifest["scoring"]): Promise<void> {
  await writeMutable(folder, manifest, { ...manifest, scoring });
}

/** Keeps what may change without a completion being made again: the scoring and the objective. */
async function writeMutable(
  folder: string,
  stored: Manifest,
  { scoring, objective }: Pick<Manifest, "scoring" | "objective">,
): Promise<void> {
  if (digestOf([stored.scoring, stored.objective ?? null]) === digestOf([scoring, objective ?? null])) return;
  const { objective: _old, ...rest } = stored;
  await writeManifest(folder, { ...rest, scoring, ...(objective === undefined ? {} : { objective }) });
}

function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  return writeFileAtomic(join(folder, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** Keeps the questions of a run beside its answers: a store is read on machines that have no benchmarks. */
export async function writeProblems(folder: string, problems: readonly ProblemRecord[]): Promise<void> {
  await writeFileAtomic(join(folder, PROBLEMS_FILE), toJsonLines(problems));
}

/** The unit store of a run that is read only or re-scored. */
export function unitStore(runFolder: string, unit: string): UnitStore {
  return new UnitStore(unitFolder(runFolder, unit));
}

function unitFolder(runFolder: string, id: string): string {
  return join(runFolder, "units", id);
}

function refuseOtherPlan(stored: Manifest, wanted: Manifest, folder: string): void {
  if (stored.plan_digest === wanted.plan_digest) return;
  const differences = differencesOf(stored.plan, wanted.plan);
  throw new StoreError(`${folder} was made with another plan:\n${differences.map((line) => `  ${line}`).join("\n")}`, {
    hint: "Give the new plan a store of its own with --out FOLDER, or remove the old one.",
  });
}

/** `generation.seed: 0 in the store, 1 now`, for every leaf that differs. */
function differencesOf(stored: unknown, wanted: unknown, path = ""): string[] {
  if (JSON.stringify(stored) === JSON.stringify(wanted)) return [];
  if (isRecord(stored) && isRecord(wanted)) {
    const keys = [...new Set([...Object.keys(stored), ...Object.keys(wanted)])];
    return keys.flatMap((key) => differencesOf(stored[key], wanted[key], path === "" ? key : `${path}.${key}`));
  }
  if (Array.isArray(stored) && Array.isArray(wanted) && stored.length === wanted.length) {
    const items: [unknown, unknown][] = stored.map((item: unknown, index) => [item, wanted[index]]);
    if (items.every((pair) => pair.every(isRecord))) {
      return items.flatMap(([before, now], index) => differencesOf(before, now, `${path}.${nameOf(before) ?? index}`));
    }
  }
  return [`${path}: ${show(stored)} in the store, ${show(wanted)} now`];
}

/** What an item of a list calls itself, if all that differs is not its name. */
function nameOf(item: unknown): string | undefined {
  return isRecord(item) && typeof item.name === "string" ? item.name : undefined;
}

function show(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value).slice(0, 120);
}
