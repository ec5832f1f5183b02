/**
 * The part of node-llama-cpp's native objects that the decode loop stands on. They are internals of the exact version that
 * package.json pins; `native-internals.ts` is the only file that knows where they are found.
 */
export interface NativeContext {
  /** Begins a batch of at most `size` tokens. */
  initBatch(size: number): void;
  /** Adds tokens of one sequence from `position` on; returns a handle for the logits at each of `logitIndexes`. */
  addToBatch(sequence: number, position: number, tokens: Uint32Array, logitIndexes: Uint32Array): Uint32Array;
  decodeBatch(): Promise<void>;
  sampleToken(logits: number, sampler: NativeSampler): Promise<number>;
  /** With logits: `[token, , , [token, logit, token, logit, ...]]`, best first, of what the sampler's top_k left. */
  sampleToken(
    logits: number,
    sampler: NativeSampler,
    probabilities: boolean,
    confidence: boolean,
    returnLogits: boolean,
  ): Promise<readonly [number, unknown, unknown, readonly number[] | undefined]>;
  disposeSequence(sequence: number): void;
  /** Forgets the tokens from `start` up to and without `end` (-1: all of them). */
  removeTokenCellsFromSequence(sequence: number, start: number, end: number): boolean;
  copySequenceStateFromOtherSequence(target: number, source: number): Promise<number>;
}

export interface NativeSampler {
  applyConfig(config: NativeSamplerConfig): void;
  dispose(): void;
}

export interface NativeSamplerConfig {
  readonly temperature: number;
  readonly topK?: number;
  readonly seed?: number;
  readonly repeatPenalty?: number;
  readonly repeatPenaltyMaxTokens?: number;
  readonly repeatPenaltyTokens?: Uint32Array;
}

export interface NativeVocabulary {
  tokenize(text: string, specialTokens: boolean): Uint32Array;
  detokenize(tokens: Uint32Array, specialTokens: boolean): string;
  isEogToken(token: number): boolean;
  shouldPrependBosToken(): boolean;
  tokenBos(): number;
}
