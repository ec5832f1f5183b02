import * as fc from "fast-check";
import { expect, test } from "vitest";
import { DecodeLoop } from "../../../src/models/llama-cpp/decode-loop.ts";
import type { Completion, CompletionRequest } from "../../../src/models/runtime.ts";
import { GREEDY } from "../../helpers/models/greedy.ts";
import { CheckingModel } from "./checking-model.ts";

const SHARED = "S".repeat(40);

const requests = fc.array(
  fc.record({
    prompt: fc
      .tuple(
        fc.constantFrom("", SHARED, `${SHARED}${"T".repeat(24)}`),
        fc.constantFrom("q", "qr", "qrs"),
        fc.constantFrom("", "1", "<think>", "<think>\n"),
      )
      .map((parts) => parts.join("")),
    sampling: fc.record({
      temperature: fc.constantFrom(0, 0.9),
      topP: fc.constantFrom(1, 0.9),
      topK: fc.constantFrom(0, 5),
      minP: fc.constantFrom(0, 0.05),
      repetitionPenalty: fc.constantFrom(1, 1.3),
      maxTokens: fc.integer({ min: 1, max: 60 }),
      stop: fc.constantFrom([], ["a"], ["ab", "Q"], ["\u{1F600}"], ["\n\n"]),
      maxThinkingTokens: fc.constantFrom(null, 1, 5, 20),
      seed: fc.nat(1000),
    }),
  }),
  { minLength: 1, maxLength: 14 },
);

async function answer(model: CheckingModel, slots: number, asked: readonly CompletionRequest[]): Promise<object[]> {
  const loop = new DecodeLoop(model, slots);
  const completions = await Promise.all(asked.map((request) => loop.complete(request)));
  await loop.stop();
  expect([...model.faults]).toEqual([]);
  expect(model.samplers).toBe(0);
  return completions.map((completion: Completion) => ({ ...completion, milliseconds: 0 }));
}

function ask(prompt: string, maxTokens: number): CompletionRequest {
  return { prompt, sampling: { ...GREEDY, maxTokens } };
}

test("completions are the same one by one and side by side, and no rule of batches is broken", {
  timeout: 120_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(
      requests,
      fc.constantFrom(1, 2, 3, 5, 8),
      fc.constantFrom(1, 64),
      fc.boolean(),
      async (asked, slots, alignment, inOrder) => {
        const alone: object[] = [];
        for (const request of asked) alone.push(...(await answer(new CheckingModel(1), 1, [request])));
        expect(await answer(new CheckingModel(slots, { alignment, inOrder }), slots, asked)).toEqual(alone);
      },
    ),
    { numRuns: 60 },
  );
});

test("a prompt of one token, or with one token behind a tile of attention, leaves the others alone", async () => {
  // The first is over soon, and its slot, the lowest, is given to the last one while the others go on.
  const asked = [ask("short", 2), ask("first", 50), ask("second", 50), ask("third", 50)];
  for (const last of ["x", `${"y".repeat(64)}z`]) {
    const all = [...asked, ask(last, 30)];
    const alone: object[] = [];
    for (const request of all) alone.push(...(await answer(new CheckingModel(1, { alignment: 64 }), 1, [request])));
    expect(await answer(new CheckingModel(4, { alignment: 64 }), 4, all)).toEqual(alone);
  }
});

test("requests that are given up leave the others as they are", async () => {
  const model = new CheckingModel(3);
  const loop = new DecodeLoop(model, 3);
  const controller = new AbortController();
  const sampling = { ...GREEDY, maxTokens: 40 };
  const asked = Array.from({ length: 7 }, (_, i) =>
    loop.complete({ prompt: `problem ${i}`, sampling }, i % 2 === 0 ? controller.signal : undefined),
  );
  setTimeout(() => controller.abort(new Error("given up")), 5);
  const settled = await Promise.allSettled(asked);
  await loop.stop();
  expect([...model.faults]).toEqual([]);
  expect(model.samplers).toBe(0);
  const outcomes = settled.map((one) =>
    one.status === "rejected" ? String(one.reason) : { ...one.value, milliseconds: 0 },
  );
  for (const [i, outcome] of outcomes.entries()) {
    const [alone] = await answer(new CheckingModel(1), 1, [ask(`problem ${i}`, 40)]);
    expect([alone, "Error: given up"]).toContainEqual(outcome);
  }
});

test.each([1, 5, 12])(
  "when decode %i fails, every request is refused, and the next ones are answered",
  async (failingDecode) => {
    for (const inOrder of [true, false]) {
      const model = new CheckingModel(3, { inOrder, failingDecode });
      const loop = new DecodeLoop(model, 3);
      const sampling = { ...GREEDY, repetitionPenalty: 1.2, maxTokens: 12 };
      const settled = await Promise.allSettled(
        Array.from({ length: 7 }, (_, i) => loop.complete({ prompt: `problem ${i}`, sampling })),
      );
      expect(settled.some(({ status }) => status === "rejected")).toBe(true);
      expect(model.samplers).toBe(0);
      await expect(loop.complete({ prompt: "later", sampling })).resolves.toMatchObject({ promptTokens: 5 });
      expect([...model.faults]).toEqual([]);
    }
  },
);
