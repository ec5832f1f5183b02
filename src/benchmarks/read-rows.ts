import { extname } from "node:path";
import { InputError } from "../base/errors.ts";
import { parseJsonLines } from "../base/jsonl.ts";
import { parseCsv } from "./parse-csv.ts";
import { readParquet } from "./read-parquet.ts";

/** One row of a data file, by column. */
export type Row = Readonly<Record<string, unknown>>;

/** The endings of the formats that are read. */
export const DATA_ENDINGS = ["jsonl", "csv", "parquet"] as const;
export type DataEnding = (typeof DATA_ENDINGS)[number];

/**
 * The format of a data file, told by its ending.
 *
 * @throws InputError for another ending
 */
export function dataEnding(path: string): DataEnding {
  const ending = extname(path).toLowerCase().slice(1);
  const known = DATA_ENDINGS.find((candidate) => candidate === ending);
  if (known === undefined)
    throw new InputError(`${path}: expected a data file that ends in .${DATA_ENDINGS.join(", .")}`);
  return known;
}

/**
 * Reads the content of a data file: JSON Lines, CSV (RFC 4180, a header line) or parquet (uncompressed or snappy).
 *
 * @param path names the file in errors, and its format by the ending
 * @throws InputError for content that is not of its format
 */
export async function parseRows(bytes: Uint8Array, path: string): Promise<Row[]> {
  const ending = dataEnding(path);
  if (ending === "parquet") return await readParquet(bytes, path);
  const text = new TextDecoder().decode(bytes);
  if (ending === "csv") return parseCsv(text, path);
  return parseJsonLines(text, path).map((value, index) => {
    if (isRow(value)) return value;
    throw new InputError(
      `${path}: row ${index + 1}: expected an object with a value a column, found ${JSON.stringify(value)}`,
    );
  });
}

function isRow(value: unknown): value is Row {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
