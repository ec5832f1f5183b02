import { expect, test } from "vitest";
import {
  EXTRACTION_PROFILES,
  type ExtractOptions,
  extractAnswer,
} from "../../../src/scorers/accuracy/extract/extract.ts";

test.each<[string, string, string]>([
  ["First \\boxed{41}, no: \\boxed{42}.", "42", "boxed"],
  ["So $\\boxed{1}$ and $\\boxed{2}$.", "1, 2", "boxed"],
  ["It is $\\boxed{0.5}$ or $\\boxed{\\frac12}$.", "\\frac12", "boxed"],
  ["A loss of $\\boxed{28}$ percent", "28\\%", "boxed"],
  ["<answer> $x^2+1$ </answer> and 7", "$x^2+1$", "answer-tag"],
  ["9 + 9\n#### 1,018", "1,018", "hashes"],
  ["**Answer: 42**", "42", "answer-phrase"],
  ["The answer is 2^10.", "2^10", "answer-phrase"],
  ["The answer is 1 000.", "1 000", "answer-phrase"],
  ["The answer is 18, not 17", "18", "answer-phrase"],
  ["The answer is 5 apples, 3 of them red.", "5", "answer-phrase"],
  ["The answer is (35 + 70 = 105).", "(35 + 70 = 105)", "answer-phrase"],
  ["The answer is Evelyn.", "Evelyn", "answer-phrase"],
  ["Die Antwort ist 13.", "13", "answer-phrase"],
  ["答案是13。", "13", "answer-phrase"],
  ["정답은 13입니다.", "13", "answer-phrase"],
  ["उत्तर है १३", "13", "answer-phrase"],
  ["So the side is √2.", "√2", "last-math"],
  ["Simplifying we get 3 + 2√2.", "3 + 2√2", "last-math"],
  ["so P = 5/6 ≈ 0.833.", "P = 5/6 ≈ 0.833", "last-math"],
  ["The probability is 5/6, or about 83.3%.", "5/6", "last-math"],
  ["So x < 3.", "x < 3", "last-math"],
  ["x = -2 or x = 3", "x = -2 or x = 3", "last-math"],
  ["Hence 48 + 24 = 72 clips (in two months).", "72", "last-number"],
  ["<think>\\boxed{15}</think>It is **16**.", "16", "last-number"],
  ["It has an axis. The function is odd.", "odd", "last-words"],
  ["Yes, it is possible.", "Yes", "last-words"],
  ["so \\boxed{15}, or rather \\boxed{1", "null", "truncated"],
  ["There are 2^20 subsets.", "2^20", "last-number"],
  ["It will be **Thursday**.", "Thursday", "last-words"],
  ["So $5 + 9 = 14$. $\\blacksquare$", "5 + 9 = 14", "last-math"],
  ["The point is $(3,4)$.", "(3,4)", "last-math"],
  ["She makes 9 * 2 = $18 every day.", "$18", "last-number"],
  ["I cannot solve this.", "null", "none"],
])("%j: %j by %s", (text, answer, path) => {
  const found = extractAnswer(text);
  expect([String(found.answer), found.path]).toEqual([answer, path]);
});

/** The answer by each profile, in the order of EXTRACTION_PROFILES. */
const DISAGREEMENTS: readonly (readonly [why: string, text: string, answers: readonly string[]])[] = [
  [
    "ours puts the box first, Math-Verify what ends last",
    "\\boxed{8}. The final answer is $7$.",
    ["8", "7", "7", "8", "7"],
  ],
  [
    "lighteval puts the box behind the phrase",
    "The final answer is $7$. Check: \\boxed{8}.",
    ["8", "8", "7", "8", "8"],
  ],
  ["lighteval knows other languages", "Respuesta: $3$. Luego $4$.", ["3", "4", "3", "4", "4"]],
  ["Qwen takes the last box only", "\\boxed{1} and \\boxed{2}", ["1, 2", "2", "2", "2", "2"]],
  ["Qwen wants all behind the phrase", "The answer is $5$ apples", ["5", "5", "5", "$5$ apples", "5"]],
  ["GSM8K reads its own signs first", "\\boxed{3}\n#### 4", ["3", "3", "3", "3", "4"]],
];

test.each(DISAGREEMENTS)("%s: %j", (_why, text, answers) => {
  expect(EXTRACTION_PROFILES.map((profile) => extractAnswer(text, { profile }).answer)).toEqual(answers);
});

test.each<[string, ExtractOptions, string | null]>([
  ["a rank of 50 puts boxes beside the phrase", { boxedPriority: 50 }, "7"],
  ["a negative rank leaves boxes out", { boxedPriority: -1 }, "7"],
  ["a rank of 0 puts boxes first", { boxedPriority: 0, profile: "math-verify" }, "8"],
])("%s", (_why, options, answer) => {
  expect(extractAnswer("\\boxed{8}. The final answer is $7$.", options).answer).toBe(answer);
});

test("what was cut off is not guessed from, by any profile", () => {
  for (const profile of EXTRACTION_PROFILES) {
    const options = { profile, anchoredOnly: true };
    expect([profile, extractAnswer("First 40 + 5 = 45", options).answer]).toEqual([profile, null]);
    expect([profile, extractAnswer("#### 45 or \\boxed{45}", options).answer]).not.toEqual([profile, null]);
  }
});

test.each([
  ["B", "The correct option is (B)."],
  ["B", "So option B is correct."],
  ["B", "A is wrong, C is wrong. Therefore, the answer is B"],
  ["B", "答案是B"],
  ["C", "**C**"],
  ["D", "\\boxed{\\text{D) } 12}"],
])("of a multiple choice, %s from %j", (letter, text) => {
  expect(extractAnswer(text, { choices: ["A", "B", "C", "D"] }).answer).toBe(letter);
});
