/** What one round of generation took. */
export interface Round {
  /** Generated tokens of all sequences, prompts not counted. */
  readonly tokens: number;
  readonly seconds: number;
  /** Of all processes that took part; NaN where the system does not tell. */
  readonly cpuSeconds: number;
}

/** An engine with a model loaded, ready to let all its sequences answer their prompts. */
export interface Contestant {
  round(): Promise<Round>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** What is asked of every contestant alike. */
export interface Job {
  readonly modelPath: string;
  readonly prompts: readonly string[];
  /** Sequences of each process. */
  readonly sequences: number;
  readonly processes: number;
  /** Whether llama.cpp may take a GPU. */
  readonly gpu?: boolean;
  /** Tokens that each sequence generates. */
  readonly tokens: number;
}

/** Tokens of context a sequence gets: enough for every prompt of the benchmark models, and the answer. */
export function contextTokens({ tokens }: Pick<Job, "tokens">): number {
  return tokens + 64;
}
