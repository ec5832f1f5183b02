import type { ChatFormat } from "../../checkpoints/tokenizer/chat-format.ts";
import type { Completion, CompletionRequest } from "../runtime.ts";
import type { EngineFacts, EngineOptions } from "./engine-options.ts";
import type { ShapeRequest } from "./runtime-shape.ts";

/** What the parent may ask of the child that runs llama.cpp, and what comes back. Everything is plain JSON. */
export interface ChildCalls {
  readonly start: { readonly arguments: EngineOptions; readonly result: EngineFacts };
  readonly load: { readonly arguments: LoadArguments; readonly result: LoadedFacts };
  readonly countTokens: { readonly arguments: { model: number; text: string }; readonly result: number };
  readonly complete: {
    readonly arguments: { model: number; request: CompletionRequest };
    readonly result: Completion;
  };
  readonly abort: { readonly arguments: { call: number }; readonly result: null };
  readonly unload: { readonly arguments: { model: number }; readonly result: null };
}

/**
 * Part of the child's environment: its native calls go through one thread. What they do is bound to one core; libuv's four
 * threads waking each other for every sampled token took a tenth of the time (measured with 32 sequences of a small model);
 * and calls are executed in their order, so that a token can be picked without asking this process when the decode has ended.
 */
export const ONE_THREAD = { UV_THREADPOOL_SIZE: "1" } as const;

export type CallName = keyof ChildCalls;

/** One call, as it goes through the channel. `id` is unique in the life of a child. */
export type CallMessage = {
  readonly [Name in CallName]: {
    readonly id: number;
    readonly name: Name;
    readonly arguments: ChildCalls[Name]["arguments"];
  };
}[CallName];

/** The answer to the call `id`: a result, or the text of the error. */
export type ReplyMessage =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: { readonly message: string; readonly hint?: string | undefined } };

/** Sent now and then while calls are pending. The number changes as long as the work advances. */
export interface ProgressMessage {
  readonly progress: number;
}

interface LoadArguments extends ShapeRequest {
  readonly modelPath: string;
}

export interface LoadedFacts {
  /** Names the model in later calls. */
  readonly model: number;
  readonly chat: ChatFormat;
  /** Completions to keep in flight: those that are generated side by side, and a few that wait. */
  readonly inFlight: number;
  /** Why it is worked on as it is. */
  readonly reasons: readonly string[];
}
