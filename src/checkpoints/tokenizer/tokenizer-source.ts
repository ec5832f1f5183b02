import { basename } from "node:path";
import type { FileFolder } from "../../tensors/file-folder.ts";
import { MAX_JSON_BYTES, parseJsonObject } from "../read-json.ts";

/** The files that make a tokenizer and its prompt: what a merged checkpoint copies from its tokenizer's source. */
const TOKENIZER_FILES = [
  "tokenizer_config.json",
  "special_tokens_map.json",
  "tokenizer.json",
  "tokenizer.model",
  "added_tokens.json",
  "vocab.json",
  "merges.txt",
  "chat_template.jinja",
  "chat_template.json",
  "generation_config.json",
] as const;

/** The files of a tokenizer by name, wherever they are: in a checkpoint's folder, or made for a merge. */
export interface TokenizerFiles {
  /** What to call them in errors. */
  readonly where: string;
  /** Those that there are, in a fixed order. */
  readonly names: readonly string[];
  /** @returns undefined if there is none of the name; @throws InputError if it cannot be read or leads out of the folder */
  read(name: string): Promise<Uint8Array | undefined>;
}

/** Those of a folder. */
export function folderTokenizer(folder: FileFolder): TokenizerFiles {
  const names = TOKENIZER_FILES.filter((name) => folder.names.includes(name));
  return {
    where: folder.path,
    names,
    async read(name) {
      return names.some((known) => known === name) ? await folder.readFile(name, MAX_JSON_BYTES) : undefined;
    },
  };
}

/** Files that are in memory only. */
export function madeTokenizer(where: string, contents: ReadonlyMap<string, Uint8Array>): TokenizerFiles {
  return {
    where,
    names: TOKENIZER_FILES.filter((name) => contents.has(name)),
    read: (name) => Promise.resolve(contents.get(name)),
  };
}

/** The object in a JSON file of a tokenizer; undefined if there is no such file. @throws InputError if it is no JSON object */
export async function readTokenizerJson(
  files: TokenizerFiles,
  name: string,
): Promise<Record<string, unknown> | undefined> {
  const text = await readTokenizerText(files, name);
  return text === undefined ? undefined : parseJsonObject(text, `${files.where}/${basename(name)}`);
}

/** A text file of a tokenizer; undefined if there is no such file. */
export async function readTokenizerText(files: TokenizerFiles, name: string): Promise<string | undefined> {
  const bytes = await files.read(name);
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
}
