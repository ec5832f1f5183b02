import type { AverageRow } from "../../findings/judge.ts";
import { decimal, percent } from "../../findings/numbers.ts";
import type { Estimate, SummaryRow } from "../../findings/summarize.ts";

/** A table of ready texts; every format (terminal, Markdown, HTML) shows the same one. */
export interface TextTable {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** How many columns at the left are names; the others are numbers. */
  readonly nameColumns: number;
}

/**
 * The table that a person reads: rates in percent, 95% intervals in brackets.
 *
 * @param averages of several benchmarks: a row more for each point
 */
export function summaryTable(rows: readonly SummaryRow[], averages: readonly AverageRow[] = []): TextTable {
  const benchmarks = new Set(rows.map((row) => row.benchmark)).size > 1;
  const voted = rows.filter((row) => row.passAtK !== null || row.majorityAtK !== null);
  const attempts = [...new Set(voted.map((row) => row.attempts))].filter((count) => count > 1);
  const several = attempts.length > 0;
  const k = attempts.length === 1 ? attempts[0] : "k";
  return withoutUnknown({
    header: [
      "point",
      ...(benchmarks ? ["benchmark"] : []),
      "accuracy %",
      "strict %",
      "format %",
      "tokens",
      "cut off %",
      "no answer %",
      "tokens per correct",
      ...(several ? [`pass@${k} %`, `maj@${k} %`] : []),
    ],
    rows: rows.flatMap((row, i) => [
      [
        row.sameAs === null ? row.point : `${row.point} (= ${row.sameAs})`,
        ...(benchmarks ? [row.benchmark] : []),
        withInterval(row.accuracy, percent),
        percent(row.accuracyStrict.value),
        withInterval(row.format, percent),
        withInterval(row.tokens, decimal),
        percent(row.truncated),
        percent(row.noAnswer),
        decimal(row.tokensPerCorrect),
        ...(several ? [estimateOrNone(row.passAtK), estimateOrNone(row.majorityAtK)] : []),
      ],
      ...(row.point === rows[i + 1]?.point ? [] : averageRow(row.point, averages, several)),
    ]),
    nameColumns: benchmarks ? 2 : 1,
  });
}

/** Each benchmark counts the same; what has no mean over them is left open. */
function averageRow(point: string, averages: readonly AverageRow[], several: boolean): string[][] {
  const own = averages.filter((one) => one.point === point);
  const rate = (measure: AverageRow["measure"]): AverageRow["macro"] | undefined =>
    own.find((one) => one.measure === measure)?.macro;
  const [accuracy, strict, format] = [rate("accuracy"), rate("accuracy_strict"), rate("format")];
  if (accuracy === undefined) return [];
  const none = percent(null);
  return [
    [
      point,
      "mean of all",
      withInterval(accuracy, percent),
      percent(strict?.value ?? null),
      format === undefined ? none : withInterval(format, percent),
      ...Array.from({ length: several ? 6 : 4 }, () => none),
    ],
  ];
}

/** Without the columns of which nothing is known anywhere: results of other programs lack many. */
function withoutUnknown({ header, rows, nameColumns }: TextTable): TextTable {
  const unknown = percent(null);
  const known = header.map((_, i) => i < nameColumns || rows.length === 0 || rows.some((row) => row[i] !== unknown));
  return {
    header: header.filter((_, i) => known[i]),
    rows: rows.map((row) => row.filter((_, i) => known[i])),
    nameColumns,
  };
}

function estimateOrNone(estimate: Estimate | null): string {
  return estimate === null ? percent(null) : withInterval(estimate, percent);
}

function withInterval({ value, interval }: Estimate, write: (value: number | null) => string): string {
  return interval === null ? write(value) : `${write(value)} [${write(interval.low)}, ${write(interval.high)}]`;
}

/** The table for a terminal: columns aligned by spaces, numbers to the right. Ends with a newline. */
export function alignedText({ header, rows, nameColumns }: TextTable): string {
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => (row[column] ?? "").length)));
  const line = (row: readonly string[]): string =>
    widths
      .map((width, column) => {
        const cell = row[column] ?? "";
        return column < nameColumns ? cell.padEnd(width) : cell.padStart(width);
      })
      .join("  ")
      .trimEnd();
  return `${all.map(line).join("\n")}\n`;
}

/** The table in Markdown. */
export function markdownTable({ header, rows, nameColumns }: TextTable): string {
  const rule = header.map((_, column) => (column < nameColumns ? "---" : "---:"));
  return `${[markdownRow(header), markdownRow(rule), ...rows.map(markdownRow)].join("\n")}\n`;
}

function markdownRow(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}
