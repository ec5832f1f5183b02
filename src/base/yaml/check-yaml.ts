import { z } from "zod";
import { ConfigError } from "../errors.ts";
import { isRecord } from "../is-record.ts";
import { suggestion } from "../suggest.ts";
import type { YamlDocument, YamlPath } from "./yaml-document.ts";

/** How many problems one error shows. */
const MAX_SHOWN = 12;

/**
 * Checks a value against a schema and reports everything that is wrong in one error, each with its place and, for an
 * unknown key, the key that was probably meant.
 *
 * @param part a value instead of the document's own, and where in the document it stands
 * @throws ConfigError
 */
export function checkYaml<Schema extends z.ZodType>(
  document: Pick<YamlDocument, "locate"> & Partial<YamlDocument>,
  schema: Schema,
  part: { readonly value: unknown; readonly path?: YamlPath } = { value: document.value },
): z.infer<Schema> {
  const { value, path: base = [] } = part;
  const result = schema.safeParse(value, { error: inOurWords });
  if (result.success) return result.data;
  const problems = result.error.issues.flatMap((issue) => problemsOf(issue, value));
  const lines = problems.slice(0, MAX_SHOWN).map(({ path, text }) => `${document.locate([...base, ...path])}: ${text}`);
  if (problems.length > MAX_SHOWN) lines.push(`... and ${problems.length - MAX_SHOWN} more`);
  throw new ConfigError(lines.join("\n"));
}

/** A schema that goes by what the value is: of what is wrong, that is said, and not that none of several fits. */
export function chosenBy<Value>(choose: (value: unknown) => z.ZodType<Value>): z.ZodType<Value> {
  return z.unknown().transform((value, context) => {
    const result = choose(value).safeParse(value, { error: inOurWords });
    if (result.success) return result.data;
    passOn(result.error.issues, context);
    return z.NEVER;
  });
}

/** Tells a schema around what an inner one has found. */
function passOn(issues: readonly z.core.$ZodIssue[], context: z.core.ParsePayload, key?: string): void {
  for (const issue of issues) {
    const at = { path: key === undefined ? issue.path : [key, ...issue.path], message: issue.message };
    context.issues.push(
      issue.code === "unrecognized_keys"
        ? { ...at, code: issue.code, keys: issue.keys, input: {} }
        : { ...at, code: "custom", input: undefined },
    );
  }
}

/**
 * A map of YAML, its entries in the order in which they were written.
 *
 * @param known the only keys, if there are such
 */
export function mapOf<Value>(
  inner: z.ZodType<Value>,
  known?: readonly string[],
): z.ZodType<ReadonlyMap<string, Value>> {
  return z.unknown().transform((written, context) => {
    const map = new Map<string, Value>();
    if (!isRecord(written)) {
      const message = `expected ${known?.join(", ") ?? "a map"}, found ${show(written)}`;
      context.issues.push({ code: "custom", message, input: written });
      return z.NEVER;
    }
    for (const [key, value] of Object.entries(written)) {
      if (known !== undefined && !known.includes(key)) {
        const message = suggestion(key, known);
        context.issues.push({ code: "unrecognized_keys", keys: [key], message, input: written });
        continue;
      }
      const result = inner.safeParse(value, { error: inOurWords });
      if (result.success) map.set(key, result.data);
      else passOn(result.error.issues, context, key);
    }
    return map;
  });
}

/** The message of a schema, for whatever else is found: `expected a path, found 7`. */
export function expected(what: string): (issue: { readonly input?: unknown }) => string {
  return ({ input }) => `expected ${what}, found ${show(input)}`;
}

/** A value as an error shows it. */
export function show(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (typeof value === "number") return String(value);
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

const { localeError } = z.locales.en();

/**
 * What zod says where a schema has no words of its own: what was expected and found, and for unknown keys, a line each, what
 * was probably meant.
 */
function inOurWords(issue: z.core.$ZodRawIssue): string | undefined {
  const keys = keysOf(issue.inst);
  if (issue.code === "unrecognized_keys")
    return issue.keys
      .slice(0, MAX_SHOWN)
      .map((key) => suggestion(key, keys))
      .join("\n");
  const found = show(issue.input);
  if (issue.code === "invalid_key") return `${issue.issues[0]?.message ?? "expected another name"}, found ${found}`;
  if (issue.code === "invalid_type" && keys.length > 0) return `expected ${keys.join(", ")}, found ${found}`;
  if (issue.code === "invalid_type" && issue.expected === "nonoptional") return "expected a value, found nothing";
  const said = localeError(issue);
  const wanted = /: (expected .*?)(, received .*)?$/.exec(typeof said === "string" ? said : (said?.message ?? ""))?.[1];
  return `${wanted ?? "expected another value"}, found ${found}`;
}

/** The keys of the schema of an object. */
function keysOf(schema: z.core.$ZodRawIssue["inst"]): string[] {
  const definition: unknown = schema !== undefined && "def" in schema ? schema.def : undefined;
  return isRecord(definition) && isRecord(definition.shape) ? Object.keys(definition.shape) : [];
}

interface Problem {
  readonly path: YamlPath;
  readonly text: string;
}

function problemsOf({ path, ...issue }: z.core.$ZodIssue, value: unknown): Problem[] {
  const name = showPath(path);
  if (issue.code !== "unrecognized_keys") {
    const text = withFound(issue.message, valueAt(value, path));
    return [{ path, text: name === "" ? text : `${name}: ${text}` }];
  }
  const hints = issue.message.split("\n");
  const where = name === "" ? "" : ` in "${name}"`;
  return issue.keys.map((key, i) => ({
    path: [...path, key],
    text: `unknown key "${key}"${where}. ${hints[i] ?? ""}`,
  }));
}

/** What a schema says by itself of a value in one word or number, with that value. */
function withFound(message: string, value: unknown): string {
  const says = !message.startsWith("expected ") || message.includes(", found ");
  return says || (typeof value !== "string" && typeof value !== "number")
    ? message
    : `${message}, found ${show(value)}`;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((part, key) => {
    if (Array.isArray(part)) return part[Number(key)];
    return isRecord(part) ? part[String(key)] : undefined;
  }, value);
}

/** `models[0].parameters` */
function showPath(path: YamlPath): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    return text === "" ? String(key) : `${text}.${String(key)}`;
  }, "");
}
