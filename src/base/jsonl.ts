import { readFile, truncate } from "node:fs/promises";
import { InputError, systemCodeOf } from "./errors.ts";

/** Values as JSON Lines text, each line ended by a newline. */
export function toJsonLines(values: Iterable<unknown>): string {
  let text = "";
  for (const value of values) text += `${JSON.stringify(value)}\n`;
  return text;
}

/**
 * Parses JSON Lines. Empty lines are passed over.
 *
 * @param name what to call the text in an error, usually its path
 * @throws InputError naming the line that is no JSON
 */
export function parseJsonLines(text: string, name: string): unknown[] {
  const values: unknown[] = [];
  let line = 0;
  for (const content of text.split("\n")) {
    line++;
    if (content.trim() === "") continue;
    try {
      values.push(JSON.parse(content));
    } catch (error) {
      throw new InputError(`${name}:${line}: expected a JSON value, found ${JSON.stringify(content.slice(0, 60))}`, {
        cause: error,
      });
    }
  }
  return values;
}

/**
 * Reads a JSON Lines file that a process may have died in the middle of appending to: a last line without its newline is
 * dropped, and the file is cut back so that appending can go on. A missing file is an empty one.
 */
export async function recoverJsonLines(path: string): Promise<unknown[]> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return [];
    throw error;
  }
  const whole = bytes.lastIndexOf(0x0a) + 1;
  if (whole < bytes.length) await truncate(path, whole);
  return parseJsonLines(bytes.toString("utf8", 0, whole), path);
}
