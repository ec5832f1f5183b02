import { countOf } from "../../base/count-of.ts";
import { WorkError } from "../../base/errors.ts";
import { type ModelConfig, readModelConfig } from "../../checkpoints/config.ts";
import { KV_STORAGE } from "../../models/llama-cpp/engine-options.ts";
import { chooseRuntimeShape, type ModelFacts } from "../../models/llama-cpp/runtime-shape.ts";
import { donorOf, type SweepPlan, unitBytes } from "./plan.ts";
import type { EnginePlan } from "./plan-engine.ts";

/** How many processes work at the same time, and why. */
export interface WorkerChoice {
  readonly workers: number;
  readonly why: string;
}

/** Weights are read once for all sequences of a process: fewer than this, and another process gains less than it takes. */
const WORTHWHILE_SEQUENCES = 4;

interface Work {
  /** One for each point: processes have different ones in memory. */
  readonly models: readonly ModelFacts[];
  /** Tokens of a prompt and its completion. */
  readonly contextTokens: number;
  readonly cores: number;
  readonly memoryBytes: number;
}

/**
 * A process a core, as far as each has memory for weights of its own and several sequences of full length. Where that is
 * not even so for one, as many as have memory for a single sequence.
 */
export function chooseWorkers({ models, contextTokens, cores, memoryBytes }: Work): WorkerChoice {
  const sequencesOf = (model: ModelFacts, workers: number): number => {
    const request = { contextTokens, memoryBytes, processes: workers, models: Math.min(workers, models.length) };
    try {
      return chooseRuntimeShape(model, request).sequences;
    } catch (error) {
      if (error instanceof WorkError) return 0;
      throw error;
    }
  };
  for (const sequences of [WORTHWHILE_SEQUENCES, 1]) {
    for (let workers = cores; workers >= 1; workers--) {
      if (!models.every((model) => sequencesOf(model, workers) >= sequences)) continue;
      if (workers === cores) return { workers, why: "one per core" };
      const room = `a model and ${countOf(sequences, "sequence")} of ${contextTokens} tokens each`;
      return { workers, why: `of ${countOf(cores, "core")}: more would not have memory for ${room}` };
    }
  }
  // What does not fit is said by the process that tries.
  return { workers: 1, why: "memory is short" };
}

/** What the points of a sweep take, before they are made. */
export function plannedModels({ units, engine, ggufType }: SweepPlan): ModelFacts[] {
  return units.map((unit) => {
    const { config, path } = donorOf(unit.weights);
    return modelFacts(readModelConfig(config, path), engine, unitBytes(unit, ggufType));
  });
}

/** What a model takes, by its config. */
export function modelFacts(
  { heads, keyValueHeads, headSize, layers, feedForwardSize, vocabSize }: ModelConfig,
  { kvType = "f16", flashAttention = false }: EnginePlan,
  fileBytes: number,
): ModelFacts {
  return {
    fileBytes,
    attentionHeads: heads,
    feedForwardSize,
    vocabularySize: vocabSize,
    cacheBytesPerToken: layers * keyValueHeads * 2 * headSize * KV_STORAGE[kvType].bytes,
    flashAttention,
  };
}
