import { digestOf } from "../../base/digest.ts";
import { StoreError } from "../../base/errors.ts";
import { mapInThreads } from "../../base/threads/call-threads.ts";
import { siblingModule } from "../../base/threads/start-thread.ts";
import type { Benchmark } from "../../benchmarks/benchmark.ts";
import type { OwnBenchmark } from "../../benchmarks/define-benchmark.ts";
import { loadBenchmark } from "../../benchmarks/load-dataset.ts";
import { problemRecords } from "../../eval/problem-records.ts";
import { scoreSamples } from "../../eval/score-samples.ts";
import { enterAlone } from "../../runs/leases/enter-store.ts";
import { readManifest } from "../../runs/read-manifest.ts";
import { unitStore, writeProblems, writeScoring } from "../../runs/run-store.ts";
import type { Manifest, PlannedPoint, SampleRecord, ScoreRecord, UnitResult } from "../../runs/schema.ts";
import { threadsFor } from "../../runs/tables/unit-source.ts";
import type { UnitStore } from "../../runs/unit-store.ts";
import type { OwnScorer } from "../../scorers/own-scorer.ts";
import { type Scoring, scoreOptionsOf, withScorers } from "../../scorers/scoring.ts";
import { SCORER_VERSION } from "../../scorers/version.ts";
import type { OwnParts } from "../plan/own-parts.ts";
import { type RescoreTask, rescoreUnit } from "./rescore-unit.ts";

/** What re-scoring changed: how many attempts have another verdict than before. */
export interface Rescored {
  readonly units: number;
  readonly attempts: number;
  readonly changed: number;
}

/** How a run is scored again. */
export interface ScoreRunOptions {
  readonly profile?: string | undefined;
  readonly into?: string | undefined;
  readonly own?: Pick<OwnParts, "benchmarks" | "scorers"> | undefined;
}

/**
 * Scores every finished unit of a run again from its stored completions; no model is needed.
 *
 * @param root where the benchmarks are found; the working directory if left out
 * @param options.own scorers to score by instead of those that the run has of this kind, and benchmarks that were defined in code
 * @param options.profile another extraction order than the run's; the run keeps it
 * @param options.into a folder that gets the scores, each unit's in a folder of its own; the run then stays as it is
 * @throws StoreError if a benchmark's data is not the one that the run was made with, the run is being worked on, or completions
 *   are missing or damaged; nothing is written then
 */
export async function scoreRun(
  folder: string,
  root: string = process.cwd(),
  { profile, into, own = {} }: ScoreRunOptions = {},
): Promise<Rescored> {
  const manifest = await ownManifest(folder);
  const { scorers = [] } = own;
  const scoring = withScorers(withProfile(manifest, profile), own.scorers);
  scoreOptionsOf(scoring, scorers);
  const benchmarks = await plannedBenchmarks(manifest, root, own.benchmarks);
  const leases = into === undefined ? await enterAlone(folder, "score") : undefined;
  try {
    const units = await finishedUnits(folder, manifest);
    if (into === undefined) {
      await writeScoring(folder, manifest, scoring);
      await writeProblems(folder, problemRecords(benchmarks));
    }
    const tasks = units.map(({ result }): RescoreTask => ({ folder, result, benchmarks, scoring, scorers, into }));
    const completions = units.reduce((sum, { result }) => sum + result.attempts, 0);
    const total = { units: units.length, attempts: 0, changed: 0 };
    // A thread has no scorers of the caller's own.
    const threads = scorers.length === 0 ? threadsFor(completions) : 0;
    for await (const [, { attempts, changed }] of mapInThreads(RESCORE_UNIT, tasks, threads)) {
      total.attempts += attempts;
      total.changed += changed;
    }
    return total;
  } finally {
    await leases?.leave();
  }
}

/**
 * The scores that a run's finished units would have under an extraction profile; nothing is written.
 *
 * @throws as `scoreRun` does
 */
export async function scoresUnder(
  folder: string,
  root: string,
  profile: string,
): Promise<{ readonly point: PlannedPoint; readonly scores: readonly ScoreRecord[] }[]> {
  const manifest = await ownManifest(folder);
  const options = scoreOptionsOf(withProfile(manifest, profile));
  const benchmarks = await plannedBenchmarks(manifest, root);
  const points: { point: PlannedPoint; scores: readonly ScoreRecord[] }[] = [];
  for (const { point, store } of await finishedUnits(folder, manifest)) {
    points.push({ point, scores: scoreSamples(await store.samples(), benchmarks, options) });
  }
  return points;
}

const RESCORE_UNIT = { call: rescoreUnit, module: siblingModule("./score-thread", import.meta.url) };

interface FinishedUnit {
  readonly point: PlannedPoint;
  readonly store: UnitStore;
  readonly result: UnitResult;
}

/**
 * The units that have completions of their own.
 *
 * @throws StoreError if one has fewer completions than it had when it was done
 */
async function finishedUnits(folder: string, { points }: Manifest): Promise<FinishedUnit[]> {
  const units: FinishedUnit[] = [];
  const short: string[] = [];
  for (const point of points) {
    const store = unitStore(folder, point.unit);
    const result = await store.result();
    if (result === undefined || result.same_as !== null) continue;
    const found = await store.lineCount();
    if (found < result.attempts) short.push(`  ${point.name}: ${found} of ${result.attempts}`);
    units.push({ point, store, result });
  }
  if (short.length === 0) return units;
  throw new StoreError(`${folder} has lost completions of finished points:\n${short.join("\n")}`, {
    hint: "Nothing was scored, and the scores are as they were. Run the sweep again: what is missing is asked again. Or mark these points as unfinished with: mergesweep recover RUN",
  });
}

/** Whether a unit's scores were made by this version of the scorers and by this scoring. */
export function isScoredBy(result: UnitResult, scoring: Scoring): boolean {
  return result.scorer_version === SCORER_VERSION && result.scoring_digest === digestOf(scoring);
}

/**
 * Scores the completions of a unit by benchmarks as a whole: a store may hold more than a plan asks. Scores of other benchmarks
 * stay, where they were made by the same scorers.
 */
export async function scoresOfUnit(
  store: UnitStore,
  records: readonly SampleRecord[],
  benchmarks: readonly Benchmark[],
  scoring: Scoring,
  scorers: readonly OwnScorer[],
): Promise<ScoreRecord[]> {
  const names = new Set(benchmarks.map(({ name }) => name));
  const before = await store.result();
  // Damaged ones are made again.
  const kept = before !== undefined && isScoredBy(before, scoring) ? await store.scores().catch(() => []) : [];
  const others = kept.filter(({ benchmark }) => !names.has(benchmark));
  return [...scoreSamples(records, benchmarks, scoreOptionsOf(scoring, scorers)), ...others];
}

function withProfile({ scoring }: Manifest, profile: string | undefined): Scoring {
  return profile === undefined ? scoring : { ...scoring, profile };
}

/** @throws StoreError for imported results, which are graded where they are imported */
async function ownManifest(folder: string): Promise<Manifest> {
  const manifest = await readManifest(folder);
  if (!("imported" in manifest.plan)) return manifest;
  throw new StoreError(`${folder} holds results of another program, which have no benchmark of ours to be scored by`, {
    hint: `Grade their texts where they are imported: mergesweep import PATHS --rescore --out ${folder}`,
  });
}

function plannedBenchmarks(manifest: Manifest, root: string, own: readonly OwnBenchmark[] = []): Promise<Benchmark[]> {
  return Promise.all(manifest.benchmarks.map((planned) => loadPlanned(planned, root, own)));
}

async function loadPlanned(
  planned: Manifest["benchmarks"][number],
  root: string,
  own: readonly OwnBenchmark[],
): Promise<Benchmark> {
  const given = own.find(({ name }) => name === planned.name);
  if (planned.own === true && given === undefined) {
    throw new StoreError(`Expected the benchmark ${planned.name}, which was defined in code, found none`, {
      hint: "Score the run where it is defined: scoreRun(RUN, ROOT, { own: { benchmarks } }).",
    });
  }
  const benchmark =
    given?.ask(planned.prompt.replace(/@\d+$/, "")) ?? (await loadBenchmark(planned.source ?? planned.name, { root }));
  if (benchmark.dataSha256 === planned.data_sha256) return benchmark;
  throw new StoreError(
    `The run used ${planned.name} with the data ${planned.data_sha256.slice(0, 12)}, found ${benchmark.dataSha256.slice(0, 12)} in ${root}`,
    { hint: "Completions are only scored against the problems that they answer." },
  );
}
