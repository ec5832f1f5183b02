import type { ModelRuntime } from "../models/runtime.ts";

/** Engines that are started once and lent to one sweep after another. */
export class EnginePool {
  readonly #start: () => Promise<ModelRuntime>;
  readonly #all: ModelRuntime[] = [];
  readonly #idle: ModelRuntime[] = [];

  constructor(start: () => Promise<ModelRuntime>) {
    this.#start = start;
  }

  /** Lends an engine, one that was given back if there is any; whoever disposes of it gives it back. */
  async take(): Promise<ModelRuntime> {
    const engine = this.#idle.pop() ?? (await this.#startOne());
    return {
      build: engine.build,
      notice: engine.notice,
      load: (path, options) => engine.load(path, options),
      [Symbol.asyncDispose]: async () => {
        this.#idle.push(engine);
        await Promise.resolve();
      },
    };
  }

  async #startOne(): Promise<ModelRuntime> {
    const engine = await this.#start();
    this.#all.push(engine);
    return engine;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#all.map((engine) => engine[Symbol.asyncDispose]()));
  }
}
