import { Document, parseDocument } from "yaml";
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

/**
 * A model's README.md with the results of its run: in the front matter as the hub's `model-index`, in the text between markers,
 * which are added at the end where there are none. All else stays as it is.
 */
export function withResults(readme: string, name: string, content: CardContent): string {
  const { front, text } = splitFrontMatter(readme);
  const document = front === "" ? new Document({}) : parseDocument(front);
  document.set("model-index", document.createNode(modelIndex(name, content)));
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

/** As the hub reads it: https://github.com/huggingface/hub-docs/blob/main/modelcard.md */
function modelIndex(name: string, { rows, point }: CardContent): unknown {
  return [
    {
      name,
      results: rows
        .filter((row) => row.point === point)
        .map((row) => ({
          task: { type: "text-generation" },
          dataset: { type: row.benchmark, name: row.benchmark },
          metrics: metricsOf(row),
        })),
    },
  ];
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
    legendOf(manifest),
    "",
    ...(picture === undefined ? [] : [`![The sweep: accuracy, format, length](${picture})`, ""]),
  ].join("\n");
}
