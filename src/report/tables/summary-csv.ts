import type { Price } from "../../findings/decision/decision.ts";
import type { Front } from "../../findings/fronts.ts";
import type { Bands, Judgement } from "../../findings/judge.ts";
import { csvCount, csvRate } from "../../findings/numbers.ts";
import type { Estimate, SummaryRow } from "../../findings/summarize.ts";
import type { Interval } from "../../stats/interval.ts";
import { axisColumns, type Columns, namesOf, saved, toCsv } from "./csv-table.ts";
import type { CsvCell, CsvStyle } from "./csv-text.ts";

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
  const limited = rows.some((row) => row.thinkingCut !== undefined);
  return toCsv(
    rows,
    [
      ["sweep", (row) => row.sweep],
      ["point", (row) => row.point],
      ...axisColumns<SummaryRow>(axes, (row) => row.axes),
      ["benchmark", (row) => row.benchmark],
      ["samples", (row) => row.samples],
      ...(rows.some(({ standsFor }) => standsFor !== undefined)
        ? [["samples_stand_for", (row: SummaryRow) => csvCount(row.standsFor ?? row.samples)] as const]
        : []),
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
      ...(limited ? ([["thinking_cut", (row: SummaryRow) => csvRate(row.thinkingCut)]] as const) : []),
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
