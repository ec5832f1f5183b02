import { extname } from "node:path";
import { InputError } from "../../base/errors.ts";
import { parseCsv } from "../../benchmarks/parse-csv.ts";
import { groupBy } from "../../stats/mean.ts";
import { parseRowsText, readText } from "../files/read-json.ts";
import type { ImportedAnswer, ImportedRun } from "../imported-run.ts";
import { plainMap, type TidyMap } from "./tidy-map.ts";

/** Whether the columns of a table are called as a map would call them. */
export function hasPlainColumns(columns: readonly string[]): boolean {
  return (
    columns.includes("model") &&
    columns.includes("benchmark") &&
    ["correct", "accuracy"].some((name) => columns.includes(name))
  );
}

/** A row and where it stands. */
interface PlacedRow {
  readonly row: Readonly<Record<string, unknown>>;
  readonly where: string;
}

/**
 * Reads a table with a row an answer, or a row a whole run.
 *
 * @param map which column means what; by default what it is called
 * @throws InputError naming the row, and the column that is missing or has an unexpected value
 */
export async function readTidy(path: string, map?: TidyMap): Promise<ImportedRun[]> {
  const text = await readText(path);
  const rows: Readonly<Record<string, unknown>>[] =
    extname(path).toLowerCase() === ".csv" ? parseCsv(text, path) : parseRowsText(text, path);
  const columns = Object.keys(rows[0] ?? {});
  const used = map ?? plainMap(columns);
  const byQuestion = used.correct !== undefined;
  if (byQuestion === (used.accuracy !== undefined) || (byQuestion && used.question === undefined)) {
    throw new InputError(
      `${path}: expected question and correct (a row an answer), or accuracy (a row a whole run); found ${columns.join(", ")}`,
      { hint: "Say which column means what with --map map.yaml; docs/import.md has an example." },
    );
  }
  const placed = rows.map((row, index) => ({ row, where: `${path}: row ${index + 1}` }));
  const groups = groupBy(placed, ({ row, where }) =>
    JSON.stringify([
      required(row, "model", used.model, where),
      required(row, "benchmark", used.benchmark, where),
      valueOf(row, used.seed) ?? null,
      ...(byQuestion ? [] : [where]),
    ]),
  );
  return [...groups.values()].map((group) => runOf(group, path, used));
}

function runOf(group: readonly PlacedRow[], path: string, map: TidyMap): ImportedRun {
  const [first = { row: {}, where: path }] = group;
  const { row, where } = first;
  const seed = optionalNumber(row, "seed", map.seed, where);
  const accuracy = optionalNumber(row, "accuracy", map.accuracy, where);
  const axes = Object.entries(map.axes).flatMap(([axis, column]) => {
    const value = valueOf(row, column);
    return value === undefined ? [] : [[axis, value] as const];
  });
  return {
    harness: "a table",
    source: path,
    model: required(row, "model", map.model, where),
    task: required(row, "benchmark", map.benchmark, where),
    shots: null,
    run: seed === null ? "" : `seed ${seed}`,
    seed,
    date: null,
    maxTokens: null,
    temperature: null,
    questions: optionalNumber(row, "n", map.n, where),
    scoreNames: [map.correct === undefined ? "accuracy" : "correct"],
    means: accuracy === null ? {} : { accuracy },
    answers: map.correct === undefined ? [] : answersOf(group, map),
    axes: Object.fromEntries(axes),
    notes: [],
  };
}

function answersOf(group: readonly PlacedRow[], map: TidyMap): ImportedAnswer[] {
  const asked = new Map<string, number>();
  return group.map(({ row, where }) => {
    const id = required(row, "question", map.question ?? "question", where);
    const next = asked.get(id) ?? 0;
    asked.set(id, next + 1);
    const correct = correctness(valueOf(row, map.correct), where);
    const gold = valueOf(row, map.gold);
    const answer = valueOf(row, map.answer);
    const finish = valueOf(row, map.finish);
    return {
      id,
      question: /\s/.test(id.trim()) ? id : null,
      golds: gold === undefined ? [] : [gold],
      attempt: optionalNumber(row, "attempt", map.attempt, where) ?? next,
      completion: valueOf(row, map.text) ?? null,
      tokens: optionalNumber(row, "tokens", map.tokens, where),
      finish: finish === "length" || finish === "max_tokens" ? "length" : finish === "stop" ? "stop" : null,
      extracted: answer === undefined ? {} : { "": answer },
      scores: correct === null ? {} : { correct },
    };
  });
}

type Source = TidyMap["model"];

function valueOf(row: Readonly<Record<string, unknown>>, source: Source | undefined): string | undefined {
  if (source === undefined) return undefined;
  const value = typeof source === "string" ? row[source] : source.value;
  if (value === undefined || value === null || value === "") return undefined;
  return typeof value === "string" ? value : JSON.stringify(value);
}

function required(row: Readonly<Record<string, unknown>>, name: string, source: Source, where: string): string {
  const value = valueOf(row, source);
  if (value !== undefined) return value;
  const column = typeof source === "string" ? `a value in the column "${source}"` : "a value";
  throw new InputError(`${where}: expected ${column} for ${name}, found none among ${Object.keys(row).join(", ")}`);
}

function optionalNumber(
  row: Readonly<Record<string, unknown>>,
  name: string,
  source: Source | undefined,
  where: string,
): number | null {
  const text = valueOf(row, source);
  if (text === undefined) return null;
  const number = Number(text);
  if (Number.isFinite(number)) return number;
  throw new InputError(`${where}: expected a number for ${name}, found ${JSON.stringify(text)}`);
}

function correctness(text: string | undefined, where: string): number | null {
  if (text === undefined) return null;
  const word = text.toLowerCase();
  if (word === "true" || word === "false") return word === "true" ? 1 : 0;
  const number = Number(text);
  if (Number.isFinite(number)) return number;
  throw new InputError(`${where}: expected true, false or a number for correct, found ${JSON.stringify(text)}`);
}
