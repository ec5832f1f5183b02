import { readFileSync } from "node:fs";
import { parseJsonLines } from "../../src/base/jsonl.ts";
import { type Grade, type GradeMode, gradeAnswer } from "../../src/scorers/accuracy/grade-answer.ts";

/** A case of the grading corpus: a pair of answers, what is expected, and Math-Verify's verdict. */
export interface GradingCase {
  readonly id: string;
  readonly gold: string;
  readonly pred: string;
  readonly expected: boolean;
  readonly category: string;
  readonly mode: GradeMode;
  readonly math_verify: boolean;
  /** Why projects disagree on it: left out of the count. */
  readonly disputed?: unknown;
  readonly opts?: {
    readonly choices?: readonly string[];
    readonly precision?: number;
    readonly strict?: boolean;
    readonly allow_set_relation_comp?: boolean;
    readonly match_types?: readonly string[];
  };
}

/** Reads a corpus file. */
export function readGradingCases(path: string): GradingCase[] {
  // The corpus is ours and is checked by its tests' own counts.
  return parseJsonLines(readFileSync(path, "utf8"), path) as GradingCase[];
}

/** Grades a case with the options that it asks for. */
export function gradeCase(row: GradingCase): Grade {
  const {
    choices,
    precision,
    strict,
    allow_set_relation_comp: allowSetRelationComp,
    match_types: matchTypes,
  } = row.opts ?? {};
  return gradeAnswer({
    gold: row.gold,
    pred: row.pred,
    mode: row.mode,
    options: { choices, precision, strict, allowSetRelationComp, matchTypes },
  });
}

const OTHERS: ReadonlySet<string> = new Set(
  "hendrycks simple-evals skythought turbolora qwen-family prm800k-family hostile misc rllm".split(" "),
);

/** The group that a category is reported in. */
export function groupOf(category: string): string {
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
