import { InputError } from "../../base/errors.ts";
import { readWholeFile } from "../../base/files/read-whole-file.ts";
import { readParquet } from "../../benchmarks/read-parquet.ts";
import { at, listOf, numbersOf, positiveOrNull, textOrNull, textsOf } from "../fields.ts";
import type { ImportedAnswer } from "../imported-run.ts";
import { generatedLengths, readTokens } from "./token-lists.ts";

/** A file of one task; token lists make the largest. */
const MAX_FILE_BYTES = 2 ** 30;

/** What a details file has. */
export interface ReadDetails {
  readonly answers: readonly ImportedAnswer[];
  /** Names of the metrics, in the file's order. */
  readonly names: readonly string[];
  readonly maxTokens: number | null;
}

/** Columns that are read; prompts as tokens, logits and few-shot examples are not. */
const FLAT = [
  "example",
  "full_prompt",
  "gold",
  "predictions",
  "metrics",
  "cont_tokens",
  "input_tokens",
  "padded",
  "specifics",
];
const NESTED = ["doc", "metric", "model_response"];

/**
 * Reads a details file of lighteval: one row a question, flat before 0.11, nested since.
 *
 * @param limit the cap on tokens, where the results say it
 * @throws InputError for a file that is no details file, damaged, or larger than any
 */
export async function readDetails(path: string, limit: number | null): Promise<ReadDetails> {
  const bytes = await readWholeFile(path, MAX_FILE_BYTES);
  if (bytes === undefined) throw new InputError(`${path}: expected a file, found none`);
  const rows = await readParquet(bytes, path, [...FLAT, ...NESTED]);
  const [first] = rows;
  if (first === undefined) throw new InputError(`${path}: expected at least one question, found none`);
  const nested = "model_response" in first;
  if (!nested && !("predictions" in first)) {
    throw new InputError(
      `${path}: expected the columns of lighteval's details (model_response, or predictions), found ${Object.keys(first).join(", ")}`,
    );
  }
  const own = positiveOrNull(at(first, "doc", "generation_size"));
  const maxTokens = limit ?? own;
  const parsed = rows.map((row) => (nested ? nestedRow(row) : flatRow(row)));
  const tokens = rows.map((row) => readTokens(nested ? at(row, "model_response", "output_tokens") : row.cont_tokens));
  const padding = rows.flatMap((row) => paddingOf(row, nested));
  const lengths = generatedLengths(
    tokens,
    parsed.map(({ texts }) => texts),
    padding,
    maxTokens,
  );
  const answers = parsed.flatMap((row, index) => answersOf(row, lengths[index] ?? [], maxTokens, index));
  return { answers, names: [...new Set(parsed.flatMap(({ scores }) => Object.keys(scores)))], maxTokens };
}

/** A row of either schema. */
interface DetailsRow {
  readonly id: string | null;
  readonly question: string | null;
  readonly golds: readonly string[];
  readonly texts: readonly string[];
  readonly scores: Readonly<Record<string, number>>;
}

function flatRow(row: Readonly<Record<string, unknown>>): DetailsRow {
  const id = at(row, "specifics", "id");
  return {
    id: typeof id === "string" ? id : null,
    question: textOrNull(row.example) ?? textOrNull(row.full_prompt),
    golds: textsOf(row.gold),
    texts: textsOf(row.predictions),
    scores: numbersOf(row.metrics),
  };
}

function nestedRow(row: Readonly<Record<string, unknown>>): DetailsRow {
  const doc = row.doc;
  const processed = listOf(at(row, "model_response", "text_post_processed"));
  const texts = listOf(at(row, "model_response", "text"));
  const choices = listOf(at(doc, "choices"));
  const index = at(doc, "gold_index");
  const golds: readonly unknown[] = Array.isArray(index) ? index : [index];
  return {
    id: textsOf(at(doc, "id"))[0] ?? null,
    question: textOrNull(at(doc, "query")),
    golds: golds.flatMap((place) => textsOf(choices[Number(place)])),
    texts: texts.flatMap((text, k) => textOrNull(processed[k]) ?? textOrNull(text) ?? []),
    scores: numbersOf(row.metric),
  };
}

/** A mean over the attempts is that of each; what one attempt or a vote got stands with the first. */
const MEANS = /pass@1\b|avg@|k=1\b/;

function answersOf(row: DetailsRow, lengths: readonly number[], limit: number | null, index: number): ImportedAnswer[] {
  const attempts = Math.max(1, row.texts.length);
  const others = Object.fromEntries(Object.entries(row.scores).filter(([name]) => MEANS.test(name)));
  return Array.from({ length: attempts }, (_, attempt) => {
    const tokens = lengths[attempt] ?? null;
    return {
      id: row.id ?? String(index),
      question: row.question,
      golds: row.golds,
      attempt,
      completion: row.texts[attempt] ?? null,
      tokens,
      finish: tokens === null || limit === null ? null : tokens >= limit ? "length" : "stop",
      extracted: {},
      scores: attempt === 0 ? row.scores : others,
    };
  });
}

/** Prompts are padded in front with the token that fills up the answers, too. */
function paddingOf(row: Readonly<Record<string, unknown>>, nested: boolean): number[] {
  const padded = nested ? at(row, "model_response", "padded_tokens_count") : listOf(row.padded)[0];
  if (!(Number(padded) > 0)) return [];
  const prompt = nested ? at(row, "model_response", "input_tokens") : row.input_tokens;
  const [first] = listOf(prompt);
  const token: unknown = Array.isArray(first) ? first[0] : first;
  return typeof token === "number" || typeof token === "bigint" ? [Number(token)] : [];
}
