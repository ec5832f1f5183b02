import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { z } from "zod";
import { describeWriteFailure, writeFileAtomic } from "../base/atomic-write.ts";
import { digestOf } from "../base/digest.ts";
import { DiskFullError, StoreError, systemCodeOf, WorkError } from "../base/errors.ts";
import { isRecord } from "../base/is-record.ts";
import { parseJsonLines, recoverJsonLines, toJsonLines } from "../base/jsonl.ts";
import { lockFolder } from "./lock.ts";
import { progressSchema, type RunProgress } from "./progress.ts";
import {
  type Manifest,
  manifestSchema,
  type SampleRecord,
  type ScoreRecord,
  type StoredRun,
  sampleRecordSchema,
  scoreRecordSchema,
  type UnitFailure,
  type UnitResult,
  unitFailureSchema,
  unitResultSchema,
} from "./schema.ts";

/** A unit's folder in a run store. */
export class UnitStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Undefined until the unit is done. */
  result(): Promise<UnitResult | undefined> {
    return readStored(unitResultSchema, join(this.#folder, "result.json"));
  }

  /** Why the unit failed when it was last tried; undefined if it did not. */
  failure(): Promise<UnitFailure | undefined> {
    return readStored(unitFailureSchema, join(this.#folder, "failure.json"));
  }

  async scores(): Promise<ScoreRecord[]> {
    return readRecords(scoreRecordSchema, join(this.#folder, "scores.jsonl"));
  }

  async samples(): Promise<SampleRecord[]> {
    return readRecords(sampleRecordSchema, join(this.#folder, "samples.jsonl"));
  }

  /**
   * Opens the unit for completions made under an identity (the hash of all that determines them). Completions of the same
   * identity are given back, a torn last line dropped; those of another are moved aside, never reused.
   */
  async open(identity: string): Promise<SampleWriter> {
    await mkdir(this.#folder, { recursive: true });
    const identityPath = join(this.#folder, "identity");
    const samplesPath = join(this.#folder, "samples.jsonl");
    const found = await readIfPresent(identityPath);
    if (found !== identity) {
      if (found !== undefined) await moveAside(samplesPath, `samples.${found.slice(0, 12)}.jsonl`);
      await writeFileAtomic(identityPath, identity);
    }
    const values = await recoverJsonLines(samplesPath);
    const existing = values.map((value) => sampleRecordSchema.parse(value));
    return SampleWriter.open(samplesPath, existing);
  }

  async writeScores(scores: readonly ScoreRecord[]): Promise<void> {
    await writeFileAtomic(join(this.#folder, "scores.jsonl"), toJsonLines(scores));
  }

  /** Marks the unit as done. */
  async writeResult(result: UnitResult): Promise<void> {
    await writeFileAtomic(join(this.#folder, "result.json"), `${JSON.stringify(result, null, 2)}\n`);
    await rm(join(this.#folder, "failure.json"), { force: true });
  }

  /** Notes why the unit failed, for the report and for whoever looks later. */
  async writeFailure(failure: UnitFailure): Promise<void> {
    await writeFileAtomic(join(this.#folder, "failure.json"), `${JSON.stringify(failure, null, 2)}\n`);
  }
}

/** Appends completions to `samples.jsonl`, each in one write that has reached the operating system when `append` returns. */
export class SampleWriter {
  /** What was stored before this process. */
  readonly existing: readonly SampleRecord[];
  readonly #file: Awaited<ReturnType<typeof open>>;
  readonly #path: string;
  #last: Promise<void> = Promise.resolve();

  private constructor(path: string, file: Awaited<ReturnType<typeof open>>, existing: readonly SampleRecord[]) {
    this.#path = path;
    this.#file = file;
    this.existing = existing;
  }

  static async open(path: string, existing: readonly SampleRecord[]): Promise<SampleWriter> {
    return new SampleWriter(path, await open(path, "a"), existing);
  }

  /** @throws WorkError if the disk is full; what was stored before stays readable. */
  async append(record: SampleRecord): Promise<void> {
    // One after the other, and none after a failed one: a torn line may only ever be the last.
    this.#last = this.#last.then(() => this.#file.appendFile(`${JSON.stringify(record)}\n`));
    try {
      await this.#last;
    } catch (error) {
      throw describeWriteFailure(error, this.#path);
    }
  }

  async close(): Promise<void> {
    try {
      await this.#last.catch(() => {});
      await this.#file.sync();
    } finally {
      await this.#file.close();
    }
  }
}

const PROGRESS_FILE = "progress.json";

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
  const lock = await mkdir(folder, { recursive: true })
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
      await writeScoring(folder, stored, manifest.scoring);
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
  const evaluated = await Promise.all(
    done
      .filter(({ result }) => result.same_as === null || finished.has(result.same_as))
      .map(async ({ point, result }) => {
        const scores = await new UnitStore(unitFolder(folder, result.same_as ?? point.unit)).scores();
        return { point, result, scores };
      }),
  );
  return { manifest, evaluated, failed };
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
  if (digestOf(manifest.scoring) !== digestOf(scoring)) await writeManifest(folder, { ...manifest, scoring });
}

function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  return writeFileAtomic(join(folder, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
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

async function readRecords<Schema extends z.ZodType>(schema: Schema, path: string): Promise<z.infer<Schema>[]> {
  const text = (await readIfPresent(path)) ?? "";
  // A line that is being appended right now has no newline yet; it belongs to the writer.
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  return parseJsonLines(whole, path).map((value) => checkStored(schema, value, path));
}

async function readStored<Schema extends z.ZodType>(
  schema: Schema,
  path: string,
): Promise<z.infer<Schema> | undefined> {
  const text = await readIfPresent(path);
  return text === undefined ? undefined : parseStored(schema, text, path);
}

function parseStored<Schema extends z.ZodType>(schema: Schema, text: string, path: string): z.infer<Schema> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new StoreError(`Expected JSON in ${path}, found ${JSON.stringify(text.slice(0, 60))}`, { cause: error });
  }
  return checkStored(schema, value, path);
}

function checkStored<Schema extends z.ZodType>(schema: Schema, value: unknown, path: string): z.infer<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new StoreError(`${path}: unexpected content at "${issue?.path.join(".")}": ${issue?.message}`, {
    hint: "It was written by another version of mergesweep, or changed by hand.",
  });
}

async function readIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

async function moveAside(path: string, name: string): Promise<void> {
  try {
    await rename(path, join(path, "..", name));
  } catch (error) {
    if (systemCodeOf(error) !== "ENOENT") throw error;
  }
}
