import { stringify } from "csv-stringify/sync";
import { visible } from "../../base/visible.ts";

export type CsvCell = string | number | null;

/** How cells of text are written. */
export interface CsvStyle {
  /**
   * Whether text stays as it is that a spreadsheet would take for a formula; otherwise an apostrophe is put in front, which
   * spreadsheets do not show.
   *
   * @default false
   */
  readonly raw?: boolean;
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?%?$/i;

/** Rows as CSV (RFC 4180, lines end with a newline). What is unknown is an empty cell. */
export function csvText(rows: readonly (readonly CsvCell[])[], { raw = false }: CsvStyle = {}): string {
  return stringify(
    rows.map((cells) => cells.map((cell) => (typeof cell === "string" ? textCell(cell, raw) : (cell ?? "")))),
  );
}

/** Text by others neither acts on who looks at it nor calculates. */
function textCell(text: string, raw: boolean): string {
  const shown = visible(text);
  return !raw && /^[=+\-@\t]/.test(shown) && !NUMBER.test(shown) ? `'${shown}` : shown;
}
