import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { sha256 } from "../../base/digest.ts";
import { InputError, StoreError } from "../../base/errors.ts";
import type { Benchmark, Sample } from "../../benchmarks/benchmark.ts";
import { loadBenchmark } from "../../benchmarks/load-dataset.ts";
import { scoreSamples } from "../../eval/score-samples.ts";
import { scoreTables } from "../../runs/build-score-tables.ts";
import { readLock } from "../../runs/lock.ts";
import { readManifest } from "../../runs/read-manifest.ts";
import { readRun } from "../../runs/read-run.ts";
import { readProgress, unitStore } from "../../runs/run-store.ts";
import {
  completionsPerPoint,
  type EvaluatedPoint,
  type Manifest,
  type PlannedPoint,
  type SampleRecord,
  type ScoreRecord,
  type StoredRun,
} from "../../runs/schema.ts";
import { scoreOptionsOf } from "../../scorers/scoring.ts";

/** How far a run is. */
export interface LiveProgress {
  readonly done: number;
  readonly total: number;
  /** Null while nobody works on it, or nothing is known of its speed. */
  readonly secondsLeft: number | null;
}

/** A benchmark whose questions are found by their names. */
interface KnownBenchmark {
  readonly benchmark: Benchmark;
  readonly samples: ReadonlyMap<string, Sample>;
}

/** A run store that somebody else may be writing to. Nothing is written and no lock is taken. */
export class LiveRun {
  readonly #folder: string;
  readonly #root: string;
  readonly #benchmarks = new Map<string, KnownBenchmark | undefined>();
  /** Scores of questions of units that are not done, by what they were made from. */
  readonly #scored = new Map<string, readonly ScoreRecord[]>();

  /** @param root where the benchmarks are found; points that are not done can only be scored with them */
  constructor(folder: string, root: string) {
    this.#folder = folder;
    this.#root = root;
  }

  /** Changes whenever something is written to the store that a report shows. */
  async signature(): Promise<string> {
    const { points } = await readManifest(this.#folder);
    const states = await Promise.all(points.map(({ unit }) => stateOf(join(this.#folder, "units", unit))));
    return sha256(states.join("\n"));
  }

  async progress(): Promise<LiveProgress> {
    const manifest = await readManifest(this.#folder);
    const total = completionsPerPoint(manifest) * manifest.points.length;
    const lock = await readLock(this.#folder);
    const progress = lock?.alive === true ? await readProgress(this.#folder) : undefined;
    if (progress !== undefined) {
      return { done: progress.samples_done, total: progress.samples_total, secondsLeft: progress.seconds_left };
    }
    const counts = await Promise.all(
      manifest.points.map((point) => this.#answered(point, completionsPerPoint(manifest))),
    );
    return { done: counts.reduce((sum, count) => sum + count, 0), total, secondsLeft: null };
  }

  async #answered({ unit }: PlannedPoint, all: number): Promise<number> {
    const store = unitStore(this.#folder, unit);
    return (await store.result()) === undefined ? (await store.samples()).length : all;
  }

  /** The run as far as it is: points that are not done with the questions of which all attempts are there. */
  async read(): Promise<StoredRun> {
    const run = await readRun(this.#folder);
    const done = new Map(run.evaluated.map((unit) => [unit.point.name, unit]));
    const evaluated: EvaluatedPoint[] = [];
    for (const point of run.manifest.points) {
      const unit = done.get(point.name) ?? (await this.#partial(run.manifest, point));
      if (unit !== undefined) evaluated.push(unit);
    }
    return { ...run, evaluated };
  }

  async #partial(manifest: Manifest, point: PlannedPoint): Promise<EvaluatedPoint | undefined> {
    const samples = await unitStore(this.#folder, point.unit).samples();
    const scores: ScoreRecord[] = [];
    const shown: SampleRecord[] = [];
    for (const planned of manifest.benchmarks) {
      const known = await this.#benchmark(planned.name, planned.data_sha256);
      if (known === undefined) continue;
      for (const [sample, records] of bySample(samples, planned.name)) {
        if (records.length < planned.attempts) continue;
        shown.push(...records);
        scores.push(...this.#score(manifest, { point, sample, records, known }));
      }
    }
    if (scores.length === 0) return undefined;
    return {
      point,
      result: {
        unit: point.unit,
        weights_sha256: null,
        identity: sha256(`${this.#folder} ${point.unit}`),
        same_as: null,
        runtime: "",
        gguf_type: "",
        attempts: scores.length,
        scorer_version: 0,
        scoring_digest: "",
      },
      ...scoreTables(scores),
      records: () => inOnePiece(scores),
      texts: () => inOnePiece(shown),
    };
  }

  #score(
    manifest: Manifest,
    asked: { point: PlannedPoint; sample: string; records: readonly SampleRecord[]; known: KnownBenchmark },
  ): readonly ScoreRecord[] {
    const { point, sample, records, known } = asked;
    const key = `${point.unit}\n${known.benchmark.name}\n${sample}\n${records.length}`;
    const before = this.#scored.get(key);
    if (before !== undefined) return before;
    const question = known.samples.get(sample);
    const one = { ...known.benchmark, samples: question === undefined ? [] : [question] };
    const scores = scoreSamples(records, [one], scoreOptionsOf(manifest.scoring));
    this.#scored.set(key, scores);
    return scores;
  }

  /** Undefined where this machine has not got it, or another version. */
  async #benchmark(name: string, digest: string): Promise<KnownBenchmark | undefined> {
    if (!this.#benchmarks.has(name)) {
      const found = await loadBenchmark(name, { root: this.#root }).catch((error: unknown) => {
        if (error instanceof InputError || error instanceof StoreError) return undefined;
        throw error;
      });
      this.#benchmarks.set(
        name,
        found?.dataSha256 === digest
          ? { benchmark: found, samples: new Map(found.samples.map((sample) => [sample.id, sample])) }
          : undefined,
      );
    }
    return this.#benchmarks.get(name);
  }
}

/** Names, sizes and times of the files of a unit. */
async function stateOf(folder: string): Promise<string> {
  const files: readonly string[] = await readdir(folder).catch(() => []);
  const states = files.map(async (file) => {
    const found = await stat(join(folder, file)).catch(() => undefined);
    return `${file} ${found?.size} ${found?.mtimeMs}`;
  });
  return (await Promise.all(states)).toSorted((a, b) => (a < b ? -1 : 1)).join("\n");
}

function bySample(samples: readonly SampleRecord[], benchmark: string): Map<string, SampleRecord[]> {
  const found = new Map<string, SampleRecord[]>();
  for (const record of samples) {
    if (record.benchmark !== benchmark) continue;
    const records = found.get(record.sample);
    if (records === undefined) found.set(record.sample, [record]);
    else records.push(record);
  }
  return found;
}

async function* inOnePiece<Item>(items: readonly Item[]): AsyncGenerator<readonly Item[]> {
  yield await Promise.resolve(items);
}
