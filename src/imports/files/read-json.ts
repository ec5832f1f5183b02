import { InputError, messageOf } from "../../base/errors.ts";
import { readWholeFile } from "../../base/files/read-whole-file.ts";

/** A JavaScript string holds no more, and results of one model are far smaller. */
const MAX_BYTES = 480 * 1024 * 1024;

const LFS_POINTER = "version https://git-lfs.github.com/spec/";

/**
 * The text of a file.
 *
 * @throws InputError if it cannot be read, is too large, or is the pointer that Git LFS leaves in place of a file
 */
export async function readText(path: string): Promise<string> {
  const bytes = await readWholeFile(path, MAX_BYTES);
  if (bytes === undefined) throw new InputError(`${path}: expected a file, found none`);
  const text = new TextDecoder().decode(bytes);
  refusePointer(text, path);
  return text;
}

/** @throws InputError for the pointer that Git LFS leaves in place of a file */
function refusePointer(text: string, path: string): void {
  if (!text.startsWith(LFS_POINTER)) return;
  throw new InputError(`${path}: expected results, found a Git LFS pointer: the file itself is not here`, {
    hint: "Fetch it in its repository: git lfs pull",
  });
}

/** Python writes NaN and Infinity bare, which is no JSON. */
const BARE = /"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/g;

/**
 * Parses JSON as Python writes it: NaN and infinities become null, which is no number.
 *
 * @param name what to call the text in an error
 * @throws InputError naming where it is no JSON
 */
export function parseLenientJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (/\bNaN\b|\bInfinity\b/.test(text)) {
      try {
        return JSON.parse(text.replaceAll(BARE, (found) => (found.startsWith('"') ? found : "null")));
      } catch {
        // What is said is about the text as it is.
      }
    }
    throw new InputError(`${name}: expected JSON, found ${JSON.stringify(text.slice(0, 60))}: ${messageOf(error)}`, {
      hint: "A file that ends early is often one that is still being written, or was copied in part.",
      cause: error,
    });
  }
}

/** A JSON file. @throws InputError naming the file */
export async function readJson(path: string): Promise<unknown> {
  return parseLenientJson(await readText(path), path);
}

/**
 * The rows of JSON lines, or of one JSON array, which some programs write under the same name.
 *
 * @param path names the text in errors
 * @throws InputError naming the row that is no object
 */
export function parseRowsText(text: string, path: string): Record<string, unknown>[] {
  const trimmed = text.trimStart();
  const values = trimmed.startsWith("[") ? parseLenientJson(trimmed, path) : parseLines(text, path);
  if (!Array.isArray(values)) throw new InputError(`${path}: expected a list of rows, found another value`);
  return values.map((value: unknown, index) => {
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return Object.fromEntries(Object.entries(value));
    throw new InputError(
      `${path}: row ${index + 1}: expected an object, found ${JSON.stringify(value)?.slice(0, 60) ?? "nothing"}`,
    );
  });
}

function parseLines(text: string, path: string): unknown[] {
  const values: unknown[] = [];
  let line = 0;
  for (const content of text.split("\n")) {
    line++;
    if (content.trim() !== "") values.push(parseLenientJson(content, `${path}:${line}`));
  }
  return values;
}

/** The first row of a file of JSON lines or of a JSON array; undefined where there is none. */
export function firstRow(text: string, path: string): unknown {
  const trimmed = text.trimStart();
  if (trimmed.startsWith("[")) return parseRowsText(trimmed, path)[0];
  const end = trimmed.indexOf("\n");
  const line = end < 0 ? trimmed : trimmed.slice(0, end);
  return line.trim() === "" ? undefined : parseLenientJson(line, `${path}:1`);
}
