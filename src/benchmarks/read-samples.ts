import { digestOf } from "../base/digest.ts";
import { suggestion } from "../base/suggest.ts";
import type { Sample } from "./benchmark.ts";
import { brokenEscapes } from "./broken-escapes.ts";
import type { Row } from "./read-rows.ts";
import type { BenchmarkFile } from "./schema.ts";

/** What rows say when read by a benchmark's `fields`, and everything that is wrong with them. */
export interface ReadSamples {
  readonly samples: readonly Sample[];
  /** One line a problem: `row 17 (id 4): empty gold`. Empty if all is well. */
  readonly problems: readonly string[];
}

/**
 * Turns rows into samples, and looks for what makes scores wrong without a word: a wrong number of rows, missing columns,
 * empty problems and golds, ids or problems that are there twice, LaTeX that lost its backslashes.
 */
export function readSamples(rows: readonly Row[], declared: BenchmarkFile): ReadSamples {
  const problems: string[] = [];
  if (declared.rows !== undefined && rows.length !== declared.rows) {
    problems.push(`expected ${declared.rows} rows, found ${rows.length}`);
  }
  const missing = missingColumns(rows, declared);
  if (missing.length > 0) return { samples: [], problems: [...problems, ...missing] };

  const samples = rows.map((row, index) => toSample(row, index, declared, problems));
  problems.push(...repeated(samples, "id", (sample) => sample.id));
  problems.push(...repeated(samples, "problem", (sample) => sample.problem.replaceAll(/\s+/g, " ").trim()));
  return { samples, problems };
}

/**
 * SHA-256 of what is asked and what is right, in order: `[[problem, [gold, ...]], ...]` as canonical JSON. The same for
 * JSONL, CSV and parquet copies of a dataset, whatever other columns they have.
 */
export function contentDigest(samples: readonly Sample[]): string {
  return digestOf(samples.map((sample) => [sample.problem, sample.golds]));
}

function missingColumns(rows: readonly Row[], { fields }: BenchmarkFile): string[] {
  const first = rows[0];
  if (first === undefined) return ["the file has no rows"];
  const wanted = [fields.id, fields.problem, fields.answer, fields.labels, fields.tolerance, fields.unit].flat();
  return wanted
    .filter((column) => column !== undefined)
    .filter((column) => !Object.hasOwn(first, column))
    .map((column) => `no column "${column}". ${suggestion(column, Object.keys(first))}`);
}

function toSample(row: Row, index: number, declared: BenchmarkFile, problems: string[]): Sample {
  const { fields } = declared;
  const id = fields.id === undefined ? rowId(declared.name, index) : textOf(row[fields.id]).trim();
  const report = (what: string): void => {
    problems.push(`row ${index + 1}${fields.id === undefined ? "" : ` (id ${id})`}: ${what}`);
  };
  if (id === "") report("empty id");
  const problem = [fields.problem]
    .flat()
    .map((column) => textOf(row[column]))
    .join(" ");
  if (problem.trim() === "") report("empty problem");
  for (const broken of brokenEscapes(problem)) report(`the problem has ${broken}`);

  const cells = row[fields.answer];
  const golds = (Array.isArray(cells) ? cells : [cells]).flatMap((cell: unknown) => {
    if (typeof cell === "number" && Math.abs(cell) > Number.MAX_SAFE_INTEGER) {
      report(`the gold ${cell} is too large a number to be read exactly: write it as text`);
    }
    const raw = extractGold(textOf(cell), declared.answer.extract);
    // Looked at before trimming: a form feed is white space.
    for (const broken of brokenEscapes(raw ?? "")) report(`the gold has ${broken}`);
    const gold = raw?.trim();
    if (gold === undefined) report(`no gold: the answer has no ${describeRule(declared.answer.extract)}`);
    else if (gold === "") report("empty gold");
    return gold === undefined || gold === "" ? [] : [gold];
  });
  if (Array.isArray(cells) && cells.length === 0) report("empty gold");

  const tolerance = fields.tolerance === undefined ? "" : textOf(row[fields.tolerance]).trim();
  const unit = fields.unit === undefined ? "" : textOf(row[fields.unit]).trim();
  if (tolerance !== "" && !(Number(tolerance) >= 0)) report(`expected a number as tolerance, found "${tolerance}"`);
  return {
    id,
    problem,
    golds,
    labels: Object.fromEntries(fields.labels.map((column) => [column, textOf(row[column])])),
    ...(tolerance === "" ? {} : { tolerance: Number(tolerance) }),
    ...(unit === "" ? {} : { unit }),
  };
}

function rowId(name: string, index: number): string {
  return `${name}-${String(index + 1).padStart(4, "0")}`;
}

/** A cell as text: 27.0 is `27`, null and absent are empty, lists and objects are JSON. */
function textOf(cell: unknown): string {
  switch (typeof cell) {
    case "string":
      return cell;
    case "number":
    case "bigint":
    case "boolean":
      return String(cell);
    default:
      return cell === null || cell === undefined ? "" : JSON.stringify(cell);
  }
}

type ExtractRule = BenchmarkFile["answer"]["extract"];

function extractGold(text: string, rule: ExtractRule): string | undefined {
  if (rule === "whole") return text;
  if (rule === "last-boxed") return lastBoxed(text);
  const at = text.lastIndexOf(rule.after);
  return at === -1 ? undefined : text.slice(at + rule.after.length);
}

function describeRule(rule: ExtractRule): string {
  return typeof rule === "string" ? "\\boxed{}" : `"${rule.after}"`;
}

/** The content of the last `\boxed{}` whose braces balance. */
function lastBoxed(text: string): string | undefined {
  for (let at = text.lastIndexOf("\\boxed{"); at !== -1; at = at === 0 ? -1 : text.lastIndexOf("\\boxed{", at - 1)) {
    const open = at + "\\boxed{".length;
    let depth = 1;
    for (let end = open; end < text.length; end++) {
      if (text[end] === "\\") end++;
      else if (text[end] === "{") depth++;
      else if (text[end] === "}" && --depth === 0) return text.slice(open, end);
    }
  }
  return undefined;
}

function repeated(samples: readonly Sample[], what: string, keyOf: (sample: Sample) => string): string[] {
  const rowsByKey = new Map<string, number[]>();
  samples.forEach((sample, index) => {
    const key = keyOf(sample);
    if (key === "") return;
    const rows = rowsByKey.get(key) ?? [];
    rows.push(index + 1);
    rowsByKey.set(key, rows);
  });
  return [...rowsByKey]
    .filter(([, rows]) => rows.length > 1)
    .map(([key, rows]) => `rows ${rows.join(", ")} have the same ${what}: ${JSON.stringify(key.slice(0, 60))}`);
}
