import { percent } from "../../findings/numbers.ts";
import type { Reproduction, ReproductionRow } from "../../findings/reproduction/judge-reproduction.ts";
import type { PublishedNumbers } from "../../findings/reproduction/published-numbers.ts";

/** Whether a published merge is what the recipe makes. */
export interface VerifiedMerge {
  readonly point: string;
  /** Undefined where only the digest of its weights was published. */
  readonly model: string | undefined;
  /** Undefined where it could not be found out. */
  readonly identical: boolean | undefined;
  /** What explains a difference, or why it could not be found out. */
  readonly text: string;
}

/** Whether a merge that is another than it claims to be was found out. */
export interface FoundOut {
  /** The point that it is of. */
  readonly other: string;
  /** The point that it was said to be of. */
  readonly claimed: string;
  readonly found: boolean;
  /** How much differs, and what explains it. */
  readonly text: string;
}

/** What a reproduction found, in one sentence. */
export function verdictSentence({ verdict, margin, rows, missing }: Reproduction): string {
  const count = (wanted: ReproductionRow["verdict"]): number => rows.filter((row) => row.verdict === wanted).length;
  if (rows.length === 0 && missing.length === 0) return "No number was published: there is none to reproduce.";
  const within = `within ${margin} points`;
  const told = `${count("reproduced")} of ${rows.length + missing.length} numbers reproduced ${within}`;
  const others = [
    count("not reproduced") === 0 ? "" : `${count("not reproduced")} not reproduced`,
    count("cannot be told") === 0 ? "" : `${count("cannot be told")} cannot be told`,
    missing.length === 0 ? "" : `${missing.length} not evaluated`,
  ].filter((part) => part !== "");
  if (verdict === "reproduced")
    return `Reproduced: ${rows.length === 1 ? "the one number" : `all ${rows.length} numbers`} ${within}.`;
  const start = verdict === "not reproduced" ? "Not reproduced" : "Cannot be told";
  return `${start}: ${[told, ...others].join(", ")}.`;
}

/** reproduction.md: published numbers, ours, differences and verdicts. */
export function reproductionMarkdown(
  reproduction: Reproduction,
  { name, source, note }: PublishedNumbers,
  { merges, wrong }: { readonly merges: readonly VerifiedMerge[]; readonly wrong?: FoundOut | undefined },
  protocol: readonly string[],
): string {
  const { rows, averages, margin, missing } = reproduction;
  const lines = [`# Reproduction of ${name}`, "", verdictSentence(reproduction), ""];
  if (note !== undefined) lines.push(note.trim(), "");
  lines.push(`Published: ${source.trim()}`, "", ...protocol.flatMap((line) => [line, ""]));
  if (merges.length > 0) {
    lines.push("## The published weights", "", ...merges.map((merge) => `- ${describeMerge(merge)}`));
    lines.push(...(wrong === undefined ? [] : [`- ${describeFoundOut(wrong)}`]), "");
  }
  if (rows.length > 0) lines.push("## The numbers", "", ...table([...rows, ...averages]), "", ...legend(rows, margin));
  if (missing.length > 0) lines.push(`Not evaluated here: ${missing.join(", ")}.`, "");
  return lines.join("\n");
}

/** One line about a published merge. */
export function describeMerge({ point, model, identical, text }: VerifiedMerge): string {
  if (model === undefined) return describeDigest(point, identical, text);
  if (identical === undefined) return `${model} could not be verified: ${text}`;
  if (identical) return `${model} is bit-identical to the merge at ${point}${text === "" ? "" : `: ${text}`}`;
  return `${model} is not the merge at ${point}. ${text}`;
}

function describeDigest(point: string, identical: boolean | undefined, text: string): string {
  if (identical === undefined) return `The merge at ${point} could not be verified: ${text}`;
  return identical
    ? `The merge at ${point} has the published weights, bit for bit: ${text}`
    : `The merge at ${point} has other weights than were published: ${text}`;
}

/** One line about a merge that is not what it was said to be. */
export function describeFoundOut({ other, claimed, found, text }: FoundOut): string {
  return found
    ? `A control: the merge at ${other}, said to be that at ${claimed}, is found out. ${text}`
    : `A control failed: the merge at ${other}, said to be that at ${claimed}, is not found out, so the lines above prove nothing.`;
}

function table(rows: readonly ReproductionRow[]): string[] {
  return [
    "| point | benchmark | published % | ours % | difference | verdict |",
    "|---|---|---|---|---|---|",
    ...rows.map((row) => {
      const { point, benchmark, published, publishedError, own, ownInterval, difference, test } = row;
      const cells = [
        point,
        benchmark,
        publishedError === null ? percent(published) : `${percent(published)} ± ${percent(publishedError)}`,
        `${percent(own)}${ownInterval === null ? "" : ` [${percent(ownInterval.low)}, ${percent(ownInterval.high)}]`}`,
        `${percent(difference)} [${percent(test.interval.low)}, ${percent(test.interval.high)}]`,
        `${row.verdict}${neededText(row)}`,
      ];
      return `| ${cells.join(" | ")} |`;
    }),
  ];
}

function neededText({ completionsNeeded, completions }: ReproductionRow): string {
  if (completionsNeeded === undefined) return "";
  if (completionsNeeded === null) return "; no number of ours would tell: what was published is too uncertain";
  return `; about ${rounded(completionsNeeded)} completions would tell, instead of ${completions}`;
}

/** Two digits: more would claim more than is known. */
function rounded(value: number): number {
  return Number(value.toPrecision(2));
}

function legend(rows: readonly ReproductionRow[], margin: number): string[] {
  const bases = new Set(rows.map(({ basis }) => basis));
  const worst = Math.max(...rows.map(({ betweenQuestions }) => betweenQuestions));
  return [
    `Two one-sided tests at 5%: a number is reproduced when the interval of the difference (90%, wider where a point has several benchmarks, by Bonferroni) lies within ±${margin} points, not reproduced when it lies outside. In brackets behind ours: 95% over questions.${rows.some(({ publishedError }) => publishedError !== null) ? " Behind ±: the standard error of the published mean over seeds; where one run was published, the most that it can be." : ""}`,
    "",
    ...(rows.some(({ point }, i) => rows[i + 1]?.point === point)
      ? [
          "The mean counts every benchmark of a point the same; it is tested on its own, and the verdict does not rest on it.",
          "",
        ]
      : []),
    ...(bases.has("pairs")
      ? ["Where single answers were published, the answers are compared question by question.", ""]
      : []),
    ...(bases.has("same questions")
      ? [
          `The questions are those of the published numbers, so only seeds make a difference, and the verdict holds for these questions. For others of their kind every published number is uncertain by up to ±${percent(worst)} more (a bound: the root of p (1 - p) / n).`,
          "",
        ]
      : []),
    ...(bases.has("other questions")
      ? [
          "Where other questions were asked than those of the published number, the bound p (1 - p) / n is part of its error.",
          "",
        ]
      : []),
  ];
}
