import type { Completion, LoadedModel, LoadOptions, ModelRuntime } from "../runtime.ts";
import { EngineProcess } from "./child-process.ts";
import type { LoadedFacts } from "./child-protocol.ts";
import { checkEngineOptions, type EngineFacts, type EngineOptions } from "./engine-options.ts";
import type { ShapeRequest } from "./runtime-shape.ts";
import { usableMemory } from "./usable-memory.ts";

/** How llama.cpp is run; what is left out is chosen. */
export interface LlamaCppOptions extends Partial<EngineOptions> {
  /**
   * Processes that share the work on a model, 1 by default. On a CPU each has one thread, so that the number of cores is the
   * right one. The model is in memory once: the file is mapped.
   */
  readonly workers?: number;
  /** Runtimes that work on this machine at the same time, this one included: they share its memory. */
  readonly sharers?: number | undefined;
  /** The number of the GPU to work on, of several; all of them if left out. */
  readonly device?: string | undefined;
  /** Models that these have in memory at the same time, 1 by default: a sweep has one for each until few are left. */
  readonly models?: number | undefined;
  /** Prompt tokens that are evaluated in one go; chosen by memory if left out. */
  readonly batchTokens?: number | undefined;
  /** Memory for all of them; most of what the machine has if left out. */
  readonly memoryBytes?: number | undefined;
  /** A process that has work and does not advance for so long is taken to hang, and ended. */
  readonly hangSeconds?: number | undefined;
  /** Ends the start. */
  readonly signal?: AbortSignal | undefined;
}

/** A prompt of 512 tokens through a large model on a slow core takes a minute. */
const DEFAULT_HANG_SECONDS = 300;

/**
 * llama.cpp, by way of node-llama-cpp, in child processes: a crash of the native code is a WorkError of the completions that
 * were under way, and the next load starts a new process.
 *
 * @throws WorkError if there is no library for this machine; ConfigError for options that do not go together; EngineDied;
 *   `signal.reason` if aborted
 */
export async function createLlamaCppRuntime({
  gpu = false,
  kvType = "f16",
  flashAttention,
  api = process.env.MERGESWEEP_LLAMA_API === "public" ? "public" : "internal",
  workers = 1,
  sharers = 1,
  models = 1,
  device,
  batchTokens,
  memoryBytes,
  hangSeconds = DEFAULT_HANG_SECONDS,
  signal: starting,
}: LlamaCppOptions = {}): Promise<ModelRuntime> {
  const engineOptions: EngineOptions = { gpu, kvType, flashAttention, api };
  checkEngineOptions(engineOptions);
  const engines: EngineProcess[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(engines.map((engine) => engine.stop()));
  };
  /** Fills the places of processes that died. */
  const start = async (signal: AbortSignal | undefined): Promise<EngineFacts> => {
    const facts = await Promise.all(
      Array.from({ length: workers }, async (_, i) => {
        const running = engines[i];
        const engine = running?.alive === true ? running : new EngineProcess({ hangSeconds, device });
        engines[i] = engine;
        return await engine.call("start", engineOptions, signal);
      }),
    );
    return facts[0] ?? { build: "" };
  };

  let facts: EngineFacts;
  try {
    facts = await start(starting);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    ...facts,
    async load(modelPath, options) {
      await start(options.signal).catch(async (error: unknown) => {
        if (options.signal?.aborted === true) await stop();
        throw error;
      });
      return await loadInto(engines, modelPath, options, {
        memoryBytes: memoryBytes ?? usableMemory(),
        processes: workers * sharers,
        models,
        batchTokens,
      });
    },
    [Symbol.asyncDispose]: stop,
  };
}

/** A model in one of the processes. */
interface Replica extends LoadedFacts {
  readonly engine: EngineProcess;
  asked: number;
}

async function loadInto(
  engines: readonly EngineProcess[],
  modelPath: string,
  { contextTokens, sequences, chat, signal }: LoadOptions,
  machine: Pick<ShapeRequest, "memoryBytes" | "processes" | "models" | "batchTokens">,
): Promise<LoadedModel> {
  const used = engines.slice(0, sequences);
  const each = sequences === undefined ? undefined : Math.ceil(sequences / used.length);
  const settled = await Promise.allSettled(
    used.map(async (engine): Promise<Replica> => {
      const loaded = await engine.call("load", { modelPath, contextTokens, sequences: each, ...machine }, signal);
      return { ...loaded, engine, asked: 0 };
    }),
  );
  const replicas = settled.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const failed = settled.find((one) => one.status === "rejected");
  const [first] = replicas;
  const close = (): Promise<void> => unload(used, replicas, signal);
  if (failed !== undefined || first === undefined) {
    await close();
    throw failed?.reason;
  }

  return {
    chat: chat ?? first.chat,
    reasons: first.reasons,
    sequences: replicas.reduce((sum, replica) => sum + replica.inFlight, 0),
    countTokens: (text) => first.engine.call("countTokens", { model: first.model, text }, signal),
    async complete(request, abort): Promise<Completion> {
      const replica = replicas.reduce((least, one) => (one.asked < least.asked ? one : least), first);
      replica.asked++;
      try {
        return await replica.engine.call("complete", { model: replica.model, request }, abort);
      } finally {
        replica.asked--;
      }
    },
    [Symbol.asyncDispose]: close,
  };
}

async function unload(
  engines: readonly EngineProcess[],
  replicas: readonly Replica[],
  signal: AbortSignal | undefined,
): Promise<void> {
  if (signal?.aborted !== true) {
    // A process that died has nothing to unload, and its death was reported by the calls that it cost.
    await Promise.allSettled(replicas.map(({ engine, model }) => engine.call("unload", { model }, signal)));
  }
  // Whoever interrupts does not wait for a decode or a load that is under way, nor for a process that hangs.
  if (signal?.aborted === true) await Promise.all(engines.map((engine) => engine.stop()));
}
