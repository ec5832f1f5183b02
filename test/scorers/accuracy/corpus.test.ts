import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { z } from "zod";
import { parseJsonLines } from "../../../src/base/jsonl.ts";
import { gradeCase } from "../../../src/cli/grade-case.ts";
import { extractAnswer } from "../../../src/scorers/accuracy/extract/extract.ts";
import { gradeAnswer } from "../../../src/scorers/accuracy/grade-answer.ts";
import { formatGroups, gradeByGroup, readGradingCases } from "../../helpers/grading-corpus.ts";
import { sharedPath } from "../../helpers/shared.ts";

const given = sharedPath("golden/grading/given.jsonl");
const stress = sharedPath("golden/grading/stress.jsonl");
const gsm8k = sharedPath("benchmarks/gsm8k/example_model_solutions.jsonl");
const qwen = sharedPath("golden/qwen_math_cot_100/math_cot_100.jsonl");

test.skipIf(given === undefined)(
  "agrees with 99% of the grading corpus and 97.5% of every group that others wrote",
  () => {
    const table = gradeByGroup(readGradingCases(given ?? ""));
    process.stdout.write(formatGroups(table));
    const lines = Object.values(table);
    const sum = (key: "cases" | "ours" | "mathVerify"): number => lines.reduce((total, line) => total + line[key], 0);
    process.stdout.write(`all: ours ${sum("ours")}, Math-Verify ${sum("mathVerify")} of ${sum("cases")}\n`);
    expect(sum("ours") / sum("cases")).toBeGreaterThanOrEqual(0.99);
    for (const name of ["Math-Verify's own tests", "lighteval", "other projects' tests"]) {
      const line = table[name];
      expect((line?.ours ?? 0) / (line?.cases ?? 1)).toBeGreaterThanOrEqual(0.975);
    }
  },
);

test.skipIf(given === undefined)("accepts none of the self-made negatives", () => {
  const negatives = readGradingCases(given ?? "").filter((row) => row.category === "negative-pair" && !row.expected);
  expect(negatives.filter((row) => gradeCase(row).correct).map((row) => row.id)).toEqual([]);
});

test.skipIf(stress === undefined)("every answer is equal to itself, and 99% of single edits are seen", () => {
  const table = gradeByGroup(readGradingCases(stress ?? ""), (category) => category);
  process.stdout.write(formatGroups(table));
  expect(table["stress-self"]?.ours).toBe(table["stress-self"]?.cases);
  expect(table["stress-random"]?.ours).toBe(table["stress-random"]?.cases);
  expect((table["stress-mut-digit"]?.ours ?? 0) / (table["stress-mut-digit"]?.cases ?? 1)).toBeGreaterThan(0.99);
});

const attempt = z.object({ solution: z.string(), is_correct: z.boolean() });
const MODELS = ["6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification"] as const;
const problem = z
  .object({ ground_truth: z.string(), ...Object.fromEntries(MODELS.map((model) => [model, attempt])) })
  .catchall(z.unknown());

test.skipIf(gsm8k === undefined)(
  "grades all 5,276 GSM8K solutions as OpenAI did",
  () => {
    let graded = 0;
    let agreed = 0;
    for (const line of parseJsonLines(readFileSync(gsm8k ?? "", "utf8"), "gsm8k")) {
      const row = problem.parse(line);
      const gold = /\nA:\s*(.*)/.exec(row.ground_truth)?.[1] ?? "";
      for (const model of MODELS) {
        const { solution, is_correct: label } = attempt.parse(row[model]);
        graded++;
        const both = (["default", "gsm8k"] as const).map(
          (profile) => gradeAnswer({ gold, pred: solution, mode: "response", options: { profile } }).correct,
        );
        if (both.every((correct) => correct === label)) agreed++;
      }
    }
    expect([agreed, graded]).toEqual([5276, 5276]);
  },
  60_000,
);

const response = z.object({ code: z.array(z.string()), pred: z.array(z.string()) });

function plain(text: string): string {
  return text.replaceAll(/\\[dt]frac/g, "\\frac").replaceAll(/\\[!,; ]|\s|\\left|\\right/g, "");
}

test.skipIf(qwen === undefined)("finds the answers that Qwen2.5-Math's evaluation found, 792 of 800", () => {
  const rows = parseJsonLines(readFileSync(qwen ?? "", "utf8"), "qwen").map((row) => response.parse(row));
  const found = { default: 0, qwen: 0 };
  for (const row of rows) {
    for (const [i, code] of row.code.entries()) {
      for (const profile of ["default", "qwen"] as const) {
        if (plain(extractAnswer(code, { profile }).answer ?? "") === plain(row.pred[i] ?? "")) found[profile]++;
      }
    }
  }
  expect(found.default).toBeGreaterThanOrEqual(792);
  expect(found.qwen).toBeGreaterThanOrEqual(792);
});
