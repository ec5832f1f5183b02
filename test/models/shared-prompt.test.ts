import { describe, expect, test } from "vitest";
import { planPrompt } from "../../src/models/shared-prompt.ts";

function tokens(...parts: readonly (readonly [token: number, times: number])[]): Uint32Array {
  return Uint32Array.from(parts.flatMap(([token, times]) => Array.from({ length: times }, () => token)));
}

const NOTHING = new Uint32Array(0);

describe("what is kept of a prompt", () => {
  test("is nothing as long as no other prompt is known", () => {
    expect(planPrompt(NOTHING, tokens([1, 100]), undefined)).toEqual({ keep: 0, store: 0 });
  });

  test("is what the next prompt begins with too", () => {
    expect(planPrompt(NOTHING, tokens([1, 100], [2, 9]), tokens([1, 100], [3, 9]))).toEqual({ keep: 0, store: 100 });
  });

  test("leaves two tokens of a prompt that is asked twice: one alone would round differently", () => {
    expect(planPrompt(NOTHING, tokens([1, 100]), tokens([1, 100]))).toEqual({ keep: 0, store: 98 });
    expect(planPrompt(tokens([1, 97]), tokens([1, 100]), tokens([1, 100]))).toEqual({ keep: 97, store: 97 });
  });

  test("is cut back to what still fits", () => {
    expect(planPrompt(tokens([1, 60], [2, 40]), tokens([1, 60], [3, 40]), undefined)).toEqual({ keep: 60, store: 60 });
  });

  test("grows when several attempts at a problem follow the examples", () => {
    const prompt = tokens([1, 60], [3, 40]);
    expect(planPrompt(tokens([1, 60], [2, 38]), prompt, prompt)).toEqual({ keep: 60, store: 98 });
  });

  test("is not worth a copy if it is short", () => {
    expect(planPrompt(tokens([1, 10]), tokens([1, 20]), tokens([1, 20]))).toEqual({ keep: 0, store: 0 });
  });
});
