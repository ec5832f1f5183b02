import { alignUp, formatBytes } from "../../base/bytes.ts";
import { countOf } from "../../base/count-of.ts";
import { WorkError } from "../../base/errors.ts";

/** What of a model decides how much memory its work takes. */
export interface ModelFacts {
  /** Of the weights. The file is mapped: however many processes load it, it is in memory once. */
  readonly fileBytes: number;
  readonly attentionHeads: number;
  readonly feedForwardSize: number;
  readonly vocabularySize: number;
  /** Keys and values of all layers. */
  readonly cacheBytesPerToken: number;
  /** Attention that never has all scores in memory. */
  readonly flashAttention: boolean;
}

/** What there is, and what is asked for. */
export interface ShapeRequest {
  /** Tokens that a sequence must be able to hold. */
  readonly contextTokens: number;
  /** Sequences at the most; chosen if left out. */
  readonly sequences?: number | undefined;
  /** Prompt tokens in one go; chosen if left out. */
  readonly batchTokens?: number | undefined;
  /** Memory for all processes that do this work. */
  readonly memoryBytes: number;
  readonly processes: number;
  /** Models of this size that the processes have in memory at the same time: one, or one each. */
  readonly models: number;
}

/** Tokens per second with so many sequences, as measured: of CPU time on a CPU, by the clock on a GPU. */
export interface ProbedSpeed {
  readonly sequences: number;
  readonly tokensPerSecond: number;
}

/** How a process works on a model. */
export interface RuntimeShape {
  /** Generated side by side. The decode loop has one more, for the beginning that prompts share. */
  readonly sequences: number;
  /** Prompt tokens that are evaluated in one go. */
  readonly batchTokens: number;
  /** Why: a sentence for each choice. */
  readonly reasons: readonly string[];
}

/** Sequences that are decoded side by side if nothing was measured: on a CPU the gain ends about here. */
const DEFAULT_SEQUENCES = 16;

/** Sequences that are tried. Weights are read once for all; beyond 32 the cache of a processor is too small for the rest. */
export const PROBED_SEQUENCES = { cpu: [8, 16, 32], gpu: [16, 32, 64, 128] } as const;

/** Of what a GPU has free after a model was loaded: llama.cpp's own buffers come on top of what is counted here. */
const GPU_SHARE = 0.9;

/**
 * The same request for a process that has a GPU to itself.
 *
 * @param freeBytes of the GPU's memory, as llama.cpp reports it while the weights are loaded
 */
export function onGpu(
  request: ShapeRequest,
  { fileBytes }: Pick<ModelFacts, "fileBytes">,
  freeBytes: number,
): ShapeRequest {
  const memoryBytes = GPU_SHARE * freeBytes + fileBytes + PROCESS_BYTES;
  return { ...request, memoryBytes, processes: 1, models: 1 };
}

/** More sequences have to be so much faster: they take memory, and the last ones of a benchmark run alone. */
const WORTH_MORE_SEQUENCES = 1.05;

/** A larger batch gains nothing on a CPU. All are multiples of what flash attention takes at a time. */
const BATCH_SIZES = [512, 256, 128, 64] as const;

/** The share of a process's memory that a batch of prompt tokens may take. */
const BATCH_SHARE = 0.25;

/** Node and the libraries, before a model is loaded. */
const PROCESS_BYTES = 150e6;

/** llama.cpp rounds contexts up to this. */
const CONTEXT_STEP = 256;

/**
 * Chooses how many sequences a process generates side by side, and how many prompt tokens it takes at a time: as many as
 * are faster by the probe, as far as they fit into memory when every one of them grows to its full length.
 *
 * @throws WorkError if not even one sequence fits
 */
export function chooseRuntimeShape(
  model: ModelFacts,
  { contextTokens, sequences, batchTokens: askedBatch, memoryBytes, processes, models }: ShapeRequest,
  probed: readonly ProbedSpeed[] = [],
): RuntimeShape {
  const context = alignUp(contextTokens, CONTEXT_STEP);
  const budget = (memoryBytes - models * model.fileBytes) / processes - PROCESS_BYTES;
  const fittingBatch = BATCH_SIZES.find((size) => batchBytes(model, size, context) <= budget * BATCH_SHARE) ?? 64;
  const batchTokens = askedBatch ?? fittingBatch;
  const each = sequenceBytes(model, context);
  const fits = Math.floor((budget - batchBytes(model, batchTokens, context)) / each) - 1;
  const weights = `${countOf(models, "model")} of ${formatBytes(model.fileBytes)}`;
  const room = `${formatBytes(Math.max(0, Math.round(budget)))} beside ${weights} for each of ${countOf(processes, "process", "processes")}`;
  if (fits < 1) {
    throw new WorkError(
      `Expected memory for a sequence of ${contextTokens} tokens and a spare one (${formatBytes(2 * each)}), found ${room}`,
      { hint: "Lower max_tokens, use fewer --workers, or a cache of another type (kv_type: q8_0)." },
    );
  }
  const wanted = sequences === undefined ? fastest(probed) : { count: sequences, why: "as asked" };
  const reasons = [
    fits < wanted.count
      ? `${countOf(fits, "sequence")}: more of ${contextTokens} tokens (${formatBytes(each)}) do not fit into ${room}; ${wanted.count} would be taken (${wanted.why})`
      : `${countOf(wanted.count, "sequence")}: ${wanted.why}`,
    askedBatch !== undefined
      ? `prompts in batches of ${batchTokens} tokens: as asked`
      : batchTokens === BATCH_SIZES[0]
        ? `prompts in batches of ${batchTokens} tokens: more are no faster`
        : `prompts in batches of ${batchTokens} tokens: the attention of more to ${contextTokens} tokens takes too much of ${room}`,
  ];
  return { sequences: Math.min(fits, wanted.count), batchTokens, reasons };
}

/** The least number of sequences that is about as fast as the fastest. */
function fastest(probed: readonly ProbedSpeed[]): { count: number; why: string } {
  const best = Math.max(...probed.map(({ tokensPerSecond }) => tokensPerSecond));
  const least = probed.find(({ tokensPerSecond }) => tokensPerSecond * WORTH_MORE_SEQUENCES >= best);
  if (least === undefined) return { count: DEFAULT_SEQUENCES, why: "nothing was measured" };
  const speeds = probed.map(({ sequences, tokensPerSecond }) => `${sequences}: ${Math.round(tokensPerSecond)}`);
  return { count: least.sequences, why: `tokens per second of a process with ${speeds.join(", ")}` };
}

/** The cache at its full length, a row of logits, and the candidates of the sampler (12 bytes each). */
function sequenceBytes({ cacheBytesPerToken, vocabularySize }: ModelFacts, contextTokens: number): number {
  return contextTokens * cacheBytesPerToken + vocabularySize * 16;
}

/** What the largest layer of a batch has in memory: the feed-forward activations, and attention scores with their softmax. */
function batchBytes(model: ModelFacts, batchTokens: number, contextTokens: number): number {
  const scores = model.flashAttention ? 0 : 2 * model.attentionHeads * contextTokens;
  return batchTokens * (scores + 3 * model.feedForwardSize) * Float32Array.BYTES_PER_ELEMENT;
}
