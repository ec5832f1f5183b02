import { type Document, isMap, isNode, isScalar, LineCounter } from "yaml";
import { ConfigError, InputError, messageOf } from "../errors.ts";
import { nearFile } from "../files/near-file.ts";
import { readWholeFile } from "../files/read-whole-file.ts";
import { parseYamlText, parseYamlTexts } from "./parse-yaml-text.ts";

/** Aliases may repeat at most this much content: a few lines of YAML can otherwise unfold to gigabytes. */
const MAX_ALIAS_COUNT = 100;

export type YamlPath = readonly PropertyKey[];

/** A parsed YAML text that still knows where everything in it was written. */
export interface YamlDocument {
  readonly value: unknown;
  /** As it was written. */
  readonly text: string;
  /** `sweep.yaml:7:5`, the place of the key or list item at a path, or of its nearest parent that exists. */
  locate(path: YamlPath): string;
}

/** What people write has some KB, and 100 KB with a condition for every tensor; a file of weights has more. Parsing this much takes a second. */
const MAX_YAML_BYTES = 500_000;

/** `1.1` is that of PyYAML, in which `yes` is true. */
type YamlVersion = "1.1" | "1.2";

/**
 * Reads the text of a YAML file that a person wrote.
 *
 * @param what it is, for errors: `a sweep file`
 * @throws ConfigError if there is none, or if it cannot be one
 */
export async function readYamlFile(path: string, what: string, hint?: string): Promise<string> {
  const bytes = await readWholeFile(path, MAX_YAML_BYTES).catch((error: unknown) => {
    if (!(error instanceof InputError)) throw error;
    throw new ConfigError(`Expected ${what}: ${error.message}`, { hint: error.hint, cause: error });
  });
  if (bytes === undefined) {
    const hints = [await nearFile(path), hint].filter((line) => line !== undefined);
    throw new ConfigError(`Expected ${what}, found none at ${path}`, {
      hint: hints.length === 0 ? undefined : hints.join("\n"),
    });
  }
  try {
    return new TextDecoder("utf-8", { ignoreBOM: true, fatal: true }).decode(bytes);
  } catch (error) {
    throw new ConfigError(`${path}: expected UTF-8 text, found bytes that are none`, { cause: error });
  }
}

/**
 * Parses one YAML document.
 *
 * @throws ConfigError with file:line:column for broken syntax, duplicate keys, a second document, and aliases that explode
 */
export function parseYaml(text: string, fileName: string, version: YamlVersion = "1.2"): YamlDocument {
  checkText(text, fileName);
  const lines = new LineCounter();
  return located(parseYamlText(text, { lineCounter: lines, version }), { text, lines, fileName });
}

/**
 * Parses a text of one YAML document or of several.
 *
 * @throws ConfigError as `parseYaml` does
 */
export function parseYamls(text: string, fileName: string, version: YamlVersion = "1.2"): YamlDocument[] {
  checkText(text, fileName);
  const lines = new LineCounter();
  const documents = parseYamlTexts(text, { lineCounter: lines, version });
  if (documents.length < 2) return [parseYaml(text, fileName, version)];
  return documents.map((document) => {
    const [start, , end] = document.range;
    return located(document, { text: text.slice(start, end), lines, fileName });
  });
}

function checkText(text: string, fileName: string): void {
  if (text.length > MAX_YAML_BYTES)
    throw new ConfigError(`${fileName}: expected YAML of at most ${MAX_YAML_BYTES} characters, found ${text.length}`);
  if (text.includes("\0")) throw new ConfigError(`${fileName}: expected text, found a NUL character`);
}

interface Source {
  readonly text: string;
  readonly lines: LineCounter;
  readonly fileName: string;
}

function located(document: Document.Parsed, { text, lines, fileName }: Source): YamlDocument {
  const place = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${fileName}:${line}:${col}`;
  };
  const broken = document.errors[0];
  if (broken !== undefined) throw new ConfigError(`${place(broken.pos[0])}: ${broken.message}`);
  if (document.contents === null) throw new ConfigError(`${fileName}: expected YAML, found an empty file`);
  const start = place(document.contents.range[0]);
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: MAX_ALIAS_COUNT });
  } catch (error) {
    throw new ConfigError(`${start}: ${messageOf(error)}`, { cause: error });
  }
  return {
    value,
    text,
    locate(path) {
      for (let length = path.length; length > 0; length--) {
        const parent: unknown = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
        const last = String(path[length - 1]);
        const key = isMap(parent)
          ? parent.items.find((item) => isScalar(item.key) && String(item.key.value) === last)?.key
          : undefined;
        const node: unknown = key ?? document.getIn(path.slice(0, length), true);
        if (isNode(node) && node.range) return place(node.range[0]);
      }
      return start;
    },
  };
}
