import { expect, test } from "vitest";
import { EXTRACTION_PROFILES } from "../../../src/scorers/accuracy/extract/extract.ts";
import { gradeAnswer } from "../../../src/scorers/accuracy/grade-answer.ts";
import { scoreCompletion } from "../../../src/scorers/score-completion.ts";

const HOSTILE: Readonly<Record<string, string>> = {
  "a tower of powers": "9^{9^{9^{9}}}",
  "a factorial of a million": "(10^6)!",
  "factorials of factorials": "3000!!!!",
  "5,000 brackets": `${"(".repeat(5000)}1${")".repeat(5000)}`,
  "900 open braces": "{".repeat(900),
  "fractions in fractions": `${"\\frac{1}{".repeat(180)}2${"}".repeat(180)}`,
  "boxes that never close": "\\boxed{".repeat(50_000),
  "a list of functions in reverse": Array.from({ length: 110 }, (_, i) => `\\sin(${109 - i}x)+y`).join(", "),
  "a list of polynomials": Array.from({ length: 110 }, (_, i) => `x^{${i}}+y`).join(", "),
  "a double sum": "\\sum_{k=1}^{2000}\\sum_{j=1}^{2000} kj",
  "many signs": "\\pm 1".repeat(300),
  "dollar signs": "$".repeat(100_000),
  "formulas without end": "$ a ".repeat(50_000),
  "brackets without end": "\\(".repeat(30_000),
  "display brackets without end": "\\[".repeat(30_000),
  "commands without arguments": "\\frac".repeat(400),
  "a long product": "abcdfghjklmnopqrstuvwxyzABCDEFGH".repeat(60),
  "squares of squares": `${"(1+".repeat(60)}x${")^2".repeat(60)}`,
  "200,000 digits": "9".repeat(200_000),
  "1,900 digits": "9".repeat(1900),
  "a huge exponent": "1e999999999",
  "a tiny number": "1e-5000",
  "a long period": `0.\\overline{${"9".repeat(1000)}}`,
  "a phrase again and again": "answer is ".repeat(20_000),
  "environments that never close": "\\begin{pmatrix}".repeat(100),
  "subscripts of subscripts": `${"x_{".repeat(300)}1${"}".repeat(300)}`,
  "white space": `${" ".repeat(100_000)}1`,
  "control characters": "\u0000\u0001\ufffd\ud800",
  code: "__import__('os').system('true')",
  "a large binomial": "\\binom{5000}{2500}^{100}",
  "infix fractions in a row": "1 \\over ".repeat(300),
  "bars without end": "|x".repeat(900),
  "relations in a row": Array.from({ length: 500 }, (_, i) => i).join("<"),
  "a power of a matrix of variables": `\\begin{pmatrix}${"x&1&2\\\\".repeat(3)}\\end{pmatrix}^9`,
  "the inverse of a matrix of variables": `\\begin{pmatrix}${"a&b&c&d&e\\\\".repeat(5)}\\end{pmatrix}^{-1}`,
  "a decimal that goes on": `0.${"12345678901234567890".repeat(50)}\\ldots`,
  "units without end": `5 ${"m/s ".repeat(400)}`,
  "boxes in a row": "\\boxed{1} and ".repeat(20_000),
  "answers in a row": "answer: ".repeat(20_000),
  "the end of every answer": "final answer is $".repeat(10_000),
  "numbers in a row": "1 ".repeat(100_000),
  "a sum without end": "1+".repeat(50_000),
  "letters of choices in a row": "(A) ".repeat(50_000),
  "thoughts that end and end": "</think>".repeat(20_000),
  backslashes: "\\".repeat(100_000),
  "digits of another script": "٣".repeat(100_000),
  "white space inside": `answer${" ".repeat(200_000)}A`,
  "lines inside": `answer is 7.${"\n \n".repeat(60_000)}x`,
  "brackets around a choice": `${"(".repeat(20_000)}A${")".repeat(20_000)}`,
  "brackets without a choice": "([*".repeat(7_000),
  "stars in a row": "** a".repeat(50_000),
  "next questions in a row": "\nQuestion: answer: 5".repeat(20_000),
  "dots in boxes": "\\boxed{. . .}".repeat(20_000),
  "roots of roots": "\\sqrt{3}+".repeat(250),
  "powers beyond doubles": Array.from({ length: 100 }, (_, i) => `\\pi^{${1_048_575 - i}}`).join("+"),
  "ends beyond doubles": Array.from({ length: 60 }, (_, i) => `[e^{${900 + i}},e^{${901 + i}})`).join("\\cup"),
  "sets in sets": "\\{x:".repeat(400),
};

test.each(Object.entries(HOSTILE))("%s: a verdict in less than a second, and not equal to √2", (_name, text) => {
  for (const mode of ["answer", "response", "text"] as const) {
    for (const profile of mode === "response" ? EXTRACTION_PROFILES : [undefined]) {
      const start = process.cpuUsage();
      const grade = gradeAnswer({ gold: "\\sqrt{2}", pred: text, mode, options: { profile } });
      const self = gradeAnswer({ gold: text, pred: text, mode, options: { profile } });
      expect(grade.correct).toBe(false);
      expect(typeof self.correct).toBe("boolean");
      expect(process.cpuUsage(start).user / 1e6).toBeLessThan(2);
    }
  }
});

test.each(Object.entries(HOSTILE))("%s where a letter is asked for: in less than a second", (_name, text) => {
  const start = process.cpuUsage();
  gradeAnswer({ gold: "B", pred: text, mode: "response", options: { choices: ["A", "B", "C", "D"] } });
  expect(process.cpuUsage(start).user / 1e6).toBeLessThan(1);
});

test("scoring a hostile completion ends in a score", () => {
  for (const completion of Object.values(HOSTILE)) {
    const score = scoreCompletion({
      completion,
      prefill: "<think>\n",
      golds: ["\\frac{1}{2}", "x"],
      answer: "math",
      finishReason: "length",
      completionTokens: 1,
      thinkingTokens: null,
    });
    expect(score.accuracy).toBe(0);
  }
});
