import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import { parquetReadObjects } from "hyparquet";
import { InputError, messageOf } from "../base/errors.ts";
import { parseJsonLines } from "../base/jsonl.ts";
import { parseCsv } from "./parse-csv.ts";

/** One row of a data file, by column. */
export type Row = Readonly<Record<string, unknown>>;

const ENDINGS = [".jsonl", ".csv", ".parquet"] as const;

/**
 * Reads a data file, its format told by its ending: `.jsonl`, `.csv` (RFC 4180, a header line) or `.parquet` (uncompressed
 * or snappy).
 *
 * @throws InputError for another ending, and for content that is not of its format
 */
export async function readRows(path: string): Promise<Row[]> {
  const ending = extname(path).toLowerCase();
  switch (ending) {
    case ".jsonl":
      return parseJsonLines(withoutMark(await readFile(path, "utf8")), path).map((value, index) => {
        if (isRow(value)) return value;
        throw new InputError(
          `${path}: row ${index + 1}: expected an object with a value a column, found ${JSON.stringify(value)}`,
        );
      });
    case ".csv":
      return parseCsv(withoutMark(await readFile(path, "utf8")), path);
    case ".parquet":
      return await readParquet(path);
    default:
      throw new InputError(`${path}: expected a data file that ends in ${ENDINGS.join(", ")}`);
  }
}

async function readParquet(path: string): Promise<Row[]> {
  const bytes = await readFile(path);
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  try {
    return (await parquetReadObjects({ file })).filter(isRow);
  } catch (error) {
    throw new InputError(`${path}: not a parquet file that can be read: ${messageOf(error)}`, {
      hint: "Only uncompressed and snappy parquet is read. Write it again as JSONL, CSV or snappy parquet.",
      cause: error,
    });
  }
}

function withoutMark(text: string): string {
  return text.startsWith("\ufeff") ? text.slice(1) : text;
}

function isRow(value: unknown): value is Row {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
