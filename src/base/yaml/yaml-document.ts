import { isMap, isNode, isScalar, LineCounter } from "yaml";
import type { z } from "zod";
import { ConfigError, InputError } from "../errors.ts";
import { readWholeFile } from "../files/read-whole-file.ts";
import { suggestion } from "../suggest.ts";
import { parseYamlText } from "./parse-yaml-text.ts";

/** Aliases may repeat at most this much content: a few lines of YAML can otherwise unfold to gigabytes. */
const MAX_ALIAS_COUNT = 100;

export type YamlPath = readonly PropertyKey[];

/** A parsed YAML text that still knows where everything in it was written. */
export interface YamlDocument {
  readonly value: unknown;
  /** `sweep.yaml:7:5`, the place of the key or list item at a path, or of its nearest parent that exists. */
  locate(path: YamlPath): string;
}

/** What people write has some KB, and 100 KB with a condition for every tensor; a file of weights has more. Parsing this much takes a second. */
const MAX_YAML_BYTES = 500_000;

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
  if (bytes === undefined) throw new ConfigError(`Expected ${what}, found none at ${path}`, { hint });
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

/**
 * Parses one YAML 1.2 document.
 *
 * @throws ConfigError with file:line:column for broken syntax, duplicate keys, and aliases that explode
 */
export function parseYaml(text: string, fileName: string): YamlDocument {
  const lines = new LineCounter();
  const document = parseYamlText(text, { lineCounter: lines });
  const place = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${fileName}:${line}:${col}`;
  };
  if (/[\0\uFFFD]/.test(text)) throw new ConfigError(`${fileName}: expected UTF-8 text, found bytes that are none`);
  const broken = document.errors[0];
  if (broken !== undefined) throw new ConfigError(`${place(broken.pos[0])}: ${broken.message}`);
  if (document.contents === null) throw new ConfigError(`${fileName}: expected YAML, found an empty file`);
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: MAX_ALIAS_COUNT });
  } catch (error) {
    throw new ConfigError(`${fileName}: the YAML aliases unfold to too much content`, { cause: error });
  }
  return {
    value,
    locate(path) {
      for (let length = path.length; length > 0; length--) {
        const parent: unknown = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
        const key = isMap(parent)
          ? parent.items.find((item) => isScalar(item.key) && item.key.value === path[length - 1])?.key
          : undefined;
        const node: unknown = key ?? document.getIn(path.slice(0, length), true);
        if (isNode(node) && node.range) return place(node.range[0]);
      }
      return fileName;
    },
  };
}

/**
 * Checks a value against a schema and reports everything that is wrong in one error, each with its place and, for an
 * unknown key, the key that was probably meant.
 *
 * @param base where in the document the value stands, if it is a part of it
 */
export function checkYaml<Schema extends z.ZodType>(
  document: YamlDocument,
  schema: Schema,
  value: unknown = document.value,
  base: YamlPath = [],
): z.infer<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.flatMap((issue) => describeIssue(document, schema, issue, base));
  throw new ConfigError(problems.join("\n"));
}

function describeIssue(document: YamlDocument, schema: z.ZodType, issue: z.core.$ZodIssue, base: YamlPath): string[] {
  if (issue.code === "unrecognized_keys") {
    const known = knownKeys(schema, issue.path);
    return issue.keys.map((key) => {
      const place = document.locate([...base, ...issue.path, key]);
      return `${place}: unknown key "${key}"${inside(issue.path)}. ${suggestion(key, known)}`;
    });
  }
  const name = issue.path.length === 0 ? "the file" : `"${issue.path.join(".")}"`;
  return [`${document.locate([...base, ...issue.path])}: ${name}: ${issue.message}`];
}

function inside(path: YamlPath): string {
  return path.length === 0 ? "" : ` in "${path.join(".")}"`;
}

/** The keys that a strict object at a path of a schema allows; unions and optional wrappers are looked through. */
function knownKeys(schema: z.ZodType, path: YamlPath): string[] {
  let level: unknown[] = [schema];
  for (const step of path) level = level.flatMap((inner) => stepInto(inner, step));
  return [...new Set(level.flatMap(unwrap).flatMap((inner) => Object.keys(shapeOf(inner))))];
}

function stepInto(schema: unknown, step: PropertyKey): unknown[] {
  return unwrap(schema).flatMap((inner) => {
    const definition = definitionOf(inner);
    if (definition.type === "array") return [definition.element];
    if (definition.type === "record") return [definition.valueType];
    return [shapeOf(inner)[String(step)]];
  });
}

function unwrap(schema: unknown): unknown[] {
  const definition = definitionOf(schema);
  if (definition.innerType !== undefined) return unwrap(definition.innerType);
  if (definition.type === "pipe") return unwrap(definition.in);
  if (Array.isArray(definition.options)) return definition.options.flatMap(unwrap);
  return [schema];
}

function shapeOf(schema: unknown): Record<string, unknown> {
  const shape = definitionOf(schema).shape;
  return typeof shape === "object" && shape !== null ? { ...shape } : {};
}

function definitionOf(schema: unknown): Record<string, unknown> {
  if (typeof schema !== "object" || schema === null || !("def" in schema)) return {};
  const { def } = schema;
  return typeof def === "object" && def !== null ? Object.fromEntries(Object.entries(def)) : {};
}
