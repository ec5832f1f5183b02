import { describe, expect, test } from "vitest";
import {
  cutPrompt,
  type PromptPlan,
  type PromptRules,
  planPrompt as plan,
} from "../../../src/models/llama-cpp/shared-prompt.ts";

function tokens(...parts: readonly (readonly [token: number, times: number])[]): Uint32Array {
  return Uint32Array.from(parts.flatMap(([token, times]) => Array.from({ length: times }, () => token)));
}

const RULES: PromptRules = { contextTokens: 1024, batchTokens: 512, alignment: 1 };

function planPrompt(
  kept: Uint32Array,
  prompt: Uint32Array,
  next: Uint32Array | undefined,
  rules: Partial<PromptRules> = {},
): PromptPlan {
  return plan(kept, prompt, next, { ...RULES, ...rules });
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

  test("is only worth a copy of a long context if it is long itself", () => {
    const [prompt, next] = [tokens([1, 200], [2, 9]), tokens([1, 200], [3, 9])];
    expect(planPrompt(NOTHING, prompt, next, { contextTokens: 4096 }).store).toBe(200);
    expect(planPrompt(NOTHING, prompt, next, { contextTokens: 32_768 }).store).toBe(0);
  });

  test("ends where the attention kernel may be interrupted", () => {
    const [prompt, next] = [tokens([1, 200], [2, 9]), tokens([1, 200], [3, 9])];
    expect(planPrompt(NOTHING, prompt, next, { alignment: 64 })).toEqual({ keep: 0, store: 192 });
    expect(planPrompt(tokens([1, 192]), prompt, next, { alignment: 64 })).toEqual({ keep: 192, store: 192 });
  });
});

describe("a prompt is cut", () => {
  test("into batches, without a token that is left alone", () => {
    expect(cutPrompt(0, 512, RULES)).toEqual([512]);
    expect(cutPrompt(0, 513, RULES)).toEqual([511, 513]);
    expect(cutPrompt(0, 1100, RULES)).toEqual([512, 1024, 1100]);
    expect(cutPrompt(100, 700, RULES)).toEqual([612, 700]);
  });

  test("at multiples of the kernel's tokens, the rest by itself, whatever is there already", () => {
    const rules = { ...RULES, alignment: 64 };
    expect(cutPrompt(0, 63, rules)).toEqual([63]);
    expect(cutPrompt(0, 64, rules)).toEqual([64]);
    expect(cutPrompt(0, 200, rules)).toEqual([192, 200]);
    expect(cutPrompt(128, 200, rules)).toEqual([192, 200]);
    expect(cutPrompt(192, 200, rules)).toEqual([200]);
    expect(cutPrompt(0, 600, rules)).toEqual([512, 576, 600]);
  });
});
