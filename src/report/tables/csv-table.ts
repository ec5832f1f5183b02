import { type CsvCell, type CsvStyle, csvText } from "./csv-text.ts";

/** The columns of a table: a name, and the cell of a row. */
export type Columns<Row> = readonly (readonly [name: string, cell: (row: Row) => CsvCell])[];

/** A column an axis. */
export function axisColumns<Row>(
  axes: readonly string[],
  axesOf: (row: Row) => Readonly<Record<string, string>>,
): (readonly [string, (row: Row) => CsvCell])[] {
  return axes.map((axis) => [axis, (row: Row) => axesOf(row)[axis] ?? null]);
}

/** The names that any row's record has, in the order of the alphabet. */
export function namesOf<Row>(
  rows: readonly Row[],
  recordOf: (row: Row) => Readonly<Record<string, unknown>>,
): string[] {
  const names = new Set<string>();
  for (const row of rows) for (const name of Object.keys(recordOf(row))) names.add(name);
  return [...names].toSorted();
}

/** A whole table, with its header. */
export function toCsv<Row>(rows: readonly Row[], columns: Columns<Row>, style: CsvStyle): string {
  return csvText([columns.map(([name]) => name)], style) + toCsvRows(rows, columns, style);
}

/** Rows without a header. */
export function toCsvRows<Row>(rows: readonly Row[], columns: Columns<Row>, style: CsvStyle): string {
  return csvText(
    rows.map((row) => columns.map(([, cell]) => cell(row))),
    style,
  );
}

/** A part of the tokens, of what is left of them. */
export function saved(ratio: number | undefined): number | undefined {
  return ratio === undefined ? undefined : 1 - ratio;
}
