import { stringify } from "csv-stringify/sync";
import type { Comparison } from "../../findings/compare-points.ts";
import type { Front } from "../../findings/fronts.ts";
import { csvCount, csvProbability, csvRate } from "../../findings/numbers.ts";
import { pointScores } from "../../findings/point-scores.ts";
import type { Estimate, SummaryRow } from "../../findings/summarize.ts";
import type { ScoreRecord, StoredRun } from "../../runs/schema.ts";

type Cell = string | number | null;
type Columns<Row> = readonly (readonly [name: string, cell: (row: Row) => Cell])[];

/** summary.csv: a row a point and benchmark. Rates are fractions; empty cells are unknown, never 0. */
export function summaryCsv(
  axes: readonly string[],
  rows: readonly SummaryRow[],
  fronts: readonly Front[] = [],
): string {
  const onFront = (row: SummaryRow): number | undefined =>
    fronts.find(({ benchmark }) => benchmark === row.benchmark)?.probability[row.point];
  const formatParts = namesOf(rows, (row) => row.formatParts);
  const rewards = namesOf(rows, (row) => row.rewards);
  const several = rows.some((row) => row.attempts > 1);
  return toCsv(rows, [
    ["sweep", (row) => row.sweep],
    ["point", (row) => row.point],
    ...axisColumns<SummaryRow>(axes, (row) => row.axes),
    ["benchmark", (row) => row.benchmark],
    ["samples", (row) => row.samples],
    ["attempts", (row) => row.attempts],
    ["accuracy", (row) => csvRate(row.accuracy.value)],
    ["accuracy_low", (row) => csvRate(row.accuracy.interval?.low)],
    ["accuracy_high", (row) => csvRate(row.accuracy.interval?.high)],
    ["accuracy_strict", (row) => csvRate(row.accuracyStrict.value)],
    ["format", (row) => csvRate(row.format.value)],
    ["format_low", (row) => csvRate(row.format.interval?.low)],
    ["format_high", (row) => csvRate(row.format.interval?.high)],
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
    ["accuracy_completed", (row) => csvRate(row.accuracyCompleted)],
    ["front_probability", (row) => csvRate(onFront(row))],
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
  ]);
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

/** samples.csv: a row an attempt, so that any other statistic can be computed elsewhere. */
export function samplesCsv(run: StoredRun): string {
  const rows: AttemptRow[] = pointScores(run).flatMap(({ point, questions }) =>
    questions.flatMap(({ attempts }) => attempts.map((score) => ({ point: point.name, axes: point.axes, score }))),
  );
  const formatParts = namesOf(rows, (row) => row.score.format_parts);
  const rewards = namesOf(rows, (row) => row.score.rewards);
  return toCsv(rows, [
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
  ]);
}

/** comparisons.csv: every point against each baseline, question by question. */
export function comparisonsCsv(sweep: string, comparisons: readonly Comparison[]): string {
  return toCsv(comparisons, [
    ["sweep", () => sweep],
    ["benchmark", (row) => row.benchmark],
    ["point", (row) => row.point],
    ["baseline", (row) => row.baseline],
    ["samples", (row) => row.samples],
    ["accuracy_difference", (row) => csvRate(row.accuracy.difference)],
    ["accuracy_difference_low", (row) => csvRate(row.accuracy.interval?.low)],
    ["accuracy_difference_high", (row) => csvRate(row.accuracy.interval?.high)],
    ["wins", (row) => row.accuracy.wins],
    ["losses", (row) => row.accuracy.losses],
    ["p", (row) => csvProbability(row.accuracy.p)],
    ["p_holm", (row) => csvProbability(row.accuracyHolm)],
    ["test", (row) => row.test],
    ["minimum_detectable_difference", (row) => csvRate(row.accuracy.minimumDetectable)],
    ["accuracy_strict_difference", (row) => csvRate(row.accuracyStrict.difference)],
    ["accuracy_strict_difference_low", (row) => csvRate(row.accuracyStrict.interval?.low)],
    ["accuracy_strict_difference_high", (row) => csvRate(row.accuracyStrict.interval?.high)],
    ["format_difference", (row) => csvRate(row.format.difference)],
    ["format_difference_low", (row) => csvRate(row.format.interval?.low)],
    ["format_difference_high", (row) => csvRate(row.format.interval?.high)],
    ["tokens_ratio", (row) => csvRate(row.tokens?.ratio)],
    ["tokens_ratio_low", (row) => csvRate(row.tokens?.interval?.low)],
    ["tokens_ratio_high", (row) => csvRate(row.tokens?.interval?.high)],
    ["tokens_reduction", (row) => csvRate(row.tokens && 1 - row.tokens.ratio)],
  ]);
}

function axisColumns<Row>(
  axes: readonly string[],
  axesOf: (row: Row) => Readonly<Record<string, string>>,
): (readonly [string, (row: Row) => Cell])[] {
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

function toCsv<Row>(rows: readonly Row[], columns: Columns<Row>): string {
  const header = columns.map(([name]) => name);
  return stringify([header, ...rows.map((row) => columns.map(([, cell]) => cell(row) ?? ""))]);
}
