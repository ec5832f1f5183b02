import { WorkError } from "../base/errors.ts";

/**
 * The part of node-llama-cpp's native objects that the decode loop stands on. They are internals of the exact version that
 * package.json pins; `native-model.ts` is the only file that knows where they are found.
 */
interface NativeContext {
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

interface NativeSampler {
  applyConfig(config: NativeSamplerConfig): void;
  dispose(): void;
}

interface NativeSamplerConfig {
  readonly temperature: number;
  readonly topK?: number;
  readonly seed?: number;
  readonly repeatPenalty?: number;
  readonly repeatPenaltyMaxTokens?: number;
  readonly repeatPenaltyTokens?: Uint32Array;
}

interface NativeVocabulary {
  tokenize(text: string, specialTokens: boolean): Uint32Array;
  detokenize(tokens: Uint32Array, specialTokens: boolean): string;
  isEogToken(token: number): boolean;
  shouldPrependBosToken(): boolean;
  tokenBos(): number;
}

/** A model loaded into this process, with a context for a number of sequences. */
export interface NativeModel {
  readonly context: NativeContext;
  readonly vocabulary: NativeVocabulary;
  readonly vocabularySize: number;
  /** Sequences the context has: fewer than asked for if memory is short. */
  readonly sequences: number;
  /** Tokens a sequence can hold. */
  readonly contextTokens: number;
  /** Tokens one decode may take. */
  readonly batchTokens: number;
  readonly chatTemplate: string | undefined;
  readonly bosToken: string | undefined;
  readonly eosToken: string | undefined;
  createSampler(): NativeSampler;
  dispose(): Promise<void>;
}

interface NativeModelOptions {
  readonly modelPath: string;
  /** Tokens a sequence must be able to hold. */
  readonly contextTokens: number;
  readonly sequences: number;
}

/** The engine in this process. */
export interface NativeEngine {
  /** `node-llama-cpp 3.22.1 (cpu zen4)` */
  readonly build: string;
  loadModel(options: NativeModelOptions): Promise<NativeModel>;
}

/** Tokens of a prompt that are evaluated in one go. Larger gains nothing on a CPU, and costs memory. */
const BATCH_TOKENS = 512;

/** LLAMA_MAX_SEQ: more are refused. */
const MAX_SEQUENCES = 256;

/**
 * Starts llama.cpp in this process. To be called in a child process only: an assertion that fails in the native code ends
 * the process.
 *
 * @throws WorkError if there is no prebuilt library for this machine
 */
export async function startNativeEngine(gpu: false | "auto"): Promise<NativeEngine> {
  const { getLlama, InsufficientMemoryError, LlamaLogLevel } = await import("node-llama-cpp");
  // One thread: the thread pool spins, and two threads of a process meet on one core; more processes are the way to more cores.
  const llama = await getLlama({
    gpu,
    ...(gpu === false ? { maxThreads: 1 } : {}),
    build: "never",
    logLevel: LlamaLogLevel.error,
    skipDownload: true,
  });
  const createSampler = samplerFactory(llama);

  return {
    build: `node-llama-cpp ${await libraryVersion()} (${llama.gpu === false ? `cpu ${cpuKernels()}` : llama.gpu})`,
    async loadModel({ modelPath, contextTokens, sequences }) {
      // checkTensors: without it NaN weights generate token 0 for ever.
      const model = await llama.loadModel({
        modelPath,
        checkTensors: true,
        ...(llama.gpu === false ? { gpuLayers: 0 } : {}),
      });
      try {
        const tokens = Math.min(contextTokens, model.trainContextSize);
        const createContext = async (count: number): ReturnType<typeof model.createContext> => {
          try {
            return await model.createContext({
              sequences: count,
              contextSize: tokens,
              batchSize: BATCH_TOKENS,
              // Off on a CPU: with it, the length of a prompt chunk and the thread count change the rounding of the logits.
              ...(llama.gpu === false ? { flashAttention: false, threads: 1 } : {}),
            });
          } catch (error) {
            // Two are one to generate with, and the spare one of the decode loop.
            if (!(error instanceof InsufficientMemoryError) || count <= 2) throw error;
            return await createContext(Math.max(2, Math.floor(count / 2)));
          }
        };
        const context = await createContext(Math.min(sequences, MAX_SEQUENCES));
        const vocabulary = nativeVocabulary(model);
        const metadata = model.fileInfo.metadata.tokenizer;
        return {
          context: nativeContext(context),
          vocabulary,
          vocabularySize: model.fileInfo.metadata.tokenizer.ggml.tokens.length,
          sequences: context.totalSequences,
          contextTokens: Math.min(tokens, context.contextSize),
          batchTokens: context.batchSize,
          chatTemplate: metadata.chat_template,
          // llama.cpp assumes id 11 where the file names none.
          bosToken: metadata.ggml.bos_token_id === undefined ? undefined : (model.tokens.bosString ?? undefined),
          eosToken: metadata.ggml.eos_token_id === undefined ? undefined : (model.tokens.eosString ?? undefined),
          createSampler: () => createSampler(vocabulary),
          async dispose() {
            // Also keeps the context from being garbage collected: the model would wait for its disposal for ever.
            await context.dispose();
            await model.dispose();
          },
        };
      } catch (error) {
        await model.dispose();
        throw error;
      }
    },
  };
}

const CONTEXT_METHODS = [
  "initBatch",
  "addToBatch",
  "decodeBatch",
  "sampleToken",
  "disposeSequence",
  "removeTokenCellsFromSequence",
  "copySequenceStateFromOtherSequence",
] as const;
const VOCABULARY_METHODS = ["tokenize", "detokenize", "isEogToken", "shouldPrependBosToken", "tokenBos"] as const;

function nativeContext(context: object): NativeContext {
  return internal<NativeContext>(context, "_ctx", CONTEXT_METHODS);
}

function nativeVocabulary(model: object): NativeVocabulary {
  return internal<NativeVocabulary>(model, "_model", VOCABULARY_METHODS);
}

/** An internal object of the library, after a check that it has the methods that are used. */
function internal<Shape extends object>(
  owner: object,
  name: string,
  methods: readonly (keyof Shape & string)[],
): Shape {
  const value: unknown = Reflect.get(owner, name);
  const missing = methods.filter(
    (method) => typeof value !== "object" || value === null || typeof Reflect.get(value, method) !== "function",
  );
  if (missing.length > 0) {
    throw new WorkError(
      `Expected node-llama-cpp's ${name} to have the methods ${methods.join(", ")}; found none named ${missing.join(", ")}`,
      { hint: "Install the exact version that package.json names (npm ci)." },
    );
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- checked above as far as it can be
  return value as Shape;
}

function samplerFactory(llama: object): (vocabulary: NativeVocabulary) => NativeSampler {
  const bindings: unknown = Reflect.get(llama, "_bindings");
  const Sampler: unknown =
    typeof bindings === "object" && bindings !== null ? Reflect.get(bindings, "AddonSampler") : undefined;
  if (typeof Sampler !== "function") {
    throw new WorkError("Expected node-llama-cpp's bindings to have AddonSampler, found none", {
      hint: "Install the exact version that package.json names (npm ci).",
    });
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the class makes is not typed anywhere
  return (vocabulary) => Reflect.construct(Sampler, [vocabulary]) as NativeSampler;
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
