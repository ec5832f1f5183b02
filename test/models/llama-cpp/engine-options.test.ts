import { beforeAll, describe, expect, test } from "vitest";
import { ConfigError } from "../../../src/base/errors.ts";
import { createLlamaCppRuntime, type LlamaCppOptions } from "../../../src/models/llama-cpp/llama-cpp.ts";
import { missingInternals } from "../../../src/models/llama-cpp/native/native-internals.ts";
import type { LoadedModel } from "../../../src/models/runtime.ts";
import type { Sampling } from "../../../src/models/sampling.ts";
import { scratchFolder } from "../../helpers/files/scratch-folder.ts";
import { GREEDY } from "../../helpers/models/greedy.ts";
import { pocketGguf } from "../../helpers/models/pocket-gguf.ts";

let folder: string;
let accfmt: string;

beforeAll(async () => {
  folder = scratchFolder();
  accfmt = await pocketGguf("accfmt", folder);
});

function question(i: number): string {
  return `<|im_start|>user\nCompute ${i * 7 + 3} + ${i * 11 + 5}.<|im_end|>\n<|im_start|>assistant\n`;
}

/** Worked examples of 100 tokens, and more: longer than what flash attention takes in one piece. */
const EXAMPLES = Array.from({ length: 4 }, (_, i) => `${question(i)}The answer is 12.<|im_end|>\n`).join("");

/** Alone, then with examples that the next prompt begins with too, then the same several times. */
const PROMPTS = Array.from({ length: 12 }, (_, i) => {
  if (i < 4) return question(i);
  return `${EXAMPLES}${question(i < 9 ? i : 9)}`;
});

const SAMPLED: Sampling = { ...GREEDY, temperature: 0.9, topP: 0.9, maxTokens: 60 };

/** A prompt of one token, and one of a tile of attention and one more, among the others. */
async function promptsFor(model: LoadedModel): Promise<string[]> {
  let tile = "1";
  while ((await model.countTokens(tile)) < 65) tile += " 1";
  expect([await model.countTokens("7"), await model.countTokens(tile)]).toEqual([1, 65]);
  return [...PROMPTS.slice(0, 6), "7", tile, ...PROMPTS.slice(6)];
}

async function answers(options: LlamaCppOptions, sampling: Sampling, sequences: number): Promise<string[]> {
  await using runtime = await createLlamaCppRuntime(options);
  await using model = await runtime.load(accfmt, { contextTokens: 512, sequences });
  const prompts = await promptsFor(model);
  const completions = await Promise.all(
    prompts.map((prompt, seed) => model.complete({ prompt, sampling: { ...sampling, seed } })),
  );
  return completions.map(({ text }) => text);
}

describe("the public functions of the library, taken when its internals are not known", { timeout: 120_000 }, () => {
  test.each([
    ["greedy", { ...GREEDY, maxTokens: 60 }],
    ["sampled", SAMPLED],
    ["sampled with top_k and a repetition penalty", { ...SAMPLED, topK: 20, repetitionPenalty: 1.2 }],
    ["with stop strings and a thinking budget", { ...GREEDY, stop: ["boxed"], maxThinkingTokens: 15 }],
  ])("give the same texts, %s", async (_name, sampling) => {
    const expected = await answers({}, sampling, 4);
    expect(await answers({ api: "public" }, sampling, 4)).toEqual(expected);
    expect(await answers({ api: "public" }, sampling, 1)).toEqual(expected);
    expect(new Set(expected).size).toBeGreaterThan(4);
  });

  test("are named in the build, which is part of a unit's identity", async () => {
    await using runtime = await createLlamaCppRuntime({ api: "public" });
    expect(runtime.build).toMatch(/, public functions$/);
    expect(runtime.notice).toContain("Only public functions");
  });

  test("are taken if a native class or method is missing", () => {
    class AddonContext {
      initBatch(): void {}
    }
    expect(missingInternals({})).toEqual(["AddonContext", "AddonModel", "AddonSampler"]);
    expect(missingInternals({ _bindings: { AddonContext } })).toContain("AddonContext.decodeBatch");
    expect(missingInternals({ _bindings: { AddonContext } })).not.toContain("AddonContext.initBatch");
  });
});

/** Each prompt asked when the one before it is answered: nothing is shared, nothing runs beside it. */
async function answersOneByOne(options: LlamaCppOptions, sampling: Sampling): Promise<string[]> {
  await using runtime = await createLlamaCppRuntime(options);
  await using model = await runtime.load(accfmt, { contextTokens: 512, sequences: 1 });
  const texts: string[] = [];
  for (const [seed, prompt] of (await promptsFor(model)).entries()) {
    texts.push((await model.complete({ prompt, sampling: { ...sampling, seed } })).text);
  }
  return texts;
}

describe("flash attention and a quantised cache", { timeout: 120_000 }, () => {
  test.each([
    ["flash attention", { flashAttention: true }],
    ["a cache in Q8_0", { flashAttention: true, kvType: "q8_0" }],
    ["a cache in F32", { kvType: "f32" }],
  ] as const)("%s: the same texts one by one and with 6 sequences that share prompts", async (_name, options) => {
    // Where every token is a close call, the last bit of a logit shows.
    const sampling = { ...SAMPLED, temperature: 2, topP: 1, maxTokens: 100 };
    const alone = await answersOneByOne(options, sampling);
    expect(await answers(options, sampling, 6)).toEqual(alone);
  });

  test("are named in the build", async () => {
    await using runtime = await createLlamaCppRuntime({ flashAttention: true, kvType: "q8_0" });
    expect(runtime.build).toMatch(/, kv q8_0, flash attention on$/);
  });

  test("a quantised cache without flash attention is refused", async () => {
    await expect(createLlamaCppRuntime({ kvType: "q8_0" })).rejects.toThrow(ConfigError);
  });
});
