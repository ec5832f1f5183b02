import { readFile, stat } from "node:fs/promises";
import { formatBytes } from "../base/bytes.ts";
import { InputError, messageOf, systemCodeOf } from "../base/errors.ts";
import { isRecord } from "../base/is-record.ts";

/** Real tokenizer.json files reach 35 MB (Gemma); beyond this size it is not one, and JSON.parse would exhaust memory. */
const MAX_JSON_BYTES = 256 * 1024 * 1024;

/**
 * The object in a JSON file, or undefined where the file does not exist.
 * @throws InputError if it is not JSON, not an object, or too large
 */
export async function readJsonObject(path: string): Promise<Record<string, unknown> | undefined> {
  let bytes: Uint8Array;
  try {
    checkSize((await stat(path)).size, path);
    bytes = await readFile(path);
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return undefined;
    if (error instanceof InputError) throw error;
    throw new InputError(`${path}: cannot be read: ${messageOf(error)}`, { cause: error });
  }
  return parseJsonObject(bytes, path);
}

/**
 * @param where what to call the text in errors
 * @throws InputError if it is not JSON, not an object, or too large
 */
export function parseJsonObject(bytes: Uint8Array, where: string): Record<string, unknown> {
  checkSize(bytes.byteLength, where);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw new InputError(`${where}: expected JSON: ${messageOf(error)}`, {
      hint: "The file may be cut short, or a Git LFS pointer: fetch it again.",
      cause: error,
    });
  }
  if (!isRecord(value)) throw new InputError(`${where}: expected a JSON object, found ${kindOf(value)}`);
  return value;
}

function checkSize(bytes: number, where: string): void {
  if (bytes <= MAX_JSON_BYTES) return;
  throw new InputError(
    `${where}: expected at most ${formatBytes(MAX_JSON_BYTES)} of JSON, found ${formatBytes(bytes)}`,
  );
}

/** What to call a JSON value in an error. */
export function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (value === undefined) return "nothing";
  return Array.isArray(value)
    ? "a list"
    : typeof value === "object"
      ? "an object"
      : `${typeof value} ${JSON.stringify(value)}`;
}
