import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readModelConfig } from "../checkpoints/config.ts";
import { writeGguf } from "../checkpoints/gguf/write-gguf.ts";
import { openCheckpoint } from "../checkpoints/open-checkpoint.ts";
import { usableMemory } from "../models/llama-cpp/usable-memory.ts";
import { chooseWorkers, modelFacts, type WorkerChoice } from "../sweep/plan/choose-workers.ts";
import { unitBytes } from "../sweep/plan/plan.ts";
import { streamReader } from "../tensors/write/tensor-stream.ts";

/** Tokens of context that choices are shown for: a long answer, unless the model ends before. */
const CONTEXT_TOKENS = 8192;

/** The embedded checkpoint, from the root of the project. */
const POCKET = "checkpoints/pocket/base";

/** A model to show on how a sweep of many such would work on this machine. */
export interface WorkSample extends AsyncDisposable {
  readonly model: string;
  /** A GGUF file of it. */
  readonly path: string;
  readonly contextTokens: number;
  /** Why so many. */
  readonly context: string;
  readonly workers: WorkerChoice;
}

/** @returns undefined if no model is named and the embedded one is not here */
export async function openWorkSample(named: string | undefined, cores: number): Promise<WorkSample | undefined> {
  if (named === undefined && !existsSync(POCKET)) return undefined;
  const model = named ?? POCKET;
  const checkpoint = await openCheckpoint(model);
  const folder = await mkdtemp(join(tmpdir(), "mergesweep-doctor-"));
  const dispose = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const config = readModelConfig(checkpoint.config, checkpoint.path);
    const own = config.contextLength;
    const contextTokens = Math.min(CONTEXT_TOKENS, own);
    const facts = modelFacts(config, {}, unitBytes({ weights: { kind: "checkpoint", checkpoint } }, "bf16"));
    const models = Array.from({ length: cores }, () => facts);
    const path = join(folder, "model.gguf");
    await writeGguf(path, checkpoint, streamReader(checkpoint.reader), "bf16");
    return {
      model,
      path,
      contextTokens,
      context:
        own <= CONTEXT_TOKENS
          ? "all that the model has"
          : "a long answer; a sweep takes what its prompts and max_tokens need",
      workers: chooseWorkers({ models, contextTokens, cores, memoryBytes: usableMemory() }),
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  } finally {
    await checkpoint.close();
  }
}
