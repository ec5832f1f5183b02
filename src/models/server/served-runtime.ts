import type { LoadedModel, LoadOptions, ModelRuntime } from "../runtime.ts";
import { connect, describeServer, type OpenAiServerOptions } from "./openai-server.ts";
import { freePort, ServerProcess } from "./server-process.ts";
import { fillCommand } from "./shell-command.ts";

export interface ServedRuntimeOptions extends Omit<OpenAiServerOptions, "url"> {
  /** A shell command; `{model}` or `{gguf}` in it is the path that is loaded, `{port}` a free port, `{name}` the model's name. */
  readonly command: string;
  /** Where the server will answer; `{port}` in it as in the command. */
  readonly url?: string | undefined;
  /** What the server may take until it answers: large models load for minutes. */
  readonly startSeconds?: number | undefined;
}

const DEFAULT_URL = "http://127.0.0.1:{port}/v1";

const DEFAULT_START_SECONDS = 600;

/** A runtime that starts an OpenAI-compatible server for every model it loads, and ends it when the model is disposed of. */
export function createServedRuntime({
  command,
  url = DEFAULT_URL,
  startSeconds = DEFAULT_START_SECONDS,
  ...server
}: ServedRuntimeOptions): ModelRuntime {
  const load = async (path: string, options: LoadOptions): Promise<LoadedModel> => {
    const port = String(await freePort());
    const values = { model: path, gguf: path, port, name: options.name ?? "" };
    const address = fill(url, values);
    const process = new ServerProcess(fillCommand(command, values));
    try {
      await process.ready([new URL(`${address.replace(/\/$/, "")}/models`)], startSeconds, options.signal);
      const model = await connect({ ...server, url: address }, options);
      return {
        ...model,
        complete: async (request, signal) => {
          const stop = signal === undefined ? process.died : AbortSignal.any([signal, process.died]);
          return await model.complete(request, stop);
        },
        [Symbol.asyncDispose]: () => process.stop(),
      };
    } catch (error) {
      await process.stop();
      throw error;
    }
  };
  return { build: describeServer(command), load, [Symbol.asyncDispose]: () => Promise.resolve() };
}

function fill(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\{(\w+)\}/g, (placeholder, key: string) => values[key] ?? placeholder);
}
