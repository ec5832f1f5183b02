import { InputError } from "../base/errors.ts";
import { isRecord } from "../base/is-record.ts";

/**
 * Parses JSON whose outermost value is an object, refusing a key that appears twice at a level that names tensors
 * (JSON.parse would silently keep the last one).
 *
 * @param level the depth of the keys that must be unique: 1 for the outermost object, 2 for the objects in it
 * @throws InputError naming `where`
 */
export function parseUniqueJson(text: string, where: string, level: 1 | 2): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InputError(`${where}: expected JSON, found ${JSON.stringify(text.slice(0, 40))}`, { cause: error });
  }
  if (!isRecord(value)) {
    throw new InputError(`${where}: expected a JSON object, found ${text.slice(0, 40)}`);
  }
  const twice = findRepeatedKey(text, level);
  if (twice !== undefined) {
    throw new InputError(`${where}: expected every name once, found ${JSON.stringify(twice)} twice`);
  }
  return value;
}

/** Scans text that is known to be valid JSON. */
function findRepeatedKey(text: string, level: number): string | undefined {
  const open: { object: boolean; keys: Set<string> }[] = [];
  let last: string | undefined;
  for (let at = 0; at < text.length; at++) {
    const letter = text[at];
    if (letter === '"') {
      const start = at++;
      while (text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
      last = open.length <= level ? text.slice(start, at + 1) : undefined;
    } else if (letter === "{" || letter === "[") {
      open.push({ object: letter === "{", keys: new Set() });
    } else if (letter === "}" || letter === "]") {
      open.pop();
    } else if (letter === ":") {
      const around = open.at(-1);
      if (around === undefined || open.length > level || last === undefined) continue;
      const key: unknown = JSON.parse(last);
      if (typeof key !== "string") continue;
      if (around.keys.has(key)) return key;
      around.keys.add(key);
    }
  }
  return undefined;
}
