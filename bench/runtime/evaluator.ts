import { WorkError } from "../../src/base/errors.ts";
import { createLlamaCppRuntime } from "../../src/models/llama-cpp/llama-cpp.ts";
import { GREEDY } from "../../test/helpers/greedy.ts";
import { childUsage } from "./child-usage.ts";
import { type Contestant, contextTokens, type Job } from "./contestant.ts";

/** The project's own runtime, through its child processes. */
export async function startEvaluator(job: Job): Promise<Contestant> {
  const { modelPath, prompts, processes, sequences, tokens } = job;
  const total = sequences * processes;
  const runtime = await createLlamaCppRuntime({ workers: processes });
  const model = await runtime.load(modelPath, { contextTokens: contextTokens(job), sequences: total });
  const sampling = { ...GREEDY, maxTokens: tokens };
  return {
    async round() {
      const cpu = await cpuSeconds();
      const start = performance.now();
      const completions = await Promise.all(
        Array.from({ length: total }, (_, i) =>
          model.complete({ prompt: prompts[Math.floor(i / processes)] ?? "", sampling }),
        ),
      );
      const seconds = (performance.now() - start) / 1000;
      const made = completions.reduce((sum, { completionTokens }) => sum + completionTokens, 0);
      if (made !== total * tokens) {
        throw new WorkError(`Expected ${tokens} tokens from each sequence, found ${made} from ${total} together`);
      }
      return { tokens: made, seconds, cpuSeconds: (await cpuSeconds()) - cpu };
    },
    async [Symbol.asyncDispose]() {
      await model[Symbol.asyncDispose]();
      await runtime[Symbol.asyncDispose]();
    },
  };
}

/** Of this process and its children for llama.cpp. */
async function cpuSeconds(): Promise<number> {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6 + (await childUsage()).cpuSeconds;
}
