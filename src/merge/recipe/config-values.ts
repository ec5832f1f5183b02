import { ConfigError } from "../../base/errors.ts";
import { isRecord } from "../../base/is-record.ts";
import { suggestion } from "../../base/suggest.ts";

/** Keys from the root of a recipe to a place in it. */
export type Path = readonly (string | number)[];

/** Says where a place is, for an error: `merge.yml:3:5`, or `sweep.yaml: recipe: models[0].model`. */
export type Locate = (path: Path, key: boolean) => string;

/** Items of a list: numbers in a gradient, conditions, models, slices. None has more than one a layer. */
const MAX_ITEMS = 4096;

/** Reads values of a parsed YAML document, each checked; what is wrong is refused with its place. */
export class ConfigValues {
  readonly #locate: Locate;
  /** The architectures that models are to be taken for, by the models' names. */
  readonly architectures = new Map<string, string>();

  constructor(locate: Locate) {
    this.#locate = locate;
  }

  /** An object with no other keys than these. */
  object(value: unknown, path: Path, keys: readonly string[]): Readonly<Record<string, unknown>> {
    const record = this.record(value, path, keys.join(", "));
    for (const key of Object.keys(record)) {
      if (!keys.includes(key)) {
        this.fail([...path, key], `expected a known key, found ${show(key)}`, suggestion(key, keys), true);
      }
    }
    return record;
  }

  /** An object with any keys. */
  record(value: unknown, path: Path, what: string): Readonly<Record<string, unknown>> {
    return isRecord(value) ? value : this.fail(path, `expected ${what}, found ${show(value)}`);
  }

  list<T>(value: unknown, path: Path, read: (item: unknown, path: Path) => T): T[] | undefined {
    if (value === undefined || value === null) return undefined;
    if (!Array.isArray(value) || value.length === 0 || value.length > MAX_ITEMS) {
      return this.fail(path, `expected a list of 1 to ${MAX_ITEMS}, found ${show(value)}`);
    }
    return value.map((item, index) => read(item, [...path, index]));
  }

  /** Numbers may be written as text (decimals filled into a sweep are), and truth values count as 1 and 0. */
  number(value: unknown, path: Path): number {
    if (typeof value === "boolean") return value ? 1 : 0;
    const number =
      typeof value === "string" && /^\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?\s*$/i.test(value) ? Number(value) : value;
    if (typeof number === "number" && !Number.isNaN(number)) return number;
    const isCondition = value !== null && typeof value === "object" && "value" in value;
    return this.fail(
      path,
      `expected a number, found ${show(value)}`,
      isCondition ? 'Write conditions as a list: "- filter: ..." and "value: ..." below.' : undefined,
    );
  }

  /** A whole number from `least` on. */
  count(value: unknown, path: Path, least: number): number {
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= least) return value;
    return this.fail(path, `expected a whole number from ${least} on, found ${show(value)}`);
  }

  text(value: unknown, path: Path, what: string): string {
    return typeof value === "string" ? value : this.fail(path, `expected ${what}, found ${show(value)}`);
  }

  optional<T>(value: unknown, read: (value: unknown) => T): T | undefined {
    return value === undefined || value === null ? undefined : read(value);
  }

  /** @param key whether the key is at fault, and not its value */
  fail(path: Path, message: string, hint?: string, key = false): never {
    const where = this.#locate(path, key);
    throw new ConfigError(`${where.endsWith(": ") ? where.slice(0, -2) : where}: ${message}`, { hint });
  }
}

/** A value as an error shows it. */
export function show(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (typeof value === "number") return String(value);
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
