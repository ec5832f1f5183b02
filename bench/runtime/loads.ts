import { formatBytes } from "../../src/base/bytes.ts";
import { createLlamaCppRuntime } from "../../src/models/llama-cpp/llama-cpp.ts";
import { GREEDY } from "../../test/helpers/models/greedy.ts";
import type { BenchModel } from "./bench-models.ts";
import { childUsage } from "./child-usage.ts";

const LOADS = 100;
const SHOWN_EVERY = 20;

/** Prints the resident memory of the engine's process while a model is loaded, used and disposed of a hundred times. */
export async function benchLoads({ name, path, prompts }: BenchModel): Promise<void> {
  await using runtime = await createLlamaCppRuntime();
  const shown: string[] = [];
  const start = performance.now();
  for (let i = 1; i <= LOADS; i++) {
    await using model = await runtime.load(path, { contextTokens: 512, sequences: 16 });
    await model.complete({ prompt: prompts[0] ?? "", sampling: { ...GREEDY, maxTokens: 4 } });
    if (i % SHOWN_EVERY === 0) shown.push(`${i}: ${formatBytes((await childUsage()).residentBytes)}`);
  }
  const each = (performance.now() - start) / LOADS;
  process.stdout.write(`${name}: resident memory after loads ${shown.join(", ")}; ${each.toFixed(0)} ms a load\n`);
}
