import { countOf } from "../../base/count-of.ts";
import type { Findings } from "../../findings/findings.ts";
import type { Manifest } from "../../runs/schema.ts";
import { markdownTable, type TextTable } from "../tables/summary-table.ts";

/** Everything that a page shows, in texts. */
export interface PageContent {
  readonly manifest: Manifest;
  readonly table: TextTable;
  readonly findings: readonly Findings[];
  readonly notes: readonly string[];
  /** Names of picture files beside the page, with a text for those who do not see them. */
  readonly pictures: readonly { readonly file: string; readonly alternative: string }[];
}

/** How the numbers are to be read; under every table. */
export const LEGEND =
  "In brackets: 95% intervals over questions (Wilson for rates of one attempt, Student's t for tokens and for rates of several attempts). accuracy accepts every way in which an answer is found, strict only the boxed answer after the reasoning.";

/** One line about what was run. */
export function describeRun({ benchmarks, points }: Manifest): string {
  const asked = benchmarks.map(
    ({ name, samples, attempts }) => `${name} (${countOf(samples, "question")}, ${countOf(attempts, "attempt")} each)`,
  );
  return `${countOf(points.length, "point or reference", "points and references")} on ${asked.join(", ")}.`;
}

/** summary.md: the table, what it says, the pictures. */
export function summaryMarkdown({ manifest, table, findings, notes, pictures }: PageContent): string {
  const several = findings.length > 1;
  const sections = findings.map(({ benchmark, sentences }) =>
    [...(several ? [`### ${benchmark}`, ""] : []), ...sentences.map((sentence) => `- ${sentence}`), ""].join("\n"),
  );
  return [
    `# ${manifest.sweep}`,
    "",
    describeRun(manifest),
    "",
    markdownTable(table),
    LEGEND,
    "",
    ...sections,
    ...notes.map(markdownItem),
    "",
    ...pictures.map(({ file, alternative }) => `![${alternative}](${file})\n`),
  ].join("\n");
}

/** An item of a list. What follows its first line is the output of a program. */
function markdownItem(text: string): string {
  const [first, ...output] = text.split("\n");
  if (output.length === 0) return `- ${first}`;
  return [`- ${first}`, ...["~~~text", ...output, "~~~"].map((line) => `  ${line}`)].join("\n");
}
