import type { CommandModule } from "yargs";
import { UsageError } from "../../base/errors.ts";
import { powerOfTen } from "../../base/power.ts";
import { isServerUrl } from "../../models/server/server-url.ts";

/** A flag that takes exactly one value. Undefined if not given: defaults belong to whoever may also read a file. */
export interface Flag<Value> {
  readonly type: "string";
  readonly requiresArg: true;
  readonly description: string;
  readonly group?: string;
  readonly coerce: (value: unknown) => Value | undefined;
}

/** A flag of one integer; yargs alone would make NaN of a word and an array of a repetition. */
export function integerOption(description: string, min = 0, max = Number.MAX_SAFE_INTEGER): Flag<number> {
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  return flag(description, `one integer ${range}`, (text) => {
    const number = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
    return Number.isSafeInteger(number) && number >= min && number <= max ? number : undefined;
  });
}

/** A flag of one number, within bounds. */
export function numberOption(description: string, min = 0, max = Number.MAX_VALUE): Flag<number> {
  const range = max === Number.MAX_VALUE ? `at least ${min}` : `${min} to ${max}`;
  return flag(description, `one number, ${range}`, (text) => {
    const number = text.trim() === "" ? Number.NaN : Number(text);
    return number >= min && number <= max ? number : undefined;
  });
}

/** A flag of one text. */
export function textOption(description: string): Flag<string> {
  return flag(description, "one value", (text) => (text === "" ? undefined : text));
}

/** A flag of one text of a certain form. */
export function formOption(
  description: string,
  { pattern, expected }: { readonly pattern: RegExp; readonly expected: string },
): Flag<string> {
  return flag(description, expected, (text) => (pattern.test(text) ? text : undefined));
}

/** A flag with text or none behind it, which is then empty. */
export function optionalText(description: string): Omit<Flag<string>, "requiresArg"> {
  const { requiresArg: _always, ...own } = flag(description, "at most one value", (text) => text);
  return own;
}

/** A flag of the address of a server. */
export function serverUrlOption(description: string): Flag<string> {
  return flag(description, "one address such as http://localhost:8000/v1", (text) =>
    isServerUrl(text) ? text : undefined,
  );
}

/** A flag of names that may have commas in them: given several times. */
export function namesOption(description: string): {
  readonly type: "string";
  readonly array: true;
  readonly requiresArg: true;
  readonly description: string;
} {
  return { type: "string", array: true, requiresArg: true, description };
}

/** A flag of several texts: given several times, with several values, or with commas between them. */
export function listOption(description: string): {
  readonly type: "string";
  readonly array: true;
  readonly requiresArg: true;
  readonly description: string;
  readonly coerce: (values: readonly string[]) => string[];
} {
  return {
    type: "string",
    array: true,
    requiresArg: true,
    description,
    coerce: (values) => values.flatMap((value) => value.split(",")).filter((value) => value !== ""),
  };
}

/** A flag of several of some words: given several times, with several values, or with commas between them. */
export function choiceListOption<Choice extends string>(
  description: string,
  choices: readonly Choice[],
): Omit<ReturnType<typeof listOption>, "coerce"> & { readonly coerce: (values: readonly string[]) => Choice[] } {
  const { coerce, ...rest } = listOption(description);
  return {
    ...rest,
    coerce: (values) =>
      coerce(values).map((value) => {
        const choice = choices.find((one) => one === value);
        if (choice !== undefined) return choice;
        throw new UsageError(`expected some of ${choices.join(", ")}, found ${JSON.stringify(value)}`);
      }),
  };
}

const SIZE_UNITS = ["", "K", "M", "G", "T"];

/** A flag of a size such as `20GB`, in powers of 1000; a plain number is bytes. */
export function sizeOption(description: string): Flag<number> {
  return flag(description, "one size such as 20GB", readSize);
}

/** A flag of a size as mergekit writes it: `5B` is five billions of bytes, not five bytes. */
export function billionsOption(description: string): Flag<number> {
  return flag(
    description,
    "one size above 0 such as 5B, 500M or 2GB",
    (text) => readSize(text.replace(/(\d)\s*B\s*$/i, "$1G")) || undefined,
  );
}

function readSize(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([KMGT]?)B?$/i.exec(text.trim());
  if (match === null) return undefined;
  return Math.round(Number(match[1]) * powerOfTen(3 * SIZE_UNITS.indexOf((match[2] ?? "").toUpperCase())));
}

/** Prints JSON instead of a table. */
export const jsonFlag = { type: "boolean", description: "Print JSON instead of text", group: "Output:" } as const;

/** Leaves cells of CSV files as they are. */
export const rawCsvFlag = {
  type: "boolean",
  description: "In CSV files, no apostrophe before text that a spreadsheet would take for a formula",
  group: "Output:",
} as const;

/** Flags whose faults are said with their names: yargs tells a flag's own check its value only. */
export function named<Flags extends Readonly<Record<string, object>>>(flags: Flags): Flags {
  const entries = Object.entries(flags).map(([name, option]) => [
    name,
    "coerce" in option ? namedOne(name, option) : option,
  ]);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the same flags, with the same types
  return Object.fromEntries(entries) as Flags;
}

function namedOne(name: string, option: object & { readonly coerce: unknown }): object {
  const { coerce } = option;
  if (typeof coerce !== "function") return option;
  return {
    ...option,
    coerce: (value: unknown): unknown => {
      try {
        return coerce(value);
      } catch (error) {
        throw error instanceof UsageError ? new UsageError(`--${name}: ${error.message}`) : error;
      }
    },
  };
}

function flag<Value>(description: string, expected: string, parse: (text: string) => Value | undefined): Flag<Value> {
  return {
    type: "string",
    requiresArg: true,
    description,
    coerce: (value) => {
      if (value === undefined) return undefined;
      const parsed = typeof value === "string" ? parse(value) : undefined;
      if (parsed !== undefined) return parsed;
      const found = Array.isArray(value) ? `${value.length} (${value.join(", ")})` : JSON.stringify(value);
      throw new UsageError(`expected ${expected}, found ${found}`);
    },
  };
}

/** A command with its flags inferred; the list of all commands does not care which they are. */
export function defineCommand<Args>(module: CommandModule<object, Args>): CommandModule {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- yargs calls each handler with its own builder's flags
  return module as CommandModule;
}
