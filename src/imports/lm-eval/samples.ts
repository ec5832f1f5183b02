import { InputError } from "../../base/errors.ts";
import { at, listOf, numberOrNull, numbersOf, positiveOrNull, recordOf, textOrNull, textsOf } from "../fields.ts";
import type { ImportedAnswer } from "../imported-run.ts";
import type { TaskResults } from "./results.ts";

/** What the sample rows of a task come to. */
export interface ReadSamples {
  readonly answers: readonly ImportedAnswer[];
  /** Scores of every attempt by its filter's name; they are preferred to those of one attempt or of a vote. */
  readonly perAttempt: ReadonlySet<string>;
  readonly names: readonly string[];
  readonly maxTokens: number | null;
  readonly temperature: number | null;
}

/** Columns of a row that are no metric, for files that do not name their metrics. */
const NO_METRICS = new Set(["doc_id", "target", "filter", "doc_hash", "prompt_hash", "target_hash"]);

/** Fields of a document that hold its question, the usual ones first. */
const QUESTION_FIELDS = ["question", "problem", "query", "prompt", "input", "sentence", "text"];

/**
 * Reads the rows of one task: a row a document and filter. The texts of all filters are the same; what differs is what was
 * extracted from them, and so the score.
 *
 * @throws InputError naming the row that is none, and where filters have different documents
 */
export function parseSamples(
  rows: readonly Readonly<Record<string, unknown>>[],
  where: string,
  task: TaskResults | undefined,
): ReadSamples {
  const documents = new Map<string, { row: Readonly<Record<string, unknown>>; byFilter: Map<string, unknown> }>();
  const filters = new Set<string>();
  rows.forEach((row, index) => {
    const id = row.doc_id;
    if ((typeof id !== "number" && typeof id !== "string") || !Array.isArray(row.resps)) {
      throw new InputError(
        `${where}: row ${index + 1}: expected doc_id and resps of an lm-evaluation-harness sample, found ${Object.keys(row).slice(0, 8).join(", ")}`,
      );
    }
    const document = documents.get(String(id)) ?? { row, byFilter: new Map<string, unknown>() };
    documents.set(String(id), document);
    const filter = textOrNull(row.filter) ?? task?.filters[document.byFilter.size] ?? "none";
    if (document.byFilter.has(filter)) {
      throw new InputError(
        `${where}: row ${index + 1}: expected document ${id} once for the filter "${filter}", found it again`,
      );
    }
    document.byFilter.set(filter, row);
    filters.add(filter);
  });
  for (const [id, { byFilter }] of documents) {
    if (byFilter.size < filters.size) {
      throw new InputError(
        `${where}: expected document ${id} for the filters ${[...filters].join(", ")}, found it for ${[...byFilter.keys()].join(", ")}`,
      );
    }
  }
  const expected = task?.questions ?? null;
  if (expected !== null && expected !== documents.size) {
    throw new InputError(`${where}: expected ${expected} documents, as the results say, found ${documents.size}`);
  }
  const perAttempt = new Set<string>();
  const names = new Set<string>();
  const answers = Array.from(documents, ([id, { row, byFilter }]) =>
    answersOf(id, row, byFilter, (name, every) => {
      names.add(name);
      if (every) perAttempt.add(name);
    }),
  ).flat();
  return { answers, perAttempt, names: [...names], ...generationOf(rows[0]) };
}

function answersOf(
  id: string,
  row: Readonly<Record<string, unknown>>,
  byFilter: ReadonlyMap<string, unknown>,
  found: (name: string, everyAttempt: boolean) => void,
): ImportedAnswer[] {
  const texts = textsOfAttempts(row.resps);
  const attempts = Math.max(1, texts.length);
  const scores = Array.from({ length: attempts }, (): Record<string, number> => ({}));
  const extracted = Array.from({ length: attempts }, (): Record<string, string> => ({}));
  for (const [filter, own] of byFilter) {
    const repeats = Object.entries(recordOf(at(own, "scores_per_repeat")));
    for (const [metric, values] of repeats) {
      listOf(values).forEach((value, k) => {
        const number = numberOrNull(value);
        if (number !== null) put(scores[k], `${metric},${filter}`, number);
      });
      found(`${metric},${filter}`, true);
    }
    for (const [metric, value] of Object.entries(metricsOf(recordOf(own)))) {
      // A mean over all attempts is that of each; what one attempt or a vote got stands with the first.
      const mean = attempts === 1 || /^(pass@1|avg)\b/.test(metric);
      for (const one of mean ? scores : scores.slice(0, 1)) put(one, `${metric},${filter}`, value);
      found(`${metric},${filter}`, attempts === 1);
    }
    const given = listOf(at(own, "filtered_resps"));
    const nested = Array.isArray(given[0]) ? listOf(given[0]) : given;
    nested.slice(0, attempts).forEach((text, k) => {
      if (texts.length > 0 && typeof text === "string" && text !== "[invalid]" && text !== texts[k])
        put(extracted[k], filter, text);
    });
  }
  const question = questionOf(row);
  const golds = textsOf(row.target);
  return scores.map((own, attempt) => ({
    id,
    question,
    golds,
    attempt,
    completion: texts[attempt] ?? null,
    tokens: null,
    finish: null,
    extracted: extracted[attempt] ?? {},
    scores: own,
  }));
}

function put<Value>(record: Record<string, Value> | undefined, name: string, value: Value): void {
  if (record !== undefined) record[name] = value;
}

/** `resps` is requests x repeats x text; of log-likelihoods there is no text. */
function textsOfAttempts(resps: unknown): string[] {
  const [request] = listOf(resps);
  if (typeof request === "string") return [request];
  const repeats = listOf(request);
  return repeats.every((text) => typeof text === "string") ? repeats.map(String) : [];
}

function metricsOf(row: Readonly<Record<string, unknown>>): Record<string, number> {
  const numbers = numbersOf(row);
  const named = textsOf(row.metrics);
  const isMetric = (name: string): boolean => (named.length > 0 ? named.includes(name) : !NO_METRICS.has(name));
  return Object.fromEntries(Object.entries(numbers).filter(([name]) => isMetric(name)));
}

function questionOf(row: Readonly<Record<string, unknown>>): string | null {
  for (const field of QUESTION_FIELDS) {
    const text = textOrNull(at(row, "doc", field));
    if (text !== null && text !== "") return text;
  }
  return promptOf(row);
}

function promptOf(row: Readonly<Record<string, unknown>>): string | null {
  return textOrNull(at(row, "arguments", "gen_args_0", "arg_0")) ?? textOrNull(at(row, "arguments", 0, 0));
}

function generationOf(row: Readonly<Record<string, unknown>> | undefined): {
  maxTokens: number | null;
  temperature: number | null;
} {
  const settings = at(row, "arguments", "gen_args_0", "arg_1") ?? at(row, "arguments", 0, 1);
  const limits = ["max_gen_toks", "max_new_tokens", "max_tokens"].map((key) => positiveOrNull(at(settings, key)));
  const temperature = numberOrNull(at(settings, "temperature"));
  return {
    maxTokens: limits.find((limit) => limit !== null) ?? null,
    temperature: at(settings, "do_sample") === false ? 0 : temperature,
  };
}
