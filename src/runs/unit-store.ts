import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { MergesweepError, systemCodeOf } from "../base/errors.ts";
import { describeWriteFailure, writeFileAtomic } from "../base/files/atomic-write.ts";
import { jsonLinePieces } from "../base/jsonl.ts";
import {
  completionBytes,
  completionFiles,
  countLines,
  keyOf,
  readCompletions,
  refuseDamaged,
  type StoredCompletions,
} from "./completions/completion-files.ts";
import { benchmarkIdentity } from "./identity.ts";
import {
  type PlannedBenchmark,
  type SampleRecord,
  type ScoreRecord,
  sampleRecordSchema,
  scoreRecordSchema,
  type UnitFailure,
  type UnitIdentity,
  type UnitResult,
  unitFailureSchema,
  unitIdentitySchema,
  unitResultSchema,
} from "./schema.ts";
import { readIfPresent, readRecords, readStored, streamRecords } from "./stored-files.ts";

/** The identity under which a unit is worked on. */
export interface OpenedAs extends Omit<UnitIdentity, "v1" | "identity"> {
  readonly identity: string;
  /** The name that a store of version 1 gave the same completions. */
  readonly identityV1?: ((benchmarks: NonNullable<UnitIdentity["v1"]>["benchmarks"]) => string) | undefined;
}

/** A unit's folder in a run store. */
export class UnitStore {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Undefined until the unit is done. */
  result(): Promise<UnitResult | undefined> {
    return readStored(unitResultSchema, join(this.folder, "result.json"));
  }

  /** Why the unit failed when it was last tried; undefined if it did not. */
  failure(): Promise<UnitFailure | undefined> {
    return readStored(unitFailureSchema, join(this.folder, "failure.json"));
  }

  /** Undefined until the unit is first worked on. */
  identity(): Promise<UnitIdentity | undefined> {
    return readStored(unitIdentitySchema, this.#identityPath);
  }

  get #identityPath(): string {
    return join(this.folder, "identity.json");
  }

  /**
   * Brings a unit of a store of version 1 to the form of today: what its identity covered is known from the manifest of then. A
   * unit that shares another's completions had its identity in the result only.
   *
   * @param benchmarks of that manifest
   */
  async upgrade(benchmarks: readonly PlannedBenchmark[]): Promise<void> {
    if ((await this.identity()) !== undefined) return;
    const path = join(this.folder, "identity");
    const identity = (await readIfPresent(path)) ?? (await this.result())?.identity;
    if (identity === undefined) return;
    const asked = Object.fromEntries(benchmarks.map((benchmark) => [benchmark.name, benchmarkIdentity(benchmark)]));
    const v1 = { identity, benchmarks: [...benchmarks] };
    await this.writeIdentity({ identity: null, parts: {}, benchmarks: asked, inputs: [], v1 });
    await rm(path, { force: true });
  }

  async scores(): Promise<ScoreRecord[]> {
    return readRecords(scoreRecordSchema, this.#scoresPath);
  }

  /**
   * The scores in pieces, so that they are never all in memory.
   *
   * @param options.checked whether this process has read and checked them before
   * @param options.from another folder that has scores of the unit
   */
  readScores({
    checked = false,
    from,
  }: {
    readonly checked?: boolean;
    readonly from?: string | undefined;
  } = {}): AsyncGenerator<ScoreRecord[]> {
    return streamRecords(scoreRecordSchema, from === undefined ? this.#scoresPath : join(from, SCORES_FILE), checked);
  }

  /** The completions in pieces, so that they are never all in memory. */
  async *readSamples(): AsyncGenerator<SampleRecord[]> {
    const files = await completionFiles(this.folder);
    const seen = files.length > 1 ? new Set<string>() : undefined;
    for (const file of files) {
      for await (const records of streamRecords(sampleRecordSchema, join(this.folder, file), false)) {
        // Of an attempt that two workers answered, the first file counts.
        yield seen === undefined ? records : records.filter((record) => isNew(seen, keyOf(record)));
      }
    }
  }

  get #scoresPath(): string {
    return join(this.folder, SCORES_FILE);
  }

  /** @throws StoreError naming the first line that is damaged */
  async samples(): Promise<readonly SampleRecord[]> {
    const { records, damaged } = await readCompletions(this.folder);
    refuseDamaged(damaged);
    return records;
  }

  /** The completions, and which lines are none. */
  completions(): Promise<StoredCompletions> {
    return readCompletions(this.folder);
  }

  /** How many scores there are; none where the file is damaged: they are made again from the completions. */
  async scoreCount(): Promise<number> {
    let count = 0;
    try {
      for await (const records of this.readScores({ checked: true })) count += records.length;
    } catch (error) {
      if (!(error instanceof MergesweepError)) throw error;
      return 0;
    }
    return count;
  }

  /** How many lines the completions have, without reading them as records. */
  lineCount(): Promise<number> {
    return countLines(this.folder);
  }

  /** Bytes of the completions: the same as when the unit was done, and none was lost. */
  samplesBytes(): Promise<number> {
    return completionBytes(this.folder);
  }

  /** Names of the files of completions. */
  completionFiles(): Promise<string[]> {
    return completionFiles(this.folder);
  }

  async writeIdentity({ identity, parts, benchmarks, inputs, v1, builds }: UnitIdentity): Promise<void> {
    const record: UnitIdentity = {
      identity,
      parts,
      benchmarks,
      inputs,
      ...(v1 === undefined ? {} : { v1 }),
      ...(builds === undefined ? {} : { builds }),
    };
    await writeFileAtomic(this.#identityPath, `${JSON.stringify(record, null, 2)}\n`);
  }

  /** @param scores may be made while they are written */
  async writeScores(scores: Iterable<ScoreRecord>): Promise<void> {
    await writeFileAtomic(this.#scoresPath, jsonLinePieces(scores));
  }

  /** Marks the unit as done. */
  async writeResult(result: UnitResult): Promise<void> {
    await writeFileAtomic(join(this.folder, "result.json"), `${JSON.stringify(result, null, 2)}\n`);
    await rm(join(this.folder, "failure.json"), { force: true });
  }

  /** Marks the unit as not done, after all: its completions stay. */
  async removeResult(): Promise<void> {
    await rm(join(this.folder, "result.json"), { force: true });
  }

  /** Notes why the unit failed, for the report and for whoever looks later. */
  async writeFailure(failure: UnitFailure): Promise<void> {
    await writeFileAtomic(join(this.folder, "failure.json"), `${JSON.stringify(failure, null, 2)}\n`);
  }

  /**
   * Moves all that is stored of the unit aside, so that it can be made again.
   *
   * @returns where it lies now; undefined if there was nothing
   */
  async setAside(): Promise<string | undefined> {
    for (let count = 1; ; count++) {
      const aside = `${this.folder}.old-${count}`;
      try {
        await rename(this.folder, aside);
        return aside;
      } catch (error) {
        const code = systemCodeOf(error);
        if (code === "ENOENT") return undefined;
        if (code !== "ENOTEMPTY" && code !== "EEXIST" && code !== "EPERM") throw describeWriteFailure(error, aside);
      }
    }
  }
}

const SCORES_FILE = "scores.jsonl";

function isNew(seen: Set<string>, key: string): boolean {
  const before = seen.size;
  return seen.add(key).size > before;
}
