import { expect, test } from "vitest";
import { WorkError } from "../../../src/base/errors.ts";
import { GREEDY } from "./greedy.ts";
import { createScriptedRuntime } from "./scripted-runtime.ts";

test("a scripted model answers with what its function says, and fills in the rest", async () => {
  await using runtime = createScriptedRuntime((prompt) => ({ text: `<think> hm </think> ${prompt}` }));
  const model = await runtime.load("any", { contextTokens: 10, sequences: 3 });
  expect(model.sequences).toBe(3);
  expect(await model.complete({ prompt: "a b", sampling: GREEDY })).toEqual({
    text: "<think> hm </think> a b",
    finishReason: "stop",
    promptTokens: 2,
    completionTokens: 5,
    thinkingTokens: 3,
    milliseconds: 0,
  });
});

test("a scripted model refuses after it was disposed of, and when aborted", async () => {
  const runtime = createScriptedRuntime(() => ({ text: "x" }));
  const model = await runtime.load("any", { contextTokens: 10 });
  const reason = new Error("enough");
  await expect(model.complete({ prompt: "a", sampling: GREEDY }, AbortSignal.abort(reason))).rejects.toBe(reason);
  await model[Symbol.asyncDispose]();
  await expect(model.complete({ prompt: "a", sampling: GREEDY })).rejects.toThrow(WorkError);
});
