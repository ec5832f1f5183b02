import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { sha256 } from "../../base/digest.ts";
import { gradedBenchmark } from "../../eval/problem-records.ts";
import { scoreSamples } from "../../eval/score-samples.ts";
import { readWorkers, secondsLeft } from "../../runs/leases/read-workers.ts";
import { readManifest } from "../../runs/read-manifest.ts";
import { readRun } from "../../runs/read-run.ts";
import { unitStore } from "../../runs/run-store.ts";
import {
  completionsPerPoint,
  type Manifest,
  type PlannedPoint,
  type ProblemRecord,
  type SampleRecord,
  type ScoreRecord,
} from "../../runs/schema.ts";
import type { EvaluatedPoint, StoredRun } from "../../runs/stored-run.ts";
import { scoreTables } from "../../runs/tables/build-score-tables.ts";
import { readStrata } from "../../runs/tables/question-strata.ts";
import { inView } from "../../runs/view.ts";
import { scoreOptionsOf } from "../../scorers/scoring.ts";

/** How far a run is. */
export interface LiveProgress {
  readonly done: number;
  readonly total: number;
  /** Null while nobody works on it, or nothing is known of its speed. */
  readonly secondsLeft: number | null;
}

/** A run store that somebody else may be writing to. Nothing is written and no lock is taken. */
export class LiveRun {
  readonly #folder: string;
  /** Scores of questions of units that are not done, by the answers that they are of. */
  #scored = new Map<string, readonly ScoreRecord[]>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Changes whenever something is written to the store that a report shows. */
  async signature(): Promise<string> {
    const { points } = await readManifest(this.#folder);
    const states = await Promise.all(points.map(({ unit }) => stateOf(join(this.#folder, "units", unit))));
    const own = await Promise.all(["manifest.json", "search.json"].map((file) => fileState(this.#folder, file)));
    return sha256([...own, ...states].join("\n"));
  }

  async progress(): Promise<LiveProgress> {
    const manifest = await readManifest(this.#folder);
    const total = completionsPerPoint(manifest) * manifest.points.length;
    const counts = await Promise.all(
      manifest.points.map((point) => this.#answered(point, completionsPerPoint(manifest))),
    );
    const done = counts.reduce((sum, count) => sum + count, 0);
    return { done, total, secondsLeft: secondsLeft(await readWorkers(this.#folder), total - done) };
  }

  async #answered({ unit }: PlannedPoint, all: number): Promise<number> {
    const store = unitStore(this.#folder, unit);
    return (await store.result()) === undefined ? Math.min(all, await store.lineCount()) : all;
  }

  /**
   * The run as far as it is: points that are not done with the questions of which all attempts are there. These are scored here,
   * from what the store has: a worker that is killed leaves no scores that would have to be made good.
   */
  async read(): Promise<StoredRun> {
    const run = await readRun(this.#folder);
    const done = new Map(run.evaluated.map((unit) => [unit.point.name, unit]));
    const strata = await readStrata(this.#folder, run.manifest);
    const problems = new Map((run.problems ?? []).map((problem) => [questionKey(problem), problem]));
    const scored = new Map<string, readonly ScoreRecord[]>();
    const evaluated: EvaluatedPoint[] = [];
    for (const point of run.manifest.points) {
      const unit = done.get(point.name) ?? (await this.#partial(run.manifest, point, { problems, strata }, scored));
      if (unit !== undefined) evaluated.push(unit);
    }
    // What is done by now is read from now on.
    this.#scored = scored;
    return { ...run, evaluated };
  }

  async #partial(
    manifest: Manifest,
    point: PlannedPoint,
    {
      problems,
      strata,
    }: {
      readonly problems: ReadonlyMap<string, ProblemRecord>;
      readonly strata: Awaited<ReturnType<typeof readStrata>>;
    },
    scored: Map<string, readonly ScoreRecord[]>,
  ): Promise<EvaluatedPoint | undefined> {
    const samples = (await unitStore(this.#folder, point.unit).samples()).filter(inView(manifest));
    const attempts = new Map(manifest.benchmarks.map((benchmark) => [benchmark.name, benchmark.attempts]));
    const answered = [...byQuestion(samples)].filter(
      ([, records]) => records.length === attempts.get(records[0]?.benchmark ?? ""),
    );
    const scores = answered.flatMap(([question, records]) => {
      const key = sha256(JSON.stringify(records));
      const own = this.#scored.get(key) ?? scoreQuestion(records, problems.get(question), manifest);
      scored.set(key, own);
      return own;
    });
    if (scores.length === 0) return undefined;
    const shown = answered.flatMap(([, records]) => records);
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
      ...scoreTables(scores, strata),
      records: () => inOnePiece(scores),
      texts: () => inOnePiece(shown),
    };
  }
}

/** None where the store does not say how the question is scored. */
function scoreQuestion(
  records: readonly SampleRecord[],
  problem: ProblemRecord | undefined,
  { scoring }: Manifest,
): readonly ScoreRecord[] {
  // A scorer that a program brings is not at hand here: such points are shown when they are done.
  if (Object.keys(scoring.scorers ?? {}).length > 0) return [];
  const benchmark = problem === undefined ? undefined : gradedBenchmark(problem);
  return benchmark === undefined ? [] : scoreSamples(records, [benchmark], scoreOptionsOf(scoring));
}

/** Names, sizes and times of the files of a unit. */
async function stateOf(folder: string): Promise<string> {
  const files: readonly string[] = await readdir(folder).catch(() => []);
  const states = await Promise.all(files.map((file) => fileState(folder, file)));
  return states.toSorted((a, b) => (a < b ? -1 : 1)).join("\n");
}

async function fileState(folder: string, file: string): Promise<string> {
  const found = await stat(join(folder, file)).catch(() => undefined);
  return `${file} ${found?.size} ${found?.mtimeMs}`;
}

function byQuestion(samples: readonly SampleRecord[]): Map<string, SampleRecord[]> {
  const found = new Map<string, SampleRecord[]>();
  for (const record of samples) {
    const key = questionKey(record);
    const records = found.get(key);
    if (records === undefined) found.set(key, [record]);
    else records.push(record);
  }
  return found;
}

function questionKey({ benchmark, sample }: { readonly benchmark: string; readonly sample: string }): string {
  return JSON.stringify([benchmark, sample]);
}

async function* inOnePiece<Item>(items: readonly Item[]): AsyncGenerator<readonly Item[]> {
  yield await Promise.resolve(items);
}
