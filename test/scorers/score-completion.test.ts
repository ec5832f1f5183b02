import { expect, test } from "vitest";
import { customFormat } from "../../src/scorers/custom-format.ts";
import { cosineReward, kimiLengthRewards, repetitionPenalty } from "../../src/scorers/rewards.ts";
import type { ScoredText } from "../../src/scorers/score.ts";
import { scoreCompletion } from "../../src/scorers/score-completion.ts";

function text(completion: string, changes: Partial<ScoredText> = {}): ScoredText {
  return {
    completion,
    prefill: "",
    golds: ["45"],
    answer: "math",
    finishReason: "stop",
    completionTokens: 10,
    thinkingTokens: null,
    ...changes,
  };
}

test.each([
  ["<think>\n5 * 9 = 45.\n</think>\nThe answer is \\boxed{45}.", "45", 1, 1, 1],
  ["5 * 9 = 45. The answer is 45.", "45", 1, 0, 0],
  ["45", "45", 1, 0, 0],
  ["\\boxed{45}", "45", 1, 1, 0],
  ["The answer is \\frac{5}{8}.", "\\frac{5}{8}", 1, 0, 0],
  ["The answer is 46.", "45", 0, 0, 0],
  ["<think>\nso \\boxed{45} maybe", "45", 1, 0, 0],
])("%j against %j: accuracy %i, strict %i, format %i", (completion, gold, accuracy, strict, format) => {
  const score = scoreCompletion(text(completion, { golds: [gold] }));
  expect([score.accuracy, score.accuracy_strict, score.format]).toEqual([accuracy, strict, format]);
});

test("a completion that was cut off is not guessed from", () => {
  const score = scoreCompletion(text("<think>\nFirst 40 + 5 = 45", { finishReason: "length" }));
  expect([score.status, score.accuracy, score.truncated]).toEqual(["truncated", 0, 1]);
});

test("a prefilled think tag counts as written", () => {
  const score = scoreCompletion(text("5 * 9\n</think>\n\\boxed{45}", { prefill: "<think>\n" }));
  expect(score.format_parts).toMatchObject({ tag_count: 1, think_then_boxed: 1, boxed_after_think: 1 });
});

test("the thinking and answer parts of the length add up", () => {
  const score = scoreCompletion(
    text("<think>\n45\n</think>\n45 is it 🙂", { completionTokens: 12, thinkingTokens: 7 }),
  );
  expect(score.thinking_characters + score.answer_characters).toBe(score.characters);
  expect([score.characters, score.answer_tokens, score.words]).toEqual([30, 5, 7]);
});

test("the cosine reward as trained is periodic beyond its maximum, the clamped form stays", () => {
  expect(cosineReward(true, 0)).toBe(1);
  expect(cosineReward(true, 3584)).toBeCloseTo(0.5, 12);
  expect(cosineReward(true, 2 * 3584)).toBeCloseTo(1, 12);
  expect(cosineReward(true, 2 * 3584, { clamp: true })).toBeCloseTo(0.5, 12);
  expect(cosineReward(false, 0)).toBe(0);
  expect(cosineReward(false, 1792)).toBeCloseTo(-0.25, 12);
});

test("the length reward ranks the attempts at a problem, and a wrong one never gains", () => {
  const attempts = [
    { correct: true, length: 100 },
    { correct: true, length: 300 },
    { correct: false, length: 100 },
    { correct: true, length: 200 },
  ];
  expect(kimiLengthRewards(attempts)).toEqual([0.5, -0.5, 0, 0]);
  expect(kimiLengthRewards([{ correct: true, length: 5 }])).toEqual([0]);
});

test("the repetition penalty is the share of repeated 3-grams", () => {
  expect(repetitionPenalty("a b c d e")).toBe(0);
  expect(repetitionPenalty("a b c a b c")).toBeCloseTo(-0.25, 12);
  expect(repetitionPenalty("a b")).toBe(0);
});

test("a format of one's own is matched without backtracking, and look-ahead is refused", () => {
  const format = customFormat("(?s)^<think>.*</think>\\s*\\S+$");
  expect(format("45</think>\n45", "<think>")).toBe(1);
  expect(customFormat("^(a+)+$")(`${"a".repeat(5000)}b`)).toBe(0);
  expect(() => customFormat("(?=a)b")).toThrow(/cannot be used/);
});
