import type { Comparison, PairedDifference } from "../../findings/compare-points.ts";
import type { Price } from "../../findings/decision/decision.ts";
import type { Front } from "../../findings/fronts.ts";
import type { AverageRow, Bands, Judgement } from "../../findings/judge.ts";
import { csvCount, csvProbability, csvRate } from "../../findings/numbers.ts";
import { pointScores } from "../../findings/point-scores.ts";
import type { Estimate, SummaryRow } from "../../findings/summarize.ts";
import { compareRecords } from "../../runs/build-score-tables.ts";
import type { EvaluatedPoint, ScoreRecord, StoredRun } from "../../runs/schema.ts";
import type { Interval } from "../../stats/interval.ts";
import { type CsvCell, type CsvStyle, csvText } from "./csv-text.ts";

type Columns<Row> = readonly (readonly [name: string, cell: (row: Row) => CsvCell])[];

/** What summary.csv shows beside its rows. */
export type SummaryCsvSource = Pick<Judgement, "rows" | "bands" | "prices" | "fronts">;

/** summary.csv: a row a point and benchmark. Rates are fractions; empty cells are unknown, never 0. docs/columns.md describes all. */
export function summaryCsv(
  axes: readonly string[],
  { rows, bands, prices, fronts }: SummaryCsvSource,
  style: CsvStyle = {},
): string {
  const front = (row: SummaryRow): Front | undefined => fronts.find(({ benchmark }) => benchmark === row.benchmark);
  const price = (row: SummaryRow): Price | undefined =>
    prices.find(({ point, benchmark }) => point === standIn(row) && benchmark === row.benchmark);
  const band = (row: SummaryRow): Bands | undefined => bands.get(row.benchmark)?.get(row.point);
  const formatParts = namesOf(rows, (row) => row.formatParts);
  const rewards = namesOf(rows, (row) => row.rewards);
  const several = rows.some((row) => row.attempts > 1);
  return toCsv(
    rows,
    [
      ["sweep", (row) => row.sweep],
      ["point", (row) => row.point],
      ...axisColumns<SummaryRow>(axes, (row) => row.axes),
      ["benchmark", (row) => row.benchmark],
      ["samples", (row) => row.samples],
      ["attempts", (row) => row.attempts],
      ...estimateColumns("accuracy", (row) => row.accuracy),
      ["accuracy_strict", (row) => csvRate(row.accuracyStrict.value)],
      ...estimateColumns("format", (row) => row.format),
      ["tokens_mean", (row) => csvCount(row.tokens.value)],
      ["tokens_median", (row) => csvCount(row.tokensMedian)],
      ["tokens_low", (row) => csvCount(row.tokens.interval?.low)],
      ["tokens_high", (row) => csvCount(row.tokens.interval?.high)],
      ["truncated", (row) => csvRate(row.truncated)],
      ["no_answer", (row) => csvRate(row.noAnswer)],
      ["tokens_per_correct", (row) => csvCount(row.tokensPerCorrect)],
      ["weights_sha256", (row) => row.weightsSha256],
      ["kind", (row) => row.kind],
      ["same_as", (row) => row.sameAs],
      ["accuracy_strict_low", (row) => csvRate(row.accuracyStrict.interval?.low)],
      ["accuracy_strict_high", (row) => csvRate(row.accuracyStrict.interval?.high)],
      ...bandColumns("accuracy", (row) => band(row)?.accuracy),
      ...bandColumns("accuracy_strict", (row) => band(row)?.accuracy_strict),
      ...bandColumns("format", (row) => band(row)?.format),
      ...estimateColumns("accuracy_completed", (row) => row.accuracyCompleted),
      ["tokens_saved", (row) => csvRate(saved(price(row)?.tokens?.ratio))],
      ["tokens_saved_low", (row) => csvRate(saved(price(row)?.tokens?.interval?.high))],
      ["tokens_saved_high", (row) => csvRate(saved(price(row)?.tokens?.interval?.low))],
      ["accuracy_loses_at_most", (row) => csvRate(price(row)?.losesAtMost.accuracy)],
      ["accuracy_strict_loses_at_most", (row) => csvRate(price(row)?.losesAtMost.accuracy_strict)],
      ["format_loses_at_most", (row) => csvRate(price(row)?.losesAtMost.format)],
      ["front", (row) => onFront(front(row), standIn(row))],
      ["front_probability", (row) => csvRate(front(row)?.probability[standIn(row)])],
      ["tokens_p90", (row) => csvCount(row.tokensP90)],
      ["tokens_correct", (row) => csvCount(row.tokensCorrect)],
      ["tokens_wrong", (row) => csvCount(row.tokensWrong)],
      ["thinking_tokens", (row) => csvCount(row.thinkingTokens)],
      ["answer_tokens", (row) => csvCount(row.answerTokens)],
      ["characters", (row) => csvCount(row.characters)],
      ["words", (row) => csvCount(row.words)],
      ...(several ? severalAttemptsColumns : []),
      ...formatParts.map((name) => [`format_${name}`, (row: SummaryRow) => csvRate(row.formatParts[name])] as const),
      ...rewards.map((name) => [`reward_${name}`, (row: SummaryRow) => csvRate(row.rewards[name])] as const),
      ["max_tokens", (row) => row.maxTokens],
      ["benchmark_version", (row) => row.benchmarkVersion],
      ["gguf_type", (row) => row.ggufType],
      ["runtime", (row) => row.runtime],
      ["scorer", (row) => row.scorer],
    ],
    style,
  );
}

/** Twins are judged by the point that was evaluated. */
function standIn(row: SummaryRow): string {
  return row.sameAs ?? row.point;
}

/** A part of the tokens, of what is left of them. */
function saved(ratio: number | undefined): number | undefined {
  return ratio === undefined ? undefined : 1 - ratio;
}

function onFront(front: Front | undefined, point: string): CsvCell {
  if (front === undefined) return null;
  return front.points.includes(point) ? 1 : 0;
}

function bandColumns(name: string, of: (row: SummaryRow) => Interval | null | undefined): Columns<SummaryRow> {
  return [
    [`${name}_band_low`, (row) => csvRate(of(row)?.low)],
    [`${name}_band_high`, (row) => csvRate(of(row)?.high)],
  ];
}

const severalAttemptsColumns: Columns<SummaryRow> = [
  ...estimateColumns("pass_at_k", (row) => row.passAtK),
  ...estimateColumns("pass_power_k", (row) => row.passPowerK),
  ...estimateColumns("majority_at_k", (row) => row.majorityAtK),
];

function estimateColumns(name: string, of: (row: SummaryRow) => Estimate | null): Columns<SummaryRow> {
  return [
    [name, (row) => csvRate(of(row)?.value)],
    [`${name}_low`, (row) => csvRate(of(row)?.interval?.low)],
    [`${name}_high`, (row) => csvRate(of(row)?.interval?.high)],
  ];
}

interface AttemptRow {
  readonly point: string;
  readonly axes: Readonly<Record<string, string>>;
  readonly score: ScoreRecord;
}

/** samples.csv: a row an attempt, so that any other statistic can be computed elsewhere; in pieces, a point after the other. */
export async function* samplesCsv(run: StoredRun, style: CsvStyle = {}): AsyncGenerator<string> {
  const tables = pointScores(run).map(({ table }) => table);
  const formatParts = namesOf(tables, (table) => table.formatParts);
  const rewards = namesOf(tables, (table) => table.rewards);
  const columns: Columns<AttemptRow> = [
    ["sweep", () => run.manifest.sweep],
    ["point", (row) => row.point],
    ...axisColumns<AttemptRow>(run.manifest.axes, (row) => row.axes),
    ["benchmark", (row) => row.score.benchmark],
    ["sample", (row) => row.score.sample],
    ["attempt", (row) => row.score.attempt],
    ["gold", (row) => row.score.gold],
    ["answer", (row) => row.score.answer],
    ["status", (row) => row.score.status],
    ["accuracy", (row) => row.score.accuracy],
    ["accuracy_strict", (row) => row.score.accuracy_strict],
    ["format", (row) => row.score.format],
    ["tokens", (row) => row.score.tokens],
    ["truncated", (row) => row.score.truncated],
    ["path", (row) => row.score.path],
    ["rule", (row) => row.score.rule],
    ["answer_class", (row) => row.score.answer_class],
    ["thinking_tokens", (row) => row.score.thinking_tokens],
    ["answer_tokens", (row) => row.score.answer_tokens],
    ["characters", (row) => row.score.characters],
    ["thinking_characters", (row) => row.score.thinking_characters],
    ["answer_characters", (row) => row.score.answer_characters],
    ["words", (row) => row.score.words],
    ...formatParts.map(
      (name) => [`format_${name}`, (row: AttemptRow) => shortest(row.score.format_parts[name])] as const,
    ),
    ...rewards.map((name) => [`reward_${name}`, (row: AttemptRow) => csvRate(row.score.rewards[name])] as const),
  ];
  yield toCsv([], columns, style);
  const units = new Map(run.evaluated.map((unit) => [unit.point.name, unit]));
  for (const point of run.manifest.points) {
    const unit = units.get(point.name);
    if (unit === undefined) continue;
    for await (const records of sortedRecords(run, unit)) {
      yield toCsvRows(
        records.map((score) => ({ point: point.name, axes: point.axes, score })),
        columns,
        style,
      );
    }
  }
}

/** As they lie where they are in order; else all of the unit's, sorted. */
async function* sortedRecords(
  { manifest }: StoredRun,
  { tables, inOrder, records }: EvaluatedPoint,
): AsyncGenerator<readonly ScoreRecord[]> {
  const places = tables.map(({ benchmark }) => manifest.benchmarks.findIndex(({ name }) => name === benchmark));
  if (inOrder && places.every((place, i) => place > (places[i - 1] ?? -1))) {
    yield* records();
    return;
  }
  const all: ScoreRecord[] = [];
  for await (const piece of records()) all.push(...piece);
  for (const { name } of manifest.benchmarks) {
    yield all.filter(({ benchmark }) => benchmark === name).toSorted(compareRecords);
  }
}

/** comparisons.csv: every point against each baseline, question by question. */
export function comparisonsCsv(sweep: string, comparisons: readonly Comparison[], style: CsvStyle = {}): string {
  return toCsv(
    comparisons,
    [
      ["sweep", () => sweep],
      ["benchmark", (row) => row.benchmark],
      ["point", (row) => row.point],
      ["baseline", (row) => row.baseline],
      ["samples", (row) => row.samples],
      ["wins", (row) => row.wins],
      ["losses", (row) => row.losses],
      ...differenceColumns("accuracy", (row) => row.accuracy),
      ["minimum_detectable_difference", (row) => csvRate(row.detectable)],
      ...differenceColumns("accuracy_strict", (row) => row.accuracyStrict),
      ...differenceColumns("format", (row) => row.format),
      ["tokens_ratio_geometric", (row) => csvRate(row.tokens?.difference)],
      ["tokens_ratio_geometric_low", (row) => csvRate(row.tokens?.interval?.low)],
      ["tokens_ratio_geometric_high", (row) => csvRate(row.tokens?.interval?.high)],
      ["tokens_p", (row) => csvProbability(row.tokens?.p)],
      ["tokens_p_adjusted", (row) => csvProbability(row.tokens?.pAdjusted)],
      ["tokens_ratio_of_means", (row) => csvRate(row.cost?.ratio)],
      ["tokens_ratio_of_means_low", (row) => csvRate(row.cost?.interval?.low)],
      ["tokens_ratio_of_means_high", (row) => csvRate(row.cost?.interval?.high)],
      ["tokens_reduction_geometric", (row) => csvRate(saved(row.tokens?.difference))],
      ["tokens_reduction_of_means", (row) => csvRate(saved(row.cost?.ratio))],
    ],
    style,
  );
}

function differenceColumns(name: string, of: (row: Comparison) => PairedDifference | null): Columns<Comparison> {
  return [
    [`${name}_difference`, (row) => csvRate(of(row)?.difference)],
    [`${name}_difference_low`, (row) => csvRate(of(row)?.interval?.low)],
    [`${name}_difference_high`, (row) => csvRate(of(row)?.interval?.high)],
    [`${name}_p`, (row) => csvProbability(of(row)?.p)],
    [`${name}_p_adjusted`, (row) => csvProbability(of(row)?.pAdjusted)],
  ];
}

/** averages.csv: every point over all benchmarks, each counting the same (macro) or each question (micro). */
export function averagesCsv(sweep: string, averages: readonly AverageRow[], style: CsvStyle = {}): string {
  return toCsv(
    averages,
    [
      ["sweep", () => sweep],
      ["point", (row) => row.point],
      ["measure", (row) => row.measure],
      ["macro", (row) => csvRate(row.macro.value)],
      ["macro_low", (row) => csvRate(row.macro.interval.low)],
      ["macro_high", (row) => csvRate(row.macro.interval.high)],
      ["micro", (row) => csvRate(row.micro.value)],
      ["micro_low", (row) => csvRate(row.micro.interval?.low)],
      ["micro_high", (row) => csvRate(row.micro.interval?.high)],
    ],
    style,
  );
}

function axisColumns<Row>(
  axes: readonly string[],
  axesOf: (row: Row) => Readonly<Record<string, string>>,
): (readonly [string, (row: Row) => CsvCell])[] {
  return axes.map((axis) => [axis, (row: Row) => axesOf(row)[axis] ?? null]);
}

function namesOf<Row>(rows: readonly Row[], recordOf: (row: Row) => Readonly<Record<string, unknown>>): string[] {
  const names = new Set<string>();
  for (const row of rows) for (const name of Object.keys(recordOf(row))) names.add(name);
  return [...names].toSorted();
}

/** 0, 1, 0.5 as they are: format components are short fractions. */
function shortest(value: number | undefined): string {
  return value === undefined ? "" : String(Number(value.toFixed(6)));
}

function toCsv<Row>(rows: readonly Row[], columns: Columns<Row>, style: CsvStyle): string {
  return csvText([columns.map(([name]) => name)], style) + toCsvRows(rows, columns, style);
}

function toCsvRows<Row>(rows: readonly Row[], columns: Columns<Row>, style: CsvStyle): string {
  return csvText(
    rows.map((row) => columns.map(([, cell]) => cell(row))),
    style,
  );
}
