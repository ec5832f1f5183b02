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

function checkStored<Schema extends z.ZodType>(schema: Schema, value: unknown, path: string): z.infer<Schema> {
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
    if (systemCodeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}
