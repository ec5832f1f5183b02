import { InputError, messageOf } from "../base/errors.ts";
import { isRecord } from "../base/is-record.ts";
import type { FileFolder } from "../tensors/file-folder.ts";

/** Real tokenizer.json files reach 35 MB (Gemma); beyond this size it is not one, and JSON.parse would exhaust memory. */
export const MAX_JSON_BYTES = 256 * 1024 * 1024;

/** Lists and objects in one another: real files have below 10 levels, and what is to be written again takes stack for each. */
const MAX_JSON_DEPTH = 100;

/** A JSON file of a checkpoint. */
export interface JsonFile {
  readonly text: string;
  readonly value: Record<string, unknown>;
}

/**
 * Reads a JSON file in the folder of a checkpoint or adapter; undefined where there is none.
 * @throws InputError if it is not JSON, not an object, too large, no file, or a link to somewhere else
 */
export async function readJsonFile(folder: FileFolder, name: string): Promise<JsonFile | undefined> {
  const bytes = await folder.readFile(name, MAX_JSON_BYTES);
  if (bytes === undefined) return undefined;
  const text = new TextDecoder().decode(bytes);
  return { text, value: parseJsonObject(text, `${folder.path}/${name}`) };
}

/**
 * @param where what to call the text in errors
 * @throws InputError if it is not JSON, not an object, or nested absurdly
 */
export function parseJsonObject(text: string, where: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InputError(`${where}: expected JSON: ${messageOf(error)}`, {
      hint: "The file may be cut short, or a Git LFS pointer: fetch it again.",
      cause: error,
    });
  }
  if (!isRecord(value)) throw new InputError(`${where}: expected a JSON object, found ${kindOf(value)}`);
  if (isDeeperThan(MAX_JSON_DEPTH, value)) {
    throw new InputError(`${where}: expected JSON of at most ${MAX_JSON_DEPTH} levels, found deeper ones`, {
      hint: "The file is damaged, or not what it claims to be: fetch it again.",
    });
  }
  return value;
}

function isDeeperThan(levels: number, value: object): boolean {
  let here = [value];
  for (let depth = 0; depth < levels && here.length > 0; depth++) {
    here = here.flatMap((parent) =>
      Object.values(parent).filter((child) => typeof child === "object" && child !== null),
    );
  }
  return here.length > 0;
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
