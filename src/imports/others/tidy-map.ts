import { z } from "zod";
import { checkYaml } from "../../base/yaml/check-yaml.ts";
import { parseYaml, readYamlFile } from "../../base/yaml/yaml-document.ts";

/** A column of the table, or one value for all rows. */
const source = z.union([z.string().min(1), z.strictObject({ value: z.union([z.string(), z.number()]) })]);

const mapSchema = z.strictObject({
  /** The model of a row. */
  model: source.default("model"),
  benchmark: source.default("benchmark"),
  /** Of results by question: its id or text. */
  question: source.optional(),
  attempt: source.optional(),
  /** 1, 0, true, false, or a part of 1. */
  correct: source.optional(),
  tokens: source.optional(),
  /** The completion. */
  text: source.optional(),
  gold: source.optional(),
  answer: source.optional(),
  finish: source.optional(),
  /** Of results of whole runs: the mean over its questions, as a fraction. */
  accuracy: source.optional(),
  /** How many questions a run asked. */
  n: source.optional(),
  seed: source.optional(),
  /** Columns that have the values of axes, by axis. */
  axes: z.record(z.string().regex(/^\w+$/), z.string().min(1)).default({}),
});
/** Which column of a table means what. */
export type TidyMap = z.infer<typeof mapSchema>;

/** Without a map, columns mean what they are called. */
const PLAIN_COLUMNS = [
  "question",
  "attempt",
  "correct",
  "tokens",
  "text",
  "gold",
  "answer",
  "finish",
  "accuracy",
  "n",
  "seed",
] as const;

/** Reads a mapping file. @throws ConfigError where it is not there, and for every key that is wrong */
export async function readTidyMap(path: string): Promise<TidyMap> {
  return checkYaml(parseYaml(await readYamlFile(path, "a mapping file"), path), mapSchema);
}

/** The map of a table whose columns have the plain names. */
export function plainMap(columns: readonly string[]): TidyMap {
  const there = PLAIN_COLUMNS.filter((name) => columns.includes(name)).map((name) => [name, name]);
  return mapSchema.parse(Object.fromEntries(there));
}
