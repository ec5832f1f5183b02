import { ConfigError } from "../../base/errors.ts";
import type { YamlDocument } from "../../base/yaml/yaml-document.ts";
import { checkEngineOptions, type EngineOptions } from "../../models/llama-cpp/engine-options.ts";
import type { RuntimeConfig } from "../file/config.ts";

/** What a sweep says about llama.cpp; what it leaves out is llama.cpp's or the device's own choice. */
export type EnginePlan = Partial<Pick<EngineOptions, "gpu" | "kvType" | "flashAttention">>;

/** @throws ConfigError, with the place, for options that llama.cpp does not take together */
export function planEngine(runtime: RuntimeConfig, document: YamlDocument): EnginePlan {
  const { gpu, kv_type: kvType, flash_attention: flashAttention } = runtime;
  try {
    checkEngineOptions({ gpu: gpu ?? false, kvType: kvType ?? "f16", flashAttention, api: "internal" });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(`${document.locate(["runtime"])}: ${error.message}`, { hint: error.hint, cause: error });
  }
  return {
    ...(gpu === undefined ? {} : { gpu }),
    ...(kvType === undefined ? {} : { kvType }),
    ...(flashAttention === undefined ? {} : { flashAttention }),
  };
}
