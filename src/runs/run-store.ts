import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { digestOf } from "../base/digest.ts";
import { DiskFullError, StoreError, systemCodeOf, WorkError } from "../base/errors.ts";
import { describeWriteFailure, writeFileAtomic } from "../base/files/atomic-write.ts";
import { makeFolder } from "../base/files/make-folder.ts";
import { toJsonLines } from "../base/jsonl.ts";
import { growManifest } from "./grow.ts";
import { lockFolder } from "./lock.ts";
import { progressSchema, type RunProgress } from "./progress.ts";
import { readManifestIfPresent } from "./read-manifest.ts";
import { type Manifest, type PlannedPoint, type ProblemRecord, problemRecordSchema } from "./schema.ts";
import { readRecords, readStored } from "./stored-files.ts";
import { UnitStore } from "./unit-store.ts";

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
      for (const { unit } of stored.points) await unitStore(folder, unit).upgrade(stored.benchmarks);
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
    unit: (id) => unitStore(folder, id),
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

/** Keeps how the scores of a run are made; its units are to be scored again by whoever changes that. */
export async function writeScoring(folder: string, manifest: Manifest, scoring: Manifest["scoring"]): Promise<void> {
  if (digestOf(manifest.scoring) !== digestOf(scoring)) await writeManifest(folder, { ...manifest, scoring });
}

function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  return writeFileAtomic(join(folder, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
}

/**
 * Keeps the questions that are asked, beside those that were asked before.
 *
 * @throws StoreError if one has another text than before: the answers that are stored are to that one
 */
export async function writeProblems(folder: string, problems: readonly ProblemRecord[]): Promise<void> {
  const known = await readProblems(folder);
  refuseOtherTexts(folder, problems, known);
  const now = new Set(problems.map(keyOf));
  const all = [...problems, ...known.filter((problem) => !now.has(keyOf(problem)))];
  // The order in which all were written last stays where nothing is new.
  const digests = new Set(known.map((problem) => digestOf(problem)));
  if (problems.every((problem) => digests.has(digestOf(problem)))) return;
  await writeFileAtomic(join(folder, PROBLEMS_FILE), toJsonLines(all));
}

function refuseOtherTexts(folder: string, problems: readonly ProblemRecord[], known: readonly ProblemRecord[]): void {
  const texts = new Map(known.map((record) => [keyOf(record), record.problem]));
  const changed = problems.filter((record) => (texts.get(keyOf(record)) ?? record.problem) !== record.problem);
  const [first] = changed;
  if (first === undefined) return;
  throw new StoreError(
    `${folder} holds answers to other problems: ${first.benchmark} ${first.sample} was ${JSON.stringify(texts.get(keyOf(first)))}, and is now ${JSON.stringify(first.problem)}${changed.length === 1 ? "" : ` (and ${changed.length - 1} more)`}`,
    {
      hint: "Its benchmark.yaml reads them otherwise than before. Give the new problems a store of their own with --out FOLDER.",
    },
  );
}

function keyOf({ benchmark, sample }: ProblemRecord): string {
  return JSON.stringify([benchmark, sample]);
}

export function readProblems(folder: string): Promise<ProblemRecord[]> {
  return readRecords(problemRecordSchema, join(folder, PROBLEMS_FILE));
}

/** The unit store of a run that is read only or re-scored. */
export function unitStore(runFolder: string, unit: string): UnitStore {
  return new UnitStore(unitFolder(runFolder, unit));
}

function unitFolder(runFolder: string, id: string): string {
  return join(runFolder, "units", id);
}
