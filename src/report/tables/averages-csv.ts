import type { AverageRow } from "../../findings/judge.ts";
import { csvRate } from "../../findings/numbers.ts";
import { toCsv } from "./csv-table.ts";
import type { CsvStyle } from "./csv-text.ts";

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
