import { createLlamaCppRuntime } from "../../src/models/llama-cpp/llama-cpp.ts";
import type { LoadedModel } from "../../src/models/runtime.ts";
import { GREEDY } from "../../test/helpers/models/greedy.ts";
import type { BenchModel } from "./bench-models.ts";
import { childUsage } from "./child-usage.ts";

const REQUESTS = 64;
const TOKENS = 32;
/** Worked examples before a question, in the words of the model's prompts: some 400 tokens. */
const EXAMPLES = 10;
const ATTEMPTS = 8;

/**
 * Prints what it gains that a beginning that prompts share is evaluated once: CPU seconds of prompts that begin alike, and
 * of prompts of the same length that do not.
 */
export async function benchPrefix(bench: BenchModel): Promise<void> {
  await using runtime = await createLlamaCppRuntime();
  await using model = await runtime.load(bench.path, { contextTokens: 1024, sequences: 16 });
  const shots = (first: number): string =>
    Array.from({ length: EXAMPLES }, (_, i) => bench.prompts[(first + i) % bench.prompts.length]).join("");
  const request = (i: number): string => bench.prompts[i % bench.prompts.length] ?? "";
  const requests = Array.from({ length: REQUESTS }, (_, i) => i);
  const cases = {
    "worked examples": [
      requests.map((i) => `${shots(0)}${request(i)}`),
      // Other examples come first: no two prompts begin alike.
      requests.map((i) => `${i}${shots(i)}${request(i)}`),
    ],
    [`${ATTEMPTS} attempts`]: [
      requests.map((i) => shots(0).slice(i - (i % ATTEMPTS))),
      requests.map((i) => `${i}${shots(0).slice(i)}`),
    ],
  };
  for (const [name, [alike = [], different = []]] of Object.entries(cases)) {
    const tokens = await model.countTokens(alike[0] ?? "");
    await seconds(model, alike.slice(0, 4));
    const [shared, alone] = [await seconds(model, alike), await seconds(model, different)];
    process.stdout.write(
      `${bench.name}: ${REQUESTS} prompts of ${tokens} tokens, ${TOKENS} tokens each, ${name}: ` +
        `${shared.toFixed(2)} CPU s shared, ${alone.toFixed(2)} not: ${(alone / shared).toFixed(1)} times\n`,
    );
  }
}

/** CPU seconds of the engine for all prompts. */
async function seconds(model: LoadedModel, prompts: readonly string[]): Promise<number> {
  const before = (await childUsage()).cpuSeconds;
  await Promise.all(prompts.map((prompt) => model.complete({ prompt, sampling: { ...GREEDY, maxTokens: TOKENS } })));
  return (await childUsage()).cpuSeconds - before;
}
