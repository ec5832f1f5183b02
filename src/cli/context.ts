import type { LlamaCppOptions } from "../models/llama-cpp/llama-cpp.ts";
import type { ModelRuntime } from "../models/runtime.ts";
import type { Terminal } from "./terminal.ts";

/** What every command is given instead of reaching for the process. */
export interface CliContext {
  readonly terminal: Terminal;
  /** Aborted by Ctrl-C, SIGTERM and SIGHUP, with an `Interrupted` as its reason. */
  readonly signal: AbortSignal;
  /** Aborted by SIGUSR2: what is under way is finished, and nothing else begun. */
  readonly drain?: AbortSignal | undefined;
  readonly version: string;
  /** What a person types to start a command: `mergesweep`, `npx mergesweep`, or a script of npm's. */
  readonly program: string;
  /** What was typed, to be typed again. */
  readonly commandLine: string;
  /** Processor cores that may be used. */
  readonly cores: number;
  /** GPUs that a batch system gave to this process alone, as CUDA takes them. */
  readonly gpus?: readonly string[] | undefined;
  /** Starts llama.cpp in a process of its own. */
  readonly createRuntime: (options?: LlamaCppOptions) => Promise<ModelRuntime>;
  /** A command that ran to its end but found failures says so here. */
  setExitCode(code: number): void;
}
