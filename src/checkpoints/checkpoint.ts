import type { TensorReader } from "../tensors/tensor-reader.ts";
import type { Tokenizer } from "./tokenizer/tokenizer.ts";
import type { TokenizerFiles } from "./tokenizer/tokenizer-source.ts";

/** Where a checkpoint of the hub came from. */
export interface HubOrigin {
  readonly repo: string;
  /** The commit that was fetched, whatever the revision was called. */
  readonly commit: string;
  /** What the cache lacks of it, where it was looked at and not fetched; else 0. */
  readonly bytesToFetch: number;
}

/** Weights, config and tokenizer on disk. The tensors are under their Hugging Face names and are read by ranges. */
export interface Checkpoint {
  readonly path: string;
  readonly format: "safetensors" | "gguf";
  readonly reader: TensorReader;
  /** config.json as it is; `readModelConfig` gives the typed view. */
  readonly config: Record<string, unknown>;
  /** The text of config.json, which knows how each number is written; a GGUF file has none. */
  readonly configText?: string | undefined;
  readonly tokenizerFiles: TokenizerFiles;
  /** Of a GGUF file, which has no tokenizer files; `readTokenizer` reads those of a folder. */
  readonly tokenizer?: Tokenizer;
  /** The folder of the adapter that is applied. */
  readonly adapterPath?: string | undefined;
  /** Of a checkpoint and its adapter that were fetched, in this order; empty for local ones. */
  readonly origins: readonly HubOrigin[];
  /** What a person should know of how it was read. */
  readonly notes?: readonly string[] | undefined;
  close(): Promise<void>;
}

/** The models of the hub among checkpoints, as `org/name@commit`, each once, in the order of their names. */
export function fetchedModels(checkpoints: Iterable<Checkpoint>): string[] {
  const origins = [...checkpoints].flatMap((checkpoint) => checkpoint.origins);
  return [...new Set(origins.map(({ repo, commit }) => `${repo}@${commit}`))].toSorted();
}

/** What fetching models of the hub is going to add to the cache, each once, in bytes. */
export function bytesToFetch(checkpoints: Iterable<Checkpoint>): number {
  const origins = [...checkpoints].flatMap((checkpoint) => checkpoint.origins);
  const missing = new Map(origins.map(({ repo, commit, bytesToFetch: bytes }) => [`${repo}@${commit}`, bytes]));
  return [...missing.values()].reduce((sum, bytes) => sum + bytes, 0);
}
