import { expect, test } from "vitest";
import { type GradeOptions, gradeAnswer } from "../../../src/scorers/accuracy/grade-answer.ts";
import { scoreCompletion } from "../../../src/scorers/score-completion.ts";

test.each([
  ["\\frac12", "0.5", "1/2"],
  ["25\\%", "0.25", "1/4"],
  ["x=5", "5", "5"],
  ["20 cm", "20", "20"],
  ["20 cm", "20 \\text{ centimeters}", "20 cm"],
  ["\\sqrt8", "2\\sqrt2", "2.82842712475"],
  ["e^{i\\pi/3}", "\\frac{1+i\\sqrt3}{2}", "0.5 + 0.866025403784 i"],
  ["(x-2)(x+2)", "x² − 4", "x^2 - 4"],
  ["y = 2x + 3", "2x - y + 3 = 0", "x - 1/2 y + 3/2 = 0"],
  ["x<2 \\text{ or } x>3", "(3,\\infty) \\cup (-\\infty,2)", "(-∞, 2) ∪ (3, ∞)"],
  ["\\pm 2", "\\{2,-2\\}", "{-2, 2}"],
  ["(1,2)", "x=1, y=2", "(1, 2)"],
  ["2:4:6", "1:2:3", "1 : 2 : 3"],
  ["\\begin{pmatrix}1/2\\end{pmatrix}", "\\begin{pmatrix}0.5\\end{pmatrix}", "[[1/2]]"],
  ["\\text{Yes}", "yes.", "yes"],
])("%j and %j have the normal form %j", (gold, pred, form) => {
  const grade = gradeAnswer({ gold, pred });
  expect([grade.correct, ...grade.normalForms()]).toEqual([true, form, form]);
});

test("answers that differ have normal forms that differ", () => {
  expect(gradeAnswer({ gold: "\\frac12", pred: "0.25" }).normalForms()).toEqual(["1/2", "1/4"]);
  expect(gradeAnswer({ gold: "10", pred: "10\\%" }).normalForms()).toEqual(["10", "1/10"]);
});

test.each([
  ["correct", "\\boxed{5}"],
  ["wrong", "\\boxed{6}"],
  ["no_answer", "I do not know"],
  ["no_answer", "\\boxed{}"],
  ["unparsed", "\\boxed{\\frac{1}{}}"],
  ["truncated", "First \\boxed{5}, no: \\boxed{5"],
  ["timeout", "\\boxed{\\sum_{j=1}^{2000}\\sum_{k=1}^{2000} \\sin(jk)}"],
])("status %s", (status, pred) => {
  expect(gradeAnswer({ gold: "5", pred, mode: "response" }).status).toBe(status);
});

test("a completion that was cut off in its last box is truncated, whatever stopped it", () => {
  const score = scoreCompletion({
    completion: "It is 5.\n</think>\nThe answer is \\boxed{5",
    prefill: "<think>\n",
    golds: ["5"],
    answer: "math",
    finishReason: "stop",
    completionTokens: 9,
    thinkingTokens: null,
  });
  expect([score.status, score.accuracy]).toEqual(["truncated", 0]);
});

test.each<[string, string, GradeOptions, boolean]>([
  ["5", "5", { unit: "km" }, true],
  ["5", "5 km", { unit: "km" }, true],
  ["5", "5 \\text{ m}", { unit: "km" }, false],
  ["5", "5 \\text{ m}", {}, true],
  ["20", "20 \\text{ cm}^3", { unit: "$cm^2$" }, false],
  ["33.5", "0.335", { unit: "%" }, true],
  ["33.5", "33.5\\%", { unit: "%" }, true],
  ["60", "60^\\circ", { unit: "^{\\circ}" }, true],
  ["2.5", "2.45", { tolerance: 0.1 }, true],
  ["2.5", "2.45", { tolerance: 0.01 }, false],
  ["\\sqrt2", "1.4", { tolerance: 0.1 }, true],
  ["3.61e-10", "3.62e-10", {}, false],
  ["1.602e-19", "1.602 \\times 10^{-19}", {}, true],
  ["4.83e17", "4.8e17", {}, false],
  ["0.333", "\\frac13", { precision: 3 }, true],
  ["0.333", "\\frac13", { precision: 4 }, false],
  ["f(x)", "f(y)", { strict: false }, true],
  ["f(x)", "f(y)", {}, false],
  ["(1,\\infty)", "x>1", { allowSetRelationComp: false }, false],
  ["10", "10\\%", { percentFace: false }, false],
])("%j answered by %j with %j: %s", (gold, pred, options, correct) => {
  expect(gradeAnswer({ gold, pred, options }).correct).toBe(correct);
});
