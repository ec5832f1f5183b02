import type { AverageRow } from "../../findings/judge.ts";
import { decimal, percent } from "../../findings/numbers.ts";
import { strataNote } from "../../findings/strata-text.ts";
import type { Estimate, SummaryRow } from "../../findings/summarize.ts";

/** A table of ready texts; every format (terminal, Markdown, HTML) shows the same one. */
export interface TextTable {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** How many columns at the left are names; the others are numbers. */
  readonly nameColumns: number;
}

/** The table of a report, with what its texts are of. */
export interface SummaryTable extends TextTable {
  /** The point of each row. */
  readonly points: readonly string[];
  /** The number in each cell, or the name; null where nothing is known. */
  readonly values: readonly (readonly CellValue[])[];
  /** What is to be known of the rows that were asked samples of the questions; empty where none was. */
  readonly note: string;
}
type CellValue = number | string | null;

const UNKNOWN = decimal(null);

interface Cell {
  readonly text: string;
  readonly value: CellValue;
}

/**
 * The table that a person reads: rates in percent, 95% intervals in brackets.
 *
 * @param averages of several benchmarks: a row more for each point
 */
export function summaryTable(rows: readonly SummaryRow[], averages: readonly AverageRow[] = []): SummaryTable {
  const benchmarks = new Set(rows.map((row) => row.benchmark)).size > 1;
  const voted = rows.filter((row) => row.passAtK !== null || row.majorityAtK !== null);
  const attempts = [...new Set(voted.map((row) => row.attempts))].filter((count) => count > 1);
  const several = attempts.length > 0;
  const k = attempts.length === 1 ? attempts[0] : "k";
  const header = [
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
  ];
  const shown = rows.flatMap((row, i) => [
    {
      point: row.point,
      cells: [
        { text: row.sameAs === null ? row.point : `${row.point} (= ${row.sameAs})`, value: row.point },
        ...(benchmarks ? [nameCell(row.benchmark)] : []),
        estimateCell(row.accuracy, percent),
        numberCell(row.accuracyStrict.value, percent),
        estimateCell(row.format, percent),
        estimateCell(row.tokens, decimal),
        numberCell(row.truncated, percent),
        numberCell(row.noAnswer, percent),
        tokensPerCorrectCell(row),
        ...(several ? [estimateCell(row.passAtK, percent), estimateCell(row.majorityAtK, percent)] : []),
      ],
    },
    ...(row.point === rows[i + 1]?.point ? [] : averageRow(row.point, averages, header.length)),
  ]);
  const nameColumns = benchmarks ? 2 : 1;
  // Without the columns of which nothing is known anywhere: results of other programs lack many.
  const known = header.map(
    (_, i) =>
      i < nameColumns || shown.length === 0 || shown.some(({ cells }) => (cells[i]?.text ?? UNKNOWN) !== UNKNOWN),
  );
  const kept = <Item>(items: readonly Item[]): Item[] => items.filter((_, i) => known[i]);
  return {
    header: kept(header),
    rows: shown.map(({ cells }) => kept(cells).map(({ text }) => text)),
    points: shown.map(({ point }) => point),
    values: shown.map(({ cells }) => kept(cells).map(({ value }) => value)),
    nameColumns,
    note: strataNote(rows),
  };
}

/** Each benchmark counts the same; what has no mean over them is left open. */
function averageRow(
  point: string,
  averages: readonly AverageRow[],
  columns: number,
): { readonly point: string; readonly cells: readonly Cell[] }[] {
  const own = averages.filter((one) => one.point === point);
  const rate = (measure: AverageRow["measure"]): AverageRow["macro"] | undefined =>
    own.find((one) => one.measure === measure)?.macro;
  const [accuracy, strict, format] = [rate("accuracy"), rate("accuracy_strict"), rate("format")];
  if (accuracy === undefined) return [];
  const cells = [
    nameCell(point),
    nameCell("mean of all"),
    estimateCell(accuracy, percent),
    numberCell(strict?.value ?? null, percent),
    estimateCell(format ?? null, percent),
  ];
  return [
    { point, cells: [...cells, ...Array.from({ length: columns - cells.length }, () => numberCell(null, percent))] },
  ];
}

type Write = (value: number | null) => string;

function nameCell(text: string): Cell {
  return { text, value: text };
}

function numberCell(value: number | null, write: Write): Cell {
  return { text: write(value), value };
}

/** Where nothing is right there is no such number: the cell says so. */
function tokensPerCorrectCell({ tokensPerCorrect, accuracy, tokens, samples, attempts }: SummaryRow): Cell {
  const none = tokensPerCorrect === null && accuracy.value === 0 && tokens.value !== null && samples !== null;
  return none ? { text: `0 of ${samples * attempts} right`, value: null } : numberCell(tokensPerCorrect, decimal);
}

function estimateCell(estimate: Estimate | null, write: Write): Cell {
  const { value, interval } = estimate ?? { value: null, interval: null };
  const text = interval === null ? write(value) : `${write(value)} [${write(interval.low)}, ${write(interval.high)}]`;
  return { text, value };
}

/** Characters that a line of a table has room for: the least that terminals have. */
const LINE_CHARACTERS = 80;
const GAP = "  ";

/**
 * The table for a terminal: columns aligned by spaces, numbers to the right. A table wider than a line goes on below, with
 * its names repeated. Ends with a newline.
 */
export function alignedText({ header, rows, nameColumns }: TextTable): string {
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => (row[column] ?? "").length)));
  const line = (row: readonly string[], columns: readonly number[]): string =>
    columns
      .map((column) => {
        const [cell, width] = [row[column] ?? "", widths[column] ?? 0];
        return column < nameColumns ? cell.padEnd(width) : cell.padStart(width);
      })
      .join(GAP)
      .trimEnd();
  const parts = columnsPerPart(widths, nameColumns);
  return parts.map((columns) => `${all.map((row) => line(row, columns)).join("\n")}\n`).join("\n");
}

/** The columns of each part of a table: the names, and as many others as a line has room for. */
function columnsPerPart(widths: readonly number[], nameColumns: number): number[][] {
  const names = widths.slice(0, nameColumns).map((_, column) => column);
  const lengthOf = (columns: readonly number[]): number =>
    columns.reduce((sum, column) => sum + (widths[column] ?? 0) + GAP.length, -GAP.length);
  const parts: number[][] = [[...names]];
  for (let column = nameColumns; column < widths.length; column++) {
    const last = parts.at(-1) ?? [];
    const fits = last.length === nameColumns || lengthOf([...last, column]) <= LINE_CHARACTERS;
    if (fits) last.push(column);
    else parts.push([...names, column]);
  }
  return parts;
}

/** The table in Markdown. */
export function markdownTable({ header, rows, nameColumns }: TextTable): string {
  const rule = header.map((_, column) => (column < nameColumns ? "---" : "---:"));
  return `${[markdownRow(header), markdownRow(rule), ...rows.map(markdownRow)].join("\n")}\n`;
}

function markdownRow(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}
