import { stringify } from "yaml";
import { countOf } from "../../base/count-of.ts";
import { isRecord } from "../../base/is-record.ts";
import type { Claim } from "../../findings/claims.ts";
import type { Decision } from "../../findings/decision/decision.ts";
import type { Manifest, PlannedBenchmark } from "../../runs/schema.ts";
import { groupBy } from "../../stats/mean.ts";
import { markdownTable, type SummaryTable } from "../tables/summary-table.ts";

/** Everything that a page shows, in texts. */
export interface PageContent {
  readonly manifest: Manifest;
  readonly table: SummaryTable;
  /** The sentences, a claim each, in the order of the page. */
  readonly claims: readonly Claim[];
  readonly decisions: readonly Decision[];
  /** Names of picture files beside the page, with a text for those who do not see them. */
  readonly pictures: readonly { readonly file: string; readonly alternative: string }[];
  /** Pictures that could not be drawn, with the reason. */
  readonly failures: readonly string[];
  /** How the answers were made and scored. */
  readonly protocol: readonly { readonly name: string; readonly value: string }[];
}

/** How the numbers are to be read; under every table. @param note of its table */
export function legendOf({ benchmarks }: Manifest, note: string): string {
  const byRun = benchmarks.filter(({ unit }) => unit === "run").length;
  const [ofQuestions, ofRuns] = [
    "over questions (Agresti and Coull's with an effective number of answers for rates, Hall's transformed t for lengths)",
    "over whole runs (Student's t): other seeds, the same questions",
  ];
  const intervals =
    byRun === 0
      ? ofQuestions
      : byRun === benchmarks.length
        ? ofRuns
        : `${ofQuestions}, or, where only whole runs are known, ${ofRuns}`;
  return `In brackets: 95% intervals ${intervals}. ${LEGEND}${note === "" ? "" : ` ${note}`}`;
}

const LEGEND =
  "accuracy accepts every way in which an answer is found, strict only the boxed answer after the reasoning. p-values are adjusted over everything that this page claims.";

/** `500 questions, 1 attempt each`, `60 of 500 questions, 1 attempt each`; of whole runs, `30 questions, 10 runs`. */
export function describeAsked({ samples, attempts, unit, questions, of }: PlannedBenchmark): string {
  if (unit !== "run") {
    const asked = of === undefined ? countOf(samples, "question") : `${samples} of ${countOf(of, "question")}`;
    return `${asked}, ${countOf(attempts, "attempt")} each`;
  }
  return `${questions === undefined ? "" : `${countOf(questions, "question")}, `}${countOf(samples, "run")}`;
}

/** One line about what was run. */
export function describeRun({ benchmarks, points }: Manifest): string {
  const asked = benchmarks.map((benchmark) => `${benchmark.name} (${describeAsked(benchmark)})`);
  return `${countOf(points.length, "point or reference", "points and references")} on ${asked.join(", ")}.`;
}

/** Claims under their heading: a benchmark, or the run. */
interface Section {
  readonly heading: string;
  readonly claims: readonly Claim[];
}

/** The claims by benchmark, with those about the run last. */
export function sectionsOf(claims: readonly Claim[]): Section[] {
  const named = groupBy(
    claims.filter(({ benchmark }) => benchmark !== ""),
    ({ benchmark }) => benchmark,
  );
  const notes = claims.filter(({ benchmark }) => benchmark === "");
  return [
    ...Array.from(named, ([heading, own]) => ({ heading, claims: own })),
    ...(notes.length === 0 ? [] : [{ heading: "This run", claims: notes }]),
  ];
}

/** The answer, one paragraph a decision. */
export function decisionTexts(decisions: readonly Decision[]): string[] {
  return decisions.map(({ text, benchmark }) => (decisions.length > 1 ? `${benchmark}: ${text}` : text));
}

/** The recipe that the points were made by, as YAML; empty where a plan has none. */
export function recipeText({ plan }: Manifest): string {
  return isRecord(plan.recipe) ? stringify(plan.recipe) : "";
}

function recipeLines(recipe: string): string[] {
  return recipe === "" ? [] : ["~~~yaml", recipe.trimEnd(), "~~~", ""];
}

/** summary.md: the decision, the table, what it says, the pictures. */
export function summaryMarkdown({
  manifest,
  table,
  claims,
  decisions,
  pictures,
  failures,
  protocol,
}: PageContent): string {
  return [
    `# ${manifest.sweep}`,
    "",
    ...decisionTexts(decisions).flatMap((text) => [text, ""]),
    describeRun(manifest),
    "",
    markdownTable(table),
    legendOf(manifest, table.note),
    "",
    ...sectionsOf(claims).flatMap(({ heading, claims: own }) => [
      `## ${heading}`,
      "",
      ...own.map(({ text }) => markdownItem(text)),
      "",
    ]),
    ...(failures.length === 0 ? [] : [`Not drawn:`, "", ...failures.map(markdownItem), ""]),
    ...pictures.map(({ file, alternative }) => `![${alternative}](${file})\n`),
    "## How it was made",
    "",
    ...protocol.flatMap(({ name, value }) => [`**${name}:** ${value.replaceAll("\n", "; ")}`, ""]),
    ...recipeLines(recipeText(manifest)),
  ].join("\n");
}

/** An item of a list. What follows its first line is the output of a program. */
function markdownItem(text: string): string {
  const [first, ...output] = text.split("\n");
  if (output.length === 0) return `- ${first}`;
  return [`- ${first}`, ...["~~~text", ...output, "~~~"].map((line) => `  ${line}`)].join("\n");
}
