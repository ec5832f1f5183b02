import type { QuestionStrata } from "../base/stratum-weights.ts";
import type { StoredRun } from "../runs/stored-run.ts";
import { joinStrata, sizesOf } from "../runs/tables/question-strata.ts";
import { BenchmarkFlips, drawsFor, type MeasureColumns } from "../stats/family.ts";
import { groupBy } from "../stats/mean.ts";
import { attemptsOf, type PointScores, pointScores, questionMeans } from "./point-scores.ts";

/** What is claimed about: rates, and lengths question by question (their logarithms) or in tokens. */
export type MeasureId = "accuracy" | "accuracy_strict" | "format" | "tokens";

/** The measures of a report, in its order. */
export const MEASURE_IDS: readonly MeasureId[] = ["accuracy", "accuracy_strict", "format", "tokens"];

/** The rates among them. */
export type RateId = Exclude<MeasureId, "tokens">;

/** What claims rest on. */
type EvidenceUnit = "question" | "run";

/** Everything that claims about one benchmark rest on. */
export interface Evidence {
  readonly benchmark: string;
  readonly dataSha256: string;
  /**
   * What a value of a column is of: a question, or a whole run over all questions, where results of other programs give no
   * more. Runs differ by their seeds, not by their questions, and stand wherever questions are said to.
   */
  readonly unit: EvidenceUnit;
  /** Questions of each run, where the unit is a run: its means are no finer. */
  readonly runSize: number;
  /** Every question that any point was asked, by name. */
  readonly questions: readonly string[];
  /** Points and references of different weights, in the manifest's order: what has the same weights is one. */
  readonly points: readonly PointScores[];
  /** A column a point, aligned with `questions`; NaN where a point was not asked or the measure is not known. */
  readonly columns: Readonly<Record<MeasureId, MeasureColumns>>;
  /** Logarithms of the tokens; NaN for empty answers. */
  readonly logTokens: MeasureColumns;
  /** Attempts by point and question; 0 where it was not asked. */
  readonly attempts: readonly Int32Array[];
  /** The place in `points` of what a name stands for, twins included; undefined where it is not evaluated here. */
  readonly place: (name: string) => number | undefined;
  readonly flips: BenchmarkFlips;
}

/** The evidence of a run, a benchmark each, in the manifest's order; all with the same number of draws. */
export function gatherEvidence(run: StoredRun): Evidence[] {
  // In one run the same weights answer alike; in two runs they may have been asked with other seeds.
  return evidenceOf(pointScores(run), ({ result }) =>
    run.runs === undefined ? (result.weights_sha256 ?? result.identity) : result.identity,
  );
}

/**
 * The evidence of points from anywhere.
 *
 * @param sameAs what points have in common that are one: their weights
 */
export function evidenceOf(scores: readonly PointScores[], sameAs: (point: PointScores) => string): Evidence[] {
  const byBenchmark = [...groupBy(scores, ({ benchmark }) => benchmark.name).values()];
  const alone = byBenchmark.length === 1;
  const sizes = byBenchmark.map((rows) => rows.length * Math.max(...rows.map(({ table }) => table.samples.length)));
  const draws = drawsFor(Math.max(0, ...sizes), MEASURE_IDS.length);
  return byBenchmark.map((rows) => benchmarkEvidence(rows, sameAs, draws, alone));
}

function benchmarkEvidence(
  rows: readonly PointScores[],
  sameAs: (point: PointScores) => string,
  draws: number,
  alone: boolean,
): Evidence {
  const [first] = rows;
  const benchmark = first?.benchmark.name ?? "";
  const dataSha256 = first?.benchmark.data_sha256 ?? "";
  const distinct = [...groupBy(rows, sameAs).values()].map(([one]) => one);
  const points = distinct.filter((one) => one !== undefined);
  const places = new Map(rows.map((row) => [row.point.name, points.findIndex((one) => sameAs(one) === sameAs(row))]));
  const questions = [...new Set(points.flatMap(({ table }) => table.samples))].toSorted((a, b) => (a < b ? -1 : 1));
  const at = new Map(questions.map((name, q) => [name, q]));
  const spread = (point: PointScores, values: ArrayLike<number>, missing: number): Float64Array => {
    const column = new Float64Array(questions.length).fill(missing);
    point.table.samples.forEach((name, q) => {
      column[at.get(name) ?? 0] = values[q] ?? missing;
    });
    return column;
  };
  const strata = commonStrata(points, questions);
  const columnsOf = (measure: MeasureId): MeasureColumns => ({
    columns: points.map((point) => spread(point, questionMeans(point.table, measure), Number.NaN)),
    strata,
  });
  const tokens = columnsOf("tokens");
  const flips = new BenchmarkFlips(`${benchmark} ${dataSha256}`, questions.length, draws, alone);
  return {
    benchmark,
    dataSha256,
    unit: first?.benchmark.unit ?? "question",
    runSize: runSize(first?.benchmark.questions),
    questions,
    points,
    columns: {
      accuracy: columnsOf("accuracy"),
      accuracy_strict: columnsOf("accuracy_strict"),
      format: columnsOf("format"),
      tokens,
    },
    logTokens: {
      columns: tokens.columns.map((column) => column.map((value) => (value > 0 ? Math.log(value) : Number.NaN))),
      strata,
    },
    attempts: points.map((point) => Int32Array.from(spread(point, attemptsOf(point.table), 0))),
    place: (name) => places.get(name),
    flips,
  };
}

/** A measure at some of the points. */
export function measureOf(
  { columns }: Pick<Evidence, "columns">,
  measure: MeasureId,
  places: readonly number[],
): MeasureColumns {
  const { columns: all, strata } = columns[measure];
  return { columns: places.map((place) => all[place] ?? new Float64Array()), strata };
}

/**
 * The strata of all tables as one: where points come from two searches, questions are alike that are so in both.
 */
function commonStrata(points: readonly PointScores[], questions: readonly string[]): QuestionStrata | undefined {
  const designs = [...new Set(points.flatMap(({ table }) => table.strata ?? []))];
  if (designs.length === 0) return undefined;
  const strata = joinStrata(designs);
  return { of: Int32Array.from(questions, (question) => strata.get(question) ?? -1), sizes: sizesOf(strata) };
}

/** Whether a point has a measure at all: results of other programs may lack lengths or formats. */
export function isMeasured(evidence: Evidence, measure: MeasureId, place: number): boolean {
  return evidence.columns[measure].columns[place]?.some((value) => !Number.isNaN(value)) ?? false;
}

/** Where a source does not say how many questions a run has, as many as few benchmarks have: the steps are then hardly seen. */
export function runSize(questions: number | undefined): number {
  return questions ?? 1000;
}

/** Whether all rest on the same: what holds for other seeds and what holds for other questions has no mean. */
export function haveOneUnit(evidence: readonly Pick<Evidence, "unit">[]): boolean {
  return new Set(evidence.map(({ unit }) => unit)).size < 2;
}
