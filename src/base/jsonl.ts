import { InputError } from "./errors.ts";

/** Values as JSON Lines text, each line ended by a newline. */
export function toJsonLines(values: Iterable<unknown>): string {
  let text = "";
  for (const value of values) text += `${JSON.stringify(value)}\n`;
  return text;
}

/** The same in pieces, for what would fill the memory: a file is written while its values are made. */
// oxlint-disable-next-line typescript/require-await -- what is written in pieces is an asynchronous sequence
export async function* jsonLinePieces(values: Iterable<unknown>): AsyncGenerator<string> {
  let text = "";
  for (const value of values) {
    text += `${JSON.stringify(value)}\n`;
    if (text.length < PIECE_LENGTH) continue;
    yield text;
    text = "";
  }
  yield text;
}

const PIECE_LENGTH = 256 * 1024;

/**
 * Parses JSON Lines. Empty lines are passed over.
 *
 * @param name what to call the text in an error, usually its path
 * @param firstLine number of the text's first line in its file
 * @throws InputError naming the line that is no JSON
 */
export function parseJsonLines(text: string, name: string, firstLine = 1): unknown[] {
  return parseAsArray(text) ?? parseLineByLine(text, name, firstLine);
}

/** All lines in one go, which takes half the time; undefined where that cannot be done: an empty line, or one that is no JSON. */
function parseAsArray(text: string): unknown[] | undefined {
  const lines = text.endsWith("\n") ? text.slice(0, -1) : text;
  if (lines === "") return [];
  try {
    // Strings of JSON hold no line break as it is.
    const values: unknown = JSON.parse(`[${lines.replaceAll("\n", ",")}]`);
    // A damaged line may hold several values, or a part of one.
    return Array.isArray(values) && values.length === countObjectLines(lines) ? values : undefined;
  } catch {
    return undefined;
  }
}

/** How many lines there are if each is an object by its first and last character; else 0. */
function countObjectLines(text: string): number {
  if (!text.startsWith("{") || !text.endsWith("}")) return 0;
  let count = 1;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) {
    if (text[at - 1] !== "}" || text[at + 1] !== "{") return 0;
    count++;
  }
  return count;
}

function parseLineByLine(text: string, name: string, firstLine: number): unknown[] {
  const values: unknown[] = [];
  let line = firstLine - 1;
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
