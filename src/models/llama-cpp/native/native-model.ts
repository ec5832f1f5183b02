import { setTimeout } from "node:timers/promises";
import type { LlamaContext, LlamaModel } from "node-llama-cpp";
import { WorkError } from "../../../base/errors.ts";
import { ONE_THREAD } from "../child-protocol.ts";
import { type EngineFacts, type EngineOptions, KV_STORAGE, type KvType } from "../engine-options.ts";
import type { ModelFacts } from "../runtime-shape.ts";
import type { PromptRules } from "../shared-prompt.ts";
import type { NativeContext, NativeSampler, NativeVocabulary } from "./native-context.ts";
import { internalContext, internalSamplers, internalVocabulary, missingInternals } from "./native-internals.ts";
import { NativeLog } from "./native-log.ts";
import { asTokens, GangStrategy, PublicSampler, publicContext } from "./public-context.ts";

/** A context of a loaded model, for a number of sequences. */
export interface NativeModel extends PromptRules {
  readonly context: NativeContext;
  readonly vocabulary: NativeVocabulary;
  readonly vocabularySize: number;
  /** Sequences the context has: fewer than asked for if memory is short. */
  readonly sequences: number;
  /** Whether `sampleToken` may be called before `decodeBatch` has ended: both run in one thread then, in the order of the calls. */
  readonly inOrder: boolean;
  readonly chatTemplate: string | undefined;
  readonly bosToken: string | undefined;
  readonly eosToken: string | undefined;
  createSampler(): NativeSampler;
  dispose(): Promise<void>;
}

/** Weights loaded into this process. */
export interface NativeWeights {
  readonly facts: ModelFacts;
  openContext(options: ContextOptions): Promise<NativeModel>;
  /** To be called after all contexts were disposed of. */
  dispose(): Promise<void>;
}

interface ContextOptions {
  /** Tokens a sequence must be able to hold; fewer if the model was made for fewer. */
  readonly contextTokens: number;
  readonly sequences: number;
  readonly batchTokens: number;
}

/** The engine in this process. */
export interface NativeEngine extends EngineFacts {
  readonly onGpu: boolean;
  /** Memory of the GPU that nobody uses, as llama.cpp reports it. */
  freeGpuBytes(): Promise<number>;
  loadWeights(modelPath: string): Promise<NativeWeights>;
}

/** Query tokens that llama.cpp's flash attention takes at a time on a CPU (GGML_FA_TILE_Q). */
const FLASH_ATTENTION_TILE = 64;

/** LLAMA_MAX_SEQ: more are refused. */
const MAX_SEQUENCES = 256;

/**
 * Starts llama.cpp in this process. To be called in a child process only: an assertion that fails in the native code ends
 * the process.
 *
 * @throws WorkError if there is no prebuilt library for this machine
 */
export async function startNativeEngine(options: EngineOptions): Promise<NativeEngine> {
  const { getLlama, InsufficientMemoryError, LlamaLogLevel } = await import("node-llama-cpp");
  // One thread: the thread pool spins, and two threads of a process meet on one core; more processes are the way to more cores.
  const log = new NativeLog();
  const llama = await getLlama({
    gpu: options.gpu,
    ...(options.gpu === false ? { maxThreads: 1 } : {}),
    build: "never",
    logLevel: LlamaLogLevel.error,
    logger: log.add,
    skipDownload: true,
  });
  const cpuOnly = llama.gpu === false;
  // Off on a CPU unless asked for: it rounds chunks of fewer than 64 tokens differently.
  const flashAttention = options.flashAttention ?? !cpuOnly;
  const missing = missingInternals(llama);
  const usePublicApi = options.api === "public" || missing.length > 0;

  return {
    build: describeBuild(await libraryVersion(), llama.gpu, { ...options, flashAttention, usePublicApi }),
    notice: usePublicApi ? describeFallBack(missing) : undefined,
    onGpu: !cpuOnly,
    freeGpuBytes: async () => (await llama.getVramState()).free,
    async loadWeights(modelPath) {
      log.clear();
      // checkTensors: without it NaN weights generate token 0 for ever.
      const loading = { modelPath, checkTensors: true, ...(cpuOnly ? { gpuLayers: 0 } : {}) };
      const model = await llama.loadModel(loading).catch((error: unknown) => explainRefusal(error, log));
      const vocabulary = usePublicApi ? publicVocabulary(model) : internalVocabulary(model);
      const metadata = model.fileInfo.metadata.tokenizer;
      const createSampler = usePublicApi ? () => new PublicSampler() : internalSamplers(llama, vocabulary);
      const createContext = async (
        { contextTokens, sequences, batchTokens }: ContextOptions,
        gang: GangStrategy,
      ): Promise<LlamaContext> => {
        try {
          return await model.createContext({
            sequences,
            contextSize: Math.min(contextTokens, model.trainContextSize),
            batchSize: batchTokens,
            flashAttention,
            experimentalKvCacheKeyType: KV_STORAGE[options.kvType].name,
            experimentalKvCacheValueType: KV_STORAGE[options.kvType].name,
            ...(cpuOnly ? { threads: 1 } : {}),
            ...(usePublicApi ? { batching: { itemPrioritizationStrategy: gang.prioritize } } : {}),
          });
        } catch (error) {
          // Two are one to generate with, and the spare one of the decode loop.
          if (!(error instanceof InsufficientMemoryError) || sequences <= 2) throw error;
          return await createContext(
            { contextTokens, sequences: Math.max(2, Math.floor(sequences / 2)), batchTokens },
            gang,
          );
        }
      };
      return {
        facts: readFacts(model, { kvType: options.kvType, flashAttention }),
        async openContext(wanted) {
          const gang = new GangStrategy();
          const context = await createContext(
            { ...wanted, sequences: Math.min(wanted.sequences, MAX_SEQUENCES) },
            gang,
          );
          const adapted = usePublicApi ? publicContext(context, gang) : undefined;
          return {
            context: adapted ?? internalContext(context),
            vocabulary,
            vocabularySize: metadata.ggml.tokens.length,
            sequences: context.totalSequences,
            inOrder: adapted === undefined && process.env.UV_THREADPOOL_SIZE === ONE_THREAD.UV_THREADPOOL_SIZE,
            contextTokens: Math.min(wanted.contextTokens, model.trainContextSize, context.contextSize),
            batchTokens: context.batchSize,
            alignment: flashAttention ? FLASH_ATTENTION_TILE : 1,
            chatTemplate: metadata.chat_template,
            // llama.cpp assumes id 11 where the file names none.
            bosToken: metadata.ggml.bos_token_id === undefined ? undefined : (model.tokens.bosString ?? undefined),
            eosToken: metadata.ggml.eos_token_id === undefined ? undefined : (model.tokens.eosString ?? undefined),
            createSampler,
            async dispose() {
              await adapted?.close();
              // Also keeps the context from being garbage collected: the model would wait for its disposal for ever.
              await context.dispose();
            },
          };
        },
        dispose: () => model.dispose(),
      };
    },
  };
}

/** The log comes by the event loop: what was said of an error may come after it. */
const LOG_MILLISECONDS = 50;

/** @throws WorkError that says why llama.cpp refuses a model, in its own words */
async function explainRefusal(error: unknown, log: NativeLog): Promise<never> {
  await setTimeout(LOG_MILLISECONDS);
  const words = log.describe();
  if (words === undefined) throw error;
  throw new WorkError(`llama.cpp refuses the model: ${words}`, { cause: error });
}

function describeFallBack(missing: readonly string[]): string {
  const why = missing.length === 0 ? "as asked" : `because it is not the known version (no ${missing.join(", ")})`;
  return `Only public functions of node-llama-cpp are used, ${why}: slower, with the same texts.`;
}

function readFacts(
  model: LlamaModel,
  { kvType, flashAttention }: { kvType: KvType; flashAttention: boolean },
): ModelFacts {
  const { architectureMetadata: shape, metadata } = model.fileInfo;
  const heads = largest(shape.attention?.head_count);
  const keyValueHeads = largest(shape.attention?.head_count_kv ?? heads);
  const headSize = (shape.embedding_length ?? 0) / Math.max(1, heads);
  const keySize = shape.attention?.key_length ?? headSize;
  const valueSize = shape.attention?.value_length ?? headSize;
  return {
    fileBytes: model.size,
    attentionHeads: heads,
    feedForwardSize: largest(shape.feed_forward_length),
    vocabularySize: metadata.tokenizer.ggml.tokens.length,
    cacheBytesPerToken: (shape.block_count ?? 0) * keyValueHeads * (keySize + valueSize) * KV_STORAGE[kvType].bytes,
    flashAttention,
  };
}

/** Some architectures have a number for every layer. */
function largest(value: number | readonly number[] | undefined): number {
  return typeof value === "object" ? Math.max(0, ...value) : (value ?? 0);
}

function publicVocabulary(model: LlamaModel): NativeVocabulary {
  return {
    tokenize: (text, specialTokens) => Uint32Array.from(model.tokenize(text, specialTokens)),
    detokenize: (tokens, specialTokens) => model.detokenize(asTokens(tokens), specialTokens),
    isEogToken: (token) => asTokens([token]).some((one) => model.isEogToken(one)),
    shouldPrependBosToken: () => model.tokens.shouldPrependBosToken,
    tokenBos: () => model.tokens.bos ?? 0,
  };
}

/** `node-llama-cpp 3.22.1 (cpu zen4)`, and what of the options changes the rounding. */
function describeBuild(
  version: string,
  gpu: string | false,
  { kvType, flashAttention, usePublicApi }: EngineOptions & { usePublicApi: boolean },
): string {
  const parts = [`node-llama-cpp ${version} (${gpu === false ? `cpu ${cpuKernels()}` : gpu})`];
  if (kvType !== "f16") parts.push(`kv ${kvType}`);
  if (flashAttention !== (gpu !== false)) parts.push(`flash attention ${flashAttention === true ? "on" : "off"}`);
  if (usePublicApi) parts.push("public functions");
  return parts.join(", ");
}

async function libraryVersion(): Promise<string> {
  const { getModuleVersion } = await import("node-llama-cpp");
  return getModuleVersion();
}

/** Which of the CPU libraries was taken (`zen4`, `haswell`, ...): their kernels round differently. */
function cpuKernels(): string {
  // The report would look up the names of network peers otherwise.
  Object.assign(process.report, { excludeNetwork: true });
  const report: unknown = process.report.getReport();
  const files = typeof report === "object" && report !== null ? Reflect.get(report, "sharedObjects") : undefined;
  for (const file of Array.isArray(files) ? files : []) {
    const found = /ggml-cpu-(\w+)\.\w+$/.exec(String(file));
    if (found?.[1] !== undefined) return found[1];
  }
  return process.arch;
}
