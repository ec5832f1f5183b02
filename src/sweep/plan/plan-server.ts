import { ConfigError } from "../../base/errors.ts";
import { readModelReference } from "../../checkpoints/model-reference.ts";
import type { ModelRuntime } from "../../models/runtime.ts";
import { createOpenAiRuntime, type OpenAiServerOptions } from "../../models/server/openai-server.ts";
import { createServedRuntime, type ServedRuntimeOptions } from "../../models/server/served-runtime.ts";
import type { RuntimeConfig, SweepFile } from "../file/config.ts";

/** How the points' weights get to a server: as a checkpoint folder, as a GGUF file, or not at all: it has them already. */
type WeightsForm = "folder" | "gguf" | "none";

/** Completions by an OpenAI-compatible server. */
export interface ServerPlan {
  readonly weights: WeightsForm;
  /** What the results depend on: not where the server is, nor how many requests it gets at once. */
  readonly identity: Readonly<Record<string, string | undefined>>;
  createRuntime(): ModelRuntime;
}

/** What a sweep file and flags say together. */
interface ServerSettings {
  readonly runtime: RuntimeConfig;
  readonly serve: string | undefined;
}

/**
 * Checks what a sweep says about its server.
 *
 * @param units the points and references
 * @returns undefined for a sweep without one
 * @throws ConfigError for a server that could not do the sweep
 */
export function planServer(
  { root, config, document }: SweepFile,
  { runtime, serve }: ServerSettings,
  units: readonly unknown[],
  generation: { readonly max_thinking_tokens: number | null },
): ServerPlan | undefined {
  const { url, model, concurrency, api_key_env: keyName, start_seconds: startSeconds, ...engine } = runtime;
  const said = [url, model, concurrency, keyName, startSeconds, serve].some((value) => value !== undefined);
  if (!said) return undefined;
  const refuse = (path: readonly string[], message: string, hint?: string): never => {
    throw new ConfigError(`${document.locate(path)}: ${message}`, { hint });
  };
  const [setting] = Object.keys(engine);
  if (setting !== undefined) {
    refuse(["runtime", setting], `${setting} is for llama.cpp as it is run here; a server is told by its own command`);
  }
  if (generation.max_thinking_tokens !== null) {
    refuse(["generation"], "a server cannot keep to max_thinking_tokens: the completions protocol has no word for it");
  }
  const apiKey = keyName === undefined ? undefined : process.env[keyName];
  if (keyName !== undefined && apiKey === undefined) {
    refuse(["runtime", "api_key_env"], `the environment variable ${keyName} is not set`);
  }
  const common = { model, concurrency, apiKey };
  if (serve === undefined) {
    if (url === undefined) {
      return refuse(["runtime"], "expected the url of a server, or a command that starts one under serve");
    }
    if (url.includes("{port}")) {
      refuse(["runtime", "url"], `${url}: {port} is known of a server that serve starts; write the number`);
    }
    if (units.length > 1 && model?.includes("{name}") !== true) {
      refuse(
        ["runtime"],
        `the server at ${url} has one model, the sweep has ${units.length} points`,
        'Start a server for each: serve: "vllm serve {model} --port {port}". Or name its models by point: model: "{name}".',
      );
    }
    return planRunning({ url, ...common });
  }
  const forms = (["model", "gguf"] as const).filter((key) => serve.includes(`{${key}}`));
  const [form] = forms;
  if (forms.length !== 1) refuse(["serve"], "expected {model} (a checkpoint folder) or {gguf} (a file) in the command");
  const adapted = Object.entries(config.references).find(
    ([, reference]) => readModelReference(reference, [root]).adapter !== undefined,
  );
  if (form === "model" && adapted !== undefined) {
    refuse(
      ["references", adapted[0]],
      "a server cannot be given a model and its adapter as a folder",
      "Write {gguf} in the command, or apply the adapter first: mergesweep merge",
    );
  }
  if (!serve.includes("{port}") && (url === undefined || url.includes("{port}"))) {
    refuse(["serve"], "expected {port} in the command, or the url of the server under runtime");
  }
  return planServed({ command: serve, url, startSeconds, ...common }, form === "model" ? "folder" : "gguf");
}

function planRunning(options: OpenAiServerOptions): ServerPlan {
  return {
    weights: "none",
    identity: { kind: "openai-server", model: options.model },
    createRuntime: () => createOpenAiRuntime(options),
  };
}

function planServed(options: ServedRuntimeOptions, weights: WeightsForm): ServerPlan {
  return {
    weights,
    identity: { kind: "openai-server", serve: options.command, model: options.model },
    createRuntime: () => createServedRuntime(options),
  };
}
