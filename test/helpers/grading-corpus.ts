import { readFileSync } from "node:fs";
import { z } from "zod";
import { parseJsonLines } from "../../src/base/jsonl.ts";
import { gradeCase } from "../../src/cli/grade-case.ts";
import { gradeCaseSchema } from "../../src/cli/grade-cases.ts";

const gradingCase = gradeCaseSchema.extend({
  expected: z.boolean(),
  category: z.string(),
  math_verify: z.boolean(),
  /** Why projects disagree on it: left out of the count. */
  disputed: z.unknown().optional(),
});

/** A case of the grading corpus: a pair of answers, what is expected, and Math-Verify's verdict. */
export type GradingCase = z.infer<typeof gradingCase>;

/** Reads a corpus file. */
export function readGradingCases(path: string): GradingCase[] {
  return parseJsonLines(readFileSync(path, "utf8"), path).map((row) => gradingCase.parse(row));
}

const OTHERS: ReadonlySet<string> = new Set(
  "hendrycks simple-evals skythought turbolora qwen-family prm800k-family hostile misc rllm".split(" "),
);

/** The group that a category is reported in. */
function groupOf(category: string): string {
  if (category.startsWith("mv-")) return "Math-Verify's own tests";
  if (category.startsWith("le-")) return "lighteval";
  if (OTHERS.has(category)) return "other projects' tests";
  if (category.startsWith("model-")) return "model answers";
  if (category === "gsm8k-response") return "gsm8k responses";
  if (category === "self" || category === "negative-pair") return "self / random negatives";
  return "rewritten benchmark golds";
}

/** One line of the group table. */
export interface GroupRow {
  cases: number;
  ours: number;
  mathVerify: number;
}

/** Agreement with the expected verdicts by group, disputed cases left out. */
export function gradeByGroup(
  rows: readonly GradingCase[],
  group: (category: string) => string = groupOf,
): Record<string, GroupRow> {
  const table: Record<string, GroupRow> = {};
  for (const row of rows) {
    if (row.disputed !== undefined && row.disputed !== false) continue;
    const name = group(row.category);
    table[name] ??= { cases: 0, ours: 0, mathVerify: 0 };
    const line = table[name];
    line.cases++;
    if (gradeCase(row).correct === row.expected) line.ours++;
    if (row.math_verify === row.expected) line.mathVerify++;
  }
  return table;
}

/** The group table as text. */
export function formatGroups(table: Readonly<Record<string, GroupRow>>): string {
  const lines = Object.entries(table).map(
    ([name, { cases, ours, mathVerify }]) =>
      `${name.padEnd(28)}${String(cases).padStart(6)}${String(ours).padStart(6)}${String(mathVerify).padStart(13)}`,
  );
  return `${["group".padEnd(28), "cases".padStart(6), "ours".padStart(6), "Math-Verify".padStart(13)].join("")}\n${lines.join("\n")}\n`;
}
