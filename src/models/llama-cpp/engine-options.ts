import { ConfigError } from "../../base/errors.ts";

/** Types that keys and values of past tokens are stored in, by llama.cpp's names, and bytes of an element. */
export const KV_STORAGE = {
  f32: { name: "F32", bytes: 4 },
  f16: { name: "F16", bytes: 2 },
  bf16: { name: "BF16", bytes: 2 },
  q8_0: { name: "Q8_0", bytes: 34 / 32 },
  q4_0: { name: "Q4_0", bytes: 18 / 32 },
} as const;

/** `f16` is llama.cpp's own choice. */
export type KvType = keyof typeof KV_STORAGE;

/** How llama.cpp is started: what holds for every model that it loads. */
export interface EngineOptions {
  /** `false` runs on the CPU; `auto` takes the best device there is. */
  readonly gpu: false | "auto";
  readonly kvType: KvType;
  /** Chosen by the device if left out: off on a CPU, on elsewhere. */
  readonly flashAttention?: boolean | undefined;
  /** `public` uses documented functions of node-llama-cpp only, as is done without asking if its internals have changed. */
  readonly api: "internal" | "public";
}

/** What is known of an engine that runs. */
export interface EngineFacts {
  /** `node-llama-cpp 3.22.1 (cpu zen4)`, and the options that change completions, if they are not the usual ones. */
  readonly build: string;
  /** Something that the user should know. */
  readonly notice?: string | undefined;
}

/** @throws ConfigError for options that llama.cpp does not take together */
export function checkEngineOptions({ gpu, kvType, flashAttention }: EngineOptions): void {
  const quantised = kvType === "q8_0" || kvType === "q4_0";
  if (!quantised || (flashAttention ?? gpu !== false)) return;
  throw new ConfigError(`Expected flash attention with kv_type ${kvType}: llama.cpp stores quantised values only so`, {
    hint: "Set flash_attention to true, or kv_type to f16.",
  });
}
