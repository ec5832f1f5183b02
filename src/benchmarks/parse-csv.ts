import { InputError } from "../base/errors.ts";

/**
 * Parses RFC 4180 CSV with a header line: quoted cells may hold commas, line breaks and doubled quotes. Lines end in LF or
 * CRLF; a last empty line is none.
 *
 * @param name what to call the text in an error, usually its path
 * @throws InputError naming the line where a quote is left open, stands in the wrong place, or the number of cells is wrong
 */
export function parseCsv(text: string, name: string): Record<string, string>[] {
  const [header, ...records] = readRecords(text, name);
  if (header === undefined) throw new InputError(`${name}: expected a header line, found an empty file`);
  return records.map(({ line, cells }) => {
    if (cells.length !== header.cells.length) {
      throw new InputError(
        `${name}:${line}: expected ${header.cells.length} cells as in the header, found ${cells.length}`,
      );
    }
    return Object.fromEntries(header.cells.map((column, index) => [column, cells[index] ?? ""]));
  });
}

interface CsvRecord {
  /** 1-based, where the record begins. */
  readonly line: number;
  readonly cells: readonly string[];
}

function readRecords(text: string, name: string): CsvRecord[] {
  const records: CsvRecord[] = [];
  let line = 1;
  let position = 0;
  while (position < text.length) {
    const begin = line;
    const cells: string[] = [];
    for (;;) {
      let cell: string;
      if (text[position] === '"') {
        const end = endOfQuoted(text, position);
        if (end === -1) throw new InputError(`${name}:${line}: a quote is opened and never closed`);
        cell = text.slice(position + 1, end).replaceAll('""', '"');
        line += cell.split("\n").length - 1;
        position = end + 1;
        if (position < text.length && !/[,\r\n]/.test(text.charAt(position))) {
          throw new InputError(`${name}:${line}: expected a comma or the end of the line after a closing quote`);
        }
      } else {
        const end = nextOf(text, position);
        cell = text.slice(position, end);
        position = end;
      }
      cells.push(cell);
      if (text[position] !== ",") break;
      position++;
    }
    if (text[position] === "\r") position++;
    if (text[position] === "\n") position++;
    line++;
    if (cells.length > 1 || cells[0] !== "") records.push({ line: begin, cells });
  }
  return records;
}

function endOfQuoted(text: string, open: number): number {
  let at = text.indexOf('"', open + 1);
  while (at !== -1 && text[at + 1] === '"') at = text.indexOf('"', at + 2);
  return at;
}

/** Where an unquoted cell ends: at a comma, a line break or the end. */
function nextOf(text: string, from: number): number {
  let at = from;
  while (at < text.length && text[at] !== "," && text[at] !== "\n" && !(text[at] === "\r" && text[at + 1] === "\n"))
    at++;
  return at;
}
