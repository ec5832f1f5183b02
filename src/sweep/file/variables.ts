import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { ConfigError, InputError, UsageError } from "../../base/errors.ts";
import { isRecord } from "../../base/is-record.ts";
import { suggestion } from "../../base/suggest.ts";
import type { YamlDocument, YamlPath } from "../../base/yaml/yaml-document.ts";

/** What `${len}` stands for in the strings of a sweep; null where the file leaves it open. */
export type Variables = Readonly<Record<string, string | null>>;

/**
 * The variables of a sweep file with those that the command line sets.
 *
 * @param set paths in it are relative to the working directory; those that exist only there become absolute
 * @param root where relative paths of the file start
 * @throws UsageError for a variable that the file does not have
 */
export function setVariables(own: Variables, set: Readonly<Record<string, string>>, root: string): Variables {
  for (const name of Object.keys(set)) {
    if (Object.hasOwn(own, name)) continue;
    const names = Object.keys(own);
    const hint = names.length === 0 ? "The file has no variables." : suggestion(name, names);
    throw new UsageError(`--set ${name}: the sweep has no variable of this name`, { hint });
  }
  const here = Object.entries(set).map(([name, value]) => [
    name,
    resolve(root) === process.cwd() ? value : placed(value),
  ]);
  return { ...own, ...Object.fromEntries(here) };
}

/** A path of the working directory by its whole name; a model of the hub as it is. */
function placed(value: string): string {
  if (existsSync(value)) return resolve(value);
  return value
    .split("+")
    .map((part) => (part !== "" && existsSync(part) ? resolve(part) : part))
    .join("+");
}

/**
 * Puts variables into all strings of a value.
 *
 * @param use told the name of every variable that stands somewhere
 * @throws ConfigError with the place of a variable that has no value, or that is used as if it were a number
 */
export function putVariables(
  value: unknown,
  variables: Variables,
  document: YamlDocument,
  path: YamlPath,
  use: (name: string) => void,
): unknown {
  if (Array.isArray(value)) {
    return value.map((item: unknown, index) => putVariables(item, variables, document, [...path, index], use));
  }
  if (isRecord(value)) {
    const entries = Object.entries(value);
    return Object.fromEntries(
      entries.map(([key, inner]) => [key, putVariables(inner, variables, document, [...path, key], use)]),
    );
  }
  if (typeof value !== "string") return value;
  return value.replaceAll(/\$\{([^}]*)\}/g, (whole, inside: string) => {
    const name = (inside.match(/[A-Za-z_]\w*/g) ?? []).find((word) => Object.hasOwn(variables, word));
    if (name === undefined) return whole;
    const place = document.locate(path);
    if (inside.trim() !== name) {
      throw new ConfigError(`${place}: expected the variable "${name}" alone, as \${${name}}, found ${whole}`, {
        hint: "A variable is text. What is calculated with is an axis.",
      });
    }
    use(name);
    const text = variables[name] ?? null;
    if (text === null) {
      throw new ConfigError(`${place}: the variable "${name}" has no value`, { hint: setHint(name) });
    }
    if (text.includes("${")) {
      throw new ConfigError(`${place}: expected a path or a model as the variable "${name}", found ${text}`);
    }
    return text;
  });
}

/**
 * An error about models, with the variables that name them, if any do.
 *
 * @returns the error itself where no variable is concerned
 */
export function explainVariable(error: unknown, variables: Variables): unknown {
  if (!(error instanceof InputError)) return error;
  const names = Object.keys(variables).filter((key) => error.message.includes(variables[key] ?? "\0"));
  if (names.length === 0) return error;
  const hint = [error.hint, setHint(...names)].filter((line) => line !== undefined).join("\n");
  return new InputError(error.message, { hint, cause: error });
}

function setHint(...names: readonly string[]): string {
  const flags = names.map((name) => `--set ${name}=PATH_OR_HUB_ID`).join(" ");
  return `Say where ${names.length === 1 ? "it is" : "they are"} with ${flags}.`;
}
