import { Document, isMap, isSeq, type YAMLMap, type YAMLSeq } from "yaml";
import { InputError } from "../../base/errors.ts";
import { parseYamlText } from "../../base/yaml/parse-yaml-text.ts";
import type { Judgement } from "../../findings/judge.ts";
import type { Estimate, SummaryRow } from "../../findings/summarize.ts";
import { markdownTable } from "../tables/summary-table.ts";
import { decisionTexts, describeRun, legendOf, type PageContent } from "./markdown.ts";

/** What is put between: the rest of a README belongs to whoever wrote it. */
const BEGIN = "<!-- mergesweep: results -->";
const END = "<!-- mergesweep: end of results -->";

export interface CardContent extends PageContent {
  /** The point that the model is. */
  readonly point: string;
  readonly rows: Judgement["rows"];
  /** A picture beside the README. */
  readonly picture: string | undefined;
}

/** A README.md that results can be written into. */
export interface ModelCard {
  /** The front matter, with its comments. */
  readonly document: Document;
  /** Of each model in the hub's `model-index`, its results. */
  readonly index: readonly YAMLSeq[];
  readonly text: string;
}

/**
 * Reads a model's README.md.
 *
 * @param path where it is, for messages
 * @throws InputError if its front matter is no YAML, or has no place for results
 */
export function parseCard(readme: string, path: string): ModelCard {
  const { front, text } = splitFrontMatter(readme);
  const document: Document = front.trim() === "" ? new Document({}) : parseYamlText(front);
  const [error] = document.errors;
  if (error !== undefined) {
    throw new InputError(`${path}: expected front matter in YAML: ${error.message}`, { hint: HINT, cause: error });
  }
  if (document.contents === null) document.contents = document.createNode({});
  if (!isMap(document.contents)) {
    throw new InputError(`${path}: expected keys and values in the front matter, found none`, { hint: HINT });
  }
  return { document, index: resultsOfModels(document, path), text };
}

const HINT = "Correct what stands between its two lines of ---, or take it out.";

function resultsOfModels(document: Document, path: string): YAMLSeq[] {
  const index = document.get("model-index");
  if (index === undefined || index === null) return [];
  const results = isSeq(index) ? index.items.map((model) => (isMap(model) ? model.get("results") : undefined)) : [];
  if (isSeq(index) && results.every(isSeq)) return results;
  throw new InputError(`${path}: expected model-index to be a list of models with a list of results each`, {
    hint: HINT,
  });
}

/**
 * A model's README.md with the results of its run: in the front matter as the hub's `model-index`, in the text between markers,
 * which are added at the end where there are none. All else stays as it is, also results on other benchmarks.
 */
export function withResults({ document, index, text }: ModelCard, name: string, content: CardContent): string {
  const results = resultsOf(content);
  const replaced = new Set<unknown>(results.map(({ dataset }) => dataset.type));
  for (const own of index) own.items = own.items.filter((one) => !isMap(one) || !replaced.has(benchmarkOf(one)));
  const [first] = index;
  if (first === undefined) document.set("model-index", document.createNode([{ name, results }]));
  else first.items.push(...results.map((one) => document.createNode(one)));
  const block = `${BEGIN}\n${resultsText(content)}${END}`;
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  const body =
    begin >= 0 && end > begin
      ? `${text.slice(0, begin)}${block}${text.slice(end + END.length)}`
      : `${text.trimEnd()}\n\n${block}\n`;
  return `---\n${document.toString()}---\n${body.startsWith("\n") ? body.slice(1) : body}`;
}

function splitFrontMatter(readme: string): { front: string; text: string } {
  const found = /^---\r?\n([\s\S]*?\r?\n)?---\r?\n/.exec(readme);
  return found === null ? { front: "", text: readme } : { front: found[1] ?? "", text: readme.slice(found[0].length) };
}

function benchmarkOf(result: YAMLMap): unknown {
  return result.getIn(["dataset", "type"]);
}

/** A result in the model-index, as the hub reads it: https://github.com/huggingface/hub-docs/blob/main/modelcard.md */
interface CardResult {
  readonly task: { readonly type: string };
  readonly dataset: { readonly type: string; readonly name: string };
  readonly metrics: readonly unknown[];
}

function resultsOf({ rows, point }: CardContent): CardResult[] {
  return rows
    .filter((row) => row.point === point)
    .map((row) => ({
      task: { type: "text-generation" },
      dataset: { type: row.benchmark, name: row.benchmark },
      metrics: metricsOf(row),
    }));
}

function metricsOf(row: SummaryRow): unknown[] {
  return [
    ...metric("Accuracy", "accuracy", row.accuracy, 100),
    ...metric("Strict accuracy (boxed answer after the reasoning)", "accuracy_strict", row.accuracyStrict, 100),
    ...metric("Format", "format", row.format, 100),
    ...metric("Mean tokens a completion", "tokens", row.tokens, 1),
  ];
}

function metric(name: string, type: string, { value }: Estimate, factor: number): unknown[] {
  return value === null ? [] : [{ name, type, value: Number((factor * value).toFixed(1)) }];
}

function resultsText(content: CardContent): string {
  const { manifest, table, decisions, point, picture } = content;
  return [
    "## Results",
    "",
    `This model is ${point} of the sweep ${manifest.sweep}: ${describeRun(manifest)}`,
    "",
    ...decisionTexts(decisions).flatMap((text) => [text, ""]),
    markdownTable(table),
    legendOf(manifest, table.note),
    "",
    ...(picture === undefined ? [] : [`![The sweep: accuracy, format, length](${picture})`, ""]),
  ].join("\n");
}
