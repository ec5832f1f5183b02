import { EngineProcess } from "./child-process.ts";
import type { LoadedModel, LoadOptions, ModelRuntime } from "./runtime.ts";

export interface LlamaCppOptions {
  /** `false` (the default) runs on the CPU, where the same seed gives the same text; `auto` takes a GPU if there is one. */
  readonly gpu?: false | "auto";
}

/**
 * llama.cpp, by way of node-llama-cpp, in a child process: a crash of the native code is a WorkError of the completions that
 * were under way, and the next load starts a new process.
 *
 * @throws WorkError if there is no library for this machine
 */
export async function createLlamaCppRuntime({ gpu = false }: LlamaCppOptions = {}): Promise<ModelRuntime> {
  let engine = new EngineProcess();
  const { build } = await engine.call("start", { gpu }).catch(async (error: unknown) => {
    await engine.stop();
    throw error;
  });

  return {
    build,
    async load(modelPath, options) {
      if (!engine.alive) {
        engine = new EngineProcess();
        await engine.call("start", { gpu });
      }
      return await loadInto(engine, modelPath, options);
    },
    [Symbol.asyncDispose]: () => engine.stop(),
  };
}

async function loadInto(engine: EngineProcess, modelPath: string, options: LoadOptions): Promise<LoadedModel> {
  const { contextTokens, sequences, signal } = options;
  const loaded = await engine.call("load", { modelPath, contextTokens, sequences }, signal);
  const { model } = loaded;
  return {
    chat: loaded.chat,
    sequences: loaded.sequences,
    countTokens: (text) => engine.call("countTokens", { model, text }),
    complete: (request, abort) => engine.call("complete", { model, request }, abort),
    async [Symbol.asyncDispose]() {
      if (engine.alive) await engine.call("unload", { model });
    },
  };
}
