import { WorkError } from "../../../src/base/errors.ts";
import type { ChatFormat } from "../../../src/checkpoints/tokenizer/chat-format.ts";
import type { Completion, CompletionRequest, LoadedModel, ModelRuntime } from "../../../src/models/runtime.ts";

/** What a script says to a prompt. What it leaves out is filled in: `stop`, and a token for every word. */
type ScriptedAnswer = Partial<Completion> & Pick<Completion, "text">;

interface ScriptedRuntimeOptions {
  readonly build?: string;
  readonly chat?: ChatFormat;
  /** The number of sequences if `load` does not say. */
  readonly sequences?: number;
}

/** A runtime whose model is a function: for tests of everything above it. The function may throw what an engine would. */
export function createScriptedRuntime(
  script: (prompt: string, request: CompletionRequest, modelPath: string) => ScriptedAnswer | Promise<ScriptedAnswer>,
  { build = "scripted", chat = PLAIN, sequences = 4 }: ScriptedRuntimeOptions = {},
): ModelRuntime {
  return {
    build,
    load: (modelPath, options) => {
      let disposed = false;
      const model: LoadedModel = {
        chat,
        sequences: options.sequences ?? sequences,
        countTokens: (text) => Promise.resolve(countWords(text)),
        async complete(request, signal) {
          signal?.throwIfAborted();
          if (disposed) throw new WorkError("Expected a model that is loaded, found one that was disposed of");
          const answer = await script(request.prompt, request, modelPath);
          signal?.throwIfAborted();
          return {
            finishReason: "stop",
            promptTokens: countWords(request.prompt),
            completionTokens: countWords(answer.text),
            thinkingTokens: countThinking(answer.text),
            milliseconds: 0,
            ...answer,
          };
        },
        [Symbol.asyncDispose]: () => {
          disposed = true;
          return Promise.resolve();
        },
      };
      return Promise.resolve(model);
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

const PLAIN: ChatFormat = { template: undefined, bosToken: undefined, eosToken: undefined };

function countWords(text: string): number {
  return text.split(/\s+/).filter((word) => word !== "").length;
}

function countThinking(text: string): number | null {
  const end = text.indexOf("</think>");
  return end < 0 ? null : countWords(text.slice(0, end + "</think>".length));
}
