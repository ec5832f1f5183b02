import { WorkError } from "../base/errors.ts";
import type { ChatFormat } from "../checkpoints/tokenizer/chat-format.ts";
import type { Sampling } from "./sampling.ts";

/**
 * The process or server that ran a model is gone: a crash, a hang that was ended, a kill. It says nothing against the model,
 * so the work may be tried once more; the next `load` starts afresh. The message has the last lines that it printed.
 */
export class EngineDied extends WorkError {
  override readonly code = "engine_died";
}

/**
 * The seam to whatever runs models: llama.cpp in a child process, a server, a script in a test. Everything above it sees
 * text in, text and token counts out.
 */
export interface ModelRuntime {
  /** Names the engine, its version and backend: `node-llama-cpp 3.22.1 (cpu zen4)`. Part of a unit's identity. */
  readonly build: string;
  /** Something about the engine that the user should know. */
  readonly notice?: string | undefined;
  /** @throws WorkError if the model does not load; EngineDied for a crash of the engine, which is never one of this process. */
  load(modelPath: string, options: LoadOptions): Promise<LoadedModel>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** How a model is loaded. */
export interface LoadOptions {
  /** Tokens of context each sequence may use; prompt + max_tokens must fit. */
  readonly contextTokens: number;
  /** Sequences that generate side by side, at the most: fewer if memory is short. Chosen by the runtime if left out. */
  readonly sequences?: number | undefined;
  /** The model's chat format: servers do not tell it, and a GGUF file has not all special tokens. */
  readonly chat?: ChatFormat | undefined;
  /** What the model is called here, for a server that has several. */
  readonly name?: string | undefined;
  /** Ends the load and, later, the model: its engine is then not asked to unload it, which may take long, but ended. */
  readonly signal?: AbortSignal | undefined;
}

/** A model in memory, or behind a server. */
export interface LoadedModel {
  readonly chat: ChatFormat;
  /** How many completions to keep in flight: what the runtime runs side by side, and a few that wait for a place. */
  readonly sequences: number;
  /** Why the runtime works on the model as it does: sequences, batches. For people. */
  readonly reasons?: readonly string[];
  /** Token count of a text as a prompt (special tokens recognised). */
  countTokens(text: string): Promise<number>;
  /** @throws WorkError if prompt + maxTokens exceeds the context; EngineDied; `signal.reason` if aborted. */
  complete(request: CompletionRequest, signal?: AbortSignal): Promise<Completion>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** What a model is asked. */
export interface CompletionRequest {
  /** The whole prompt, chat template already applied. */
  readonly prompt: string;
  readonly sampling: Sampling;
}

/** `stop`: an end token or stop string; `length`: max_tokens; `aborted`: interrupted, never scored. */
export type FinishReason = "stop" | "length" | "aborted";

/** What a model made of a prompt. */
export interface Completion {
  readonly text: string;
  readonly finishReason: FinishReason;
  readonly promptTokens: number;
  /** Sampled tokens, without the end token. */
  readonly completionTokens: number;
  /** Sampled tokens up to and with the one that completes the first `</think>`; null if there is none. */
  readonly thinkingTokens: number | null;
  readonly milliseconds: number;
}
