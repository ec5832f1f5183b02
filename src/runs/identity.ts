import { digestOf } from "../base/digest.ts";
import type { PlannedBenchmark } from "./schema.ts";

/** Everything about a model and how it is asked that determines its completions. Nothing else is in it. */
export interface IdentityParts {
  /** Digest of the tensors. */
  readonly weights: string;
  /** Digest of config.json. */
  readonly config: string;
  /** Digest of the tokenizer and its chat template. */
  readonly tokenizer: string;
  /** The type that weights are stored in for evaluation. */
  readonly gguf_type: string;
  /** Name and version of the merge method, where it is the caller's own: `mine@2`. */
  readonly merge_method?: string | undefined;
  readonly sampling: Readonly<Record<string, unknown>>;
  readonly seed: number;
  /** The runtime's build. */
  readonly runtime: string;
  /** Of a server: its command and its name of the model. */
  readonly server?: unknown;
  /** The day that chat templates are told, where one asks. */
  readonly date?: string | undefined;
  /** Tokens of context, where the person chose them. */
  readonly context_size?: number | undefined;
}

/** The name of all completions that a model could give. */
export function identityOf(parts: IdentityParts): string {
  return digestOf(parts);
}

/** The digest of what is asked of a benchmark. How many of its problems are asked, and how often, changes no completion. */
export function benchmarkIdentity({ name, version, data_sha256, prompt }: PlannedBenchmark): string {
  return digestOf({ name, version, data_sha256, prompt });
}

/** What the parts were in a store of version 1, whose digest held config and tokenizer themselves, and all benchmarks. */
export interface IdentityPartsV1
  extends Omit<IdentityParts, "config" | "tokenizer" | "date" | "context_size" | "merge_method"> {
  readonly config: unknown;
  readonly tokenizer: unknown;
}

/** The identity that a store of version 1 gave the same completions. */
export function identityV1(parts: IdentityPartsV1, benchmarks: readonly PlannedBenchmark[]): string {
  const asked = benchmarks.map(({ name, version, data_sha256, prompt }) => ({ name, version, data_sha256, prompt }));
  return digestOf({ ...parts, benchmarks: asked });
}
