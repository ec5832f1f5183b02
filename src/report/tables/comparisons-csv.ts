import type { Comparison, PairedDifference } from "../../findings/compare-points.ts";
import { csvProbability, csvRate } from "../../findings/numbers.ts";
import { type Columns, saved, toCsv } from "./csv-table.ts";
import type { CsvStyle } from "./csv-text.ts";

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
