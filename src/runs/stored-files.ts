import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import type { z } from "zod";
import { StoreError, systemCodeOf } from "../base/errors.ts";
import { parseJsonLines } from "../base/jsonl.ts";

/** Records of a file of JSON lines; none if there is no file. @throws StoreError for anything else in it */
export async function readRecords<Schema extends z.ZodType>(schema: Schema, path: string): Promise<z.infer<Schema>[]> {
  const text = (await readIfPresent(path)) ?? "";
  // A line that is being appended right now has no newline yet; it belongs to the writer.
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  return parseJsonLines(whole, path).map((value) => checkStored(schema, value, path));
}

/**
 * The same in pieces, for files whose records would fill the memory.
 *
 * @param checked whether these records were checked before: they are then only parsed
 */
export async function* streamRecords<Schema extends z.ZodType>(
  schema: Schema,
  path: string,
  checked: boolean,
): AsyncGenerator<z.infer<Schema>[]> {
  let torn: Uint8Array = new Uint8Array();
  let line = 1;
  try {
    for await (const piece of createReadStream(path, { highWaterMark: PIECE_BYTES })) {
      const bytes = torn.length === 0 ? Buffer.from(piece) : Buffer.concat([torn, piece]);
      const end = bytes.lastIndexOf(NEWLINE) + 1;
      torn = bytes.subarray(end);
      const values = parseJsonLines(bytes.toString("utf8", 0, end), path, line);
      line += values.length;
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the same lines passed the schema before
      yield checked ? (values as z.infer<Schema>[]) : values.map((value) => checkStored(schema, value, path));
    }
  } catch (error) {
    if (systemCodeOf(error) !== "ENOENT") throw error;
  }
}

const NEWLINE = 0x0a;

/** Some hundred records: few enough to be forgotten before they grow old in memory. */
const PIECE_BYTES = 256 * 1024;

/** What a JSON file has; undefined if there is none. @throws StoreError for anything else in it */
export async function readStored<Schema extends z.ZodType>(
  schema: Schema,
  path: string,
): Promise<z.infer<Schema> | undefined> {
  const text = await readIfPresent(path);
  return text === undefined ? undefined : parseStored(schema, text, path);
}

function parseStored<Schema extends z.ZodType>(schema: Schema, text: string, path: string): z.infer<Schema> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new StoreError(`Expected JSON in ${path}, found ${JSON.stringify(text.slice(0, 60))}`, { cause: error });
  }
  return checkStored(schema, value, path);
}

export function checkStored<Schema extends z.ZodType>(schema: Schema, value: unknown, path: string): z.infer<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new StoreError(`${path}: unexpected content at "${issue?.path.join(".")}": ${issue?.message}`, {
    hint: "It was written by another version of mergesweep, or changed by hand.",
  });
}

export async function readIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    // A file where a folder should be holds nothing, either; whoever writes there says so.
    if (["ENOENT", "ENOTDIR"].includes(systemCodeOf(error) ?? "")) return undefined;
    throw error;
  }
}
