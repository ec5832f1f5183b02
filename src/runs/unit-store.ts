import { open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { describeWriteFailure, writeFileAtomic } from "../base/atomic-write.ts";
import { systemCodeOf } from "../base/errors.ts";
import { recoverJsonLines, toJsonLines } from "../base/jsonl.ts";
import { makeFolder } from "../base/make-folder.ts";
import {
  type SampleRecord,
  type ScoreRecord,
  sampleRecordSchema,
  scoreRecordSchema,
  type UnitFailure,
  type UnitResult,
  unitFailureSchema,
  unitResultSchema,
} from "./schema.ts";
import { readIfPresent, readRecords, readStored, streamRecords } from "./stored-files.ts";

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
    return readRecords(scoreRecordSchema, this.#scoresPath);
  }

  /**
   * The scores in pieces, so that they are never all in memory.
   *
   * @param options.checked whether this process has read and checked them before
   */
  readScores({ checked = false }: { readonly checked?: boolean } = {}): AsyncGenerator<ScoreRecord[]> {
    return streamRecords(scoreRecordSchema, this.#scoresPath, checked);
  }

  /** The completions in pieces, so that they are never all in memory. */
  readSamples(): AsyncGenerator<SampleRecord[]> {
    return streamRecords(sampleRecordSchema, join(this.#folder, "samples.jsonl"), false);
  }

  get #scoresPath(): string {
    return join(this.#folder, "scores.jsonl");
  }

  async samples(): Promise<SampleRecord[]> {
    return readRecords(sampleRecordSchema, join(this.#folder, "samples.jsonl"));
  }

  /**
   * Opens the unit for completions made under an identity (the hash of all that determines them). Completions of the same
   * identity are given back, a torn last line dropped; those of another are moved aside, never reused.
   */
  async open(identity: string): Promise<SampleWriter> {
    await makeFolder(this.#folder);
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
    await writeFileAtomic(this.#scoresPath, toJsonLines(scores));
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

async function moveAside(path: string, name: string): Promise<void> {
  try {
    await rename(path, join(path, "..", name));
  } catch (error) {
    if (systemCodeOf(error) !== "ENOENT") throw error;
  }
}
