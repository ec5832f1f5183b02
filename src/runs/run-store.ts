import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { digestOf } from "../base/digest.ts";
import { DiskFullError, StoreError, systemCodeOf, WorkError } from "../base/errors.ts";
import { describeWriteFailure, writeFileAtomic } from "../base/files/atomic-write.ts";
import { makeFolder } from "../base/files/make-folder.ts";
import { toJsonLines } from "../base/jsonl.ts";
import { growManifest } from "./grow.ts";
import { enterAsWorker } from "./leases/enter-store.ts";
import type { WorkerLeases } from "./leases/worker-leases.ts";
import { readManifestIfPresent } from "./read-manifest.ts";
import { type Manifest, type PlannedPoint, type ProblemRecord, problemRecordSchema } from "./schema.ts";
import { type RunSetup, writeSetup } from "./setup.ts";
import { readRecords } from "./stored-files.ts";
import { UnitStore } from "./unit-store.ts";

const PROBLEMS_FILE = "problems.jsonl";

/** A run store that this process works on, perhaps beside others. */
export interface RunStore {
  readonly folder: string;
  /** What the store holds when the plan is done, which may be more than was planned now. */
  readonly manifest: Manifest;
  /** Whether no other worker was there when this one came. */
  readonly alone: boolean;
  readonly leases: WorkerLeases;
  /** The folder of a point's unit. */
  unitOf(point: PlannedPoint): string;
  unit(id: string): UnitStore;
  close(): Promise<void>;
}

export interface OpenRunOptions {
  /** Whether only a part of the plan is to be done: the rest stays in the manifest. */
  readonly trial?: boolean | undefined;
  /** Names what is asked of every unit: workers that ask the same may share the store. All that the manifest asks by default. */
  readonly asked?: string | undefined;
  /** Silent for so long, and this worker loses its leases. */
  readonly leaseSeconds?: number | undefined;
  /** What the plan was made from, kept for workers that come later. */
  readonly setup?: RunSetup | undefined;
  /** Told once when a worker has to be waited for that may be dead. */
  readonly onWait?: ((message: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens the store of a run for work, making it if there is none yet. A plan that grew goes on with what is stored. Others may work
 * on it at the same time, if they ask the same.
 *
 * @throws StoreError if another process has it for another use, or if it was made with a plan under which completions would be
 *   others; the error says what differs
 */
export async function openRunStore(
  folder: string,
  wanted: Manifest,
  { trial = false, asked = digestOf([wanted.benchmarks, wanted.scoring]), setup, ...options }: OpenRunOptions = {},
): Promise<RunStore> {
  const { leases, prepared } = await makeFolder(folder)
    .then(() => enterAsWorker(folder, asked, (_, alone) => settle(folder, wanted, { trial, alone, setup }), options))
    .catch((error: unknown) => {
      const failure = describeWriteFailure(error, folder);
      // Nothing has been started: that the folder is no good is said like any other wrong input.
      throw failure instanceof WorkError && !(failure instanceof DiskFullError)
        ? new StoreError(failure.message, { cause: error })
        : failure;
    });
  const { manifest, alone } = prepared;
  const units = new Map(manifest.points.map(({ name, unit }) => [name, unit]));
  return {
    folder,
    manifest,
    alone,
    leases,
    unitOf: (point) => units.get(point.name) ?? point.unit,
    unit: (id) => unitStore(folder, id),
    close: () => leases.leave(),
  };
}

/** Brings a store to a plan, while nobody else enters it. Others that work on it keep what they work on. */
async function settle(
  folder: string,
  wanted: Manifest,
  { trial, alone, setup }: { readonly trial: boolean; readonly alone: boolean; readonly setup: RunSetup | undefined },
): Promise<Pick<RunStore, "manifest" | "alone">> {
  const stored = await readManifestIfPresent(folder);
  const folders = await unitFolders(folder);
  if (stored !== undefined) {
    for (const { unit } of stored.points) await unitStore(folder, unit).upgrade(stored.benchmarks);
  }
  const placed = { ...wanted, points: wanted.points.map((point) => ({ ...point, unit: unitIn(folders, point) })) };
  const manifest = stored === undefined ? placed : growManifest(stored, placed, { folder, trial: trial || !alone });
  if (digestOf(stored ?? null) !== digestOf(manifest)) await writeManifest(folder, manifest);
  if (setup !== undefined) await writeSetup(folder, setup);
  return { manifest, alone };
}

/** Names of the folders that units have got so far. */
export async function unitFolders(folder: string): Promise<string[]> {
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
