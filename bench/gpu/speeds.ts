import { startEvaluator } from "../runtime/evaluator.ts";
import type { LargeModel } from "./large-model.ts";

/**
 * Prints tokens per second by sequences, greedy and as the published protocol samples, and the weights that a step reads over the
 * time it takes.
 */
export async function benchSpeeds(
  model: LargeModel,
  options: {
    readonly gpu: boolean;
    readonly sequences: readonly number[];
    readonly tokens: number;
    /** Of the card, in GB/s. */
    readonly bandwidth: number | undefined;
  },
): Promise<void> {
  const { gpu, sequences, tokens, bandwidth } = options;
  process.stdout.write("\nTokens per second, prompts included; the second of two rounds\n");
  process.stdout.write("sequences    greedy   sampled  sampled/greedy  ms a step  GB/s of weights     bound\n");
  for (const count of sequences) {
    const prompts = Array.from({ length: count }, (_, i) => `${String(i).padStart(3, "0")} and so it was`);
    const job = { modelPath: model.path, prompts, sequences: count, processes: 1, tokens, gpu };
    await using evaluator = await startEvaluator(job);
    await evaluator.round();
    const greedy = speedOf(await evaluator.round());
    await evaluator.sampledRound();
    const sampled = speedOf(await evaluator.sampledRound());
    const step = count / greedy;
    const bound = bandwidth === undefined ? "-" : ((count * bandwidth * 1e9) / model.bytes).toFixed(0);
    const cells = [
      String(count).padStart(9),
      greedy.toFixed(0).padStart(10),
      sampled.toFixed(0).padStart(10),
      (sampled / greedy).toFixed(2).padStart(16),
      (1000 * step).toFixed(2).padStart(11),
      (model.bytes / step / 1e9).toFixed(0).padStart(17),
      bound.padStart(10),
    ];
    process.stdout.write(`${cells.join("")}\n`);
  }
}

function speedOf({ tokens, seconds }: { readonly tokens: number; readonly seconds: number }): number {
  return tokens / seconds;
}
