import { WorkError } from "../../src/base/errors.ts";
import { createLlamaCppRuntime } from "../../src/models/llama-cpp/llama-cpp.ts";
import type { Sampling } from "../../src/models/sampling.ts";
import { GREEDY } from "../../test/helpers/models/greedy.ts";
import { childUsage } from "./child-usage.ts";
import { type Contestant, contextTokens, type Job, type Round } from "./contestant.ts";

/** The project's own runtime, greedy and sampled. */
interface Evaluator extends Contestant {
  /** A round as the published protocol samples. */
  sampledRound(): Promise<Round>;
}

/** Sampling of the published runs. */
export const PUBLISHED = { temperature: 0.8, topP: 0.9 } as const;

/** The project's own runtime, through its child processes. */
export async function startEvaluator(job: Job): Promise<Evaluator> {
  const { modelPath, prompts, processes, sequences, tokens } = job;
  const total = sequences * processes;
  const runtime = await createLlamaCppRuntime({ workers: processes, gpu: job.gpu === true && "auto" });
  const model = await runtime.load(modelPath, { contextTokens: contextTokens(job), sequences: total });
  const round = async (settings: Partial<Sampling>): Promise<Round> => {
    const cpu = await cpuSeconds();
    const start = performance.now();
    const completions = await Promise.all(
      Array.from({ length: total }, (_, i) => {
        const sampling = { ...GREEDY, ...settings, seed: i, maxTokens: tokens };
        return model.complete({ prompt: prompts[Math.floor(i / processes)] ?? "", sampling });
      }),
    );
    const seconds = (performance.now() - start) / 1000;
    const made = completions.reduce((sum, { completionTokens }) => sum + completionTokens, 0);
    if (made !== total * tokens) {
      throw new WorkError(`Expected ${tokens} tokens from each sequence, found ${made} from ${total} together`);
    }
    return { tokens: made, seconds, cpuSeconds: (await cpuSeconds()) - cpu };
  };
  return {
    round: () => round({}),
    sampledRound: () => round(PUBLISHED),
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
