import type { EngineOptions } from "../models/llama-cpp/engine-options.ts";
import type { ModelRuntime } from "../models/runtime.ts";
import type { Terminal } from "./terminal.ts";

/** What every command is given instead of reaching for the process. */
export interface CliContext {
  readonly terminal: Terminal;
  /** Aborted by Ctrl-C, SIGTERM and SIGHUP, with an `Interrupted` as its reason. */
  readonly signal: AbortSignal;
  readonly version: string;
  /** What was typed, to be typed again. */
  readonly commandLine: string;
  /** Processor cores that may be used. */
  readonly cores: number;
  /** Starts llama.cpp in a process of its own. */
  readonly createRuntime: (options?: RuntimeOptions) => Promise<ModelRuntime>;
  /** A command that ran to its end but found failures says so here. */
  setExitCode(code: number): void;
}

interface RuntimeOptions extends Partial<EngineOptions> {
  /** A process that has work and does not advance for so long is taken to hang. Chosen if left out. */
  readonly hangSeconds?: number | undefined;
  /** Runtimes that work at the same time, this one included: they share the memory of the machine. */
  readonly sharers?: number | undefined;
  /** The number of the one GPU to work on. */
  readonly device?: string | undefined;
  /** Models that these have in memory at the same time. */
  readonly models?: number | undefined;
  /** Prompt tokens in one go. Chosen if left out. */
  readonly batchTokens?: number | undefined;
  /** Ends the start. */
  readonly signal?: AbortSignal | undefined;
}
