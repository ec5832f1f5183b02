import { createHash } from "node:crypto";
import type {
  NativeContext,
  NativeSampler,
  NativeSamplerConfig,
} from "../../../src/models/llama-cpp/native/native-context.ts";
import type { NativeModel } from "../../../src/models/llama-cpp/native/native-model.ts";

const VOCABULARY = 48;
const END = 0;
/** Tokens whose texts are parts of characters, of marks, and marks; all others are letters. */
const TEXTS = new Map<number, Uint8Array>([
  [1, Buffer.from("<th")],
  [2, Buffer.from("ink>")],
  [3, Buffer.from("</think>")],
  [4, Uint8Array.of(0xf0, 0x9f)],
  [5, Uint8Array.of(0x98, 0x80)],
  [6, Uint8Array.of(0xff)],
  [7, Buffer.from("\n")],
]);

interface BatchEntry {
  readonly sequence: number;
  readonly position: number;
  readonly tokens: readonly number[];
  readonly handles: ReadonlyMap<number, number>;
}

/** Logits that depend on every token before, as a model's do; the same on every machine. */
function logitsAfter(tokens: readonly number[]): number[] {
  const hash = createHash("sha256").update(tokens.join()).digest();
  return Array.from({ length: VOCABULARY }, (_, token) =>
    token === END ? (hash[31] ?? 0) - 235 : (hash[token % 32] ?? 0) ^ ((token * 7) & 255),
  );
}

/**
 * A model in JavaScript whose every completion follows from the tokens before it, and which watches over the rules that
 * llama.cpp does not check: what breaks them would be rounded differently there, or read memory that is in use.
 */
export class CheckingModel implements NativeModel {
  readonly inOrder: boolean;
  readonly alignment: number;
  readonly sequences: number;
  readonly vocabularySize = VOCABULARY;
  readonly contextTokens = 2000;
  readonly batchTokens = 64;
  readonly chatTemplate = undefined;
  readonly bosToken = undefined;
  readonly eosToken = undefined;
  /** What was done against the rules. */
  readonly faults = new Set<string>();
  /** Samplers that were made and not disposed of. */
  samplers = 0;
  readonly #held: number[][];
  #batch: BatchEntry[] = [];
  #size = 0;
  #handles = 0;
  #logits = new Map<number, number[]>();
  #queue: Promise<unknown> = Promise.resolve();
  #pending = 0;
  #decodes = 0;
  readonly #failingDecode: number | undefined;

  constructor(slots: number, options: { inOrder?: boolean; alignment?: number; failingDecode?: number } = {}) {
    this.inOrder = options.inOrder ?? true;
    this.alignment = options.alignment ?? 1;
    this.sequences = slots + 1;
    this.#held = Array.from({ length: this.sequences }, () => []);
    this.#failingDecode = options.failingDecode;
  }

  readonly vocabulary = {
    tokenize: (text: string): Uint32Array =>
      text === "\n</think>\n\n"
        ? Uint32Array.of(7, 3, 7, 7)
        : Uint32Array.from(Buffer.from(text), (byte) => 10 + (byte % (VOCABULARY - 10))),
    detokenize: (tokens: Uint32Array): string =>
      new TextDecoder().decode(
        Buffer.concat(Array.from(tokens, (token) => TEXTS.get(token) ?? Uint8Array.of(0x41 + (token % 52)))),
      ),
    isEogToken: (token: number): boolean => token === END,
    shouldPrependBosToken: (): boolean => false,
    tokenBos: (): number => 0,
  };

  readonly context: NativeContext = {
    initBatch: (size) => {
      this.#mustBeIdle("a batch was begun");
      this.#batch = [];
      this.#size = size;
      this.#handles = 0;
    },
    addToBatch: (sequence, position, tokens, logitIndexes) => {
      this.#mustBeIdle("a batch was filled");
      const handles = new Map(Array.from(logitIndexes, (index) => [index, this.#handles++]));
      this.#batch.push({ sequence, position, tokens: [...tokens], handles });
      return Uint32Array.from(handles.values());
    },
    decodeBatch: () => this.#decode(),
    sampleToken: this.#sample.bind(this),
    disposeSequence: (sequence) => {
      this.#mustBeIdle("a sequence was disposed of");
      this.#held[sequence] = [];
    },
    removeTokenCellsFromSequence: (sequence, start) => {
      this.#mustBeIdle("tokens were removed");
      this.#held[sequence]?.splice(start);
      return true;
    },
    copySequenceStateFromOtherSequence: (target, source) =>
      this.#enqueue(() => {
        this.#held[target] = [...(this.#held[source] ?? [])];
        return 0;
      }),
  };

  createSampler(): NativeSampler {
    this.samplers++;
    return new CheckingSampler(this);
  }

  dispose(): Promise<void> {
    return Promise.resolve();
  }

  fault(what: string): void {
    this.faults.add(what);
  }

  #mustBeIdle(what: string): void {
    if (this.#pending > 0) this.fault(`${what} while native work was under way`);
  }

  /** As libuv's one thread: in the order of the calls, later. */
  #enqueue<T>(work: () => T): Promise<T> {
    this.#pending++;
    const done = this.#queue.then(async () => {
      await new Promise((resolve) => setImmediate(resolve));
      return work();
    });
    const settled = done.finally(() => this.#pending--);
    this.#queue = settled.catch(() => {});
    return settled;
  }

  #decode(): Promise<void> {
    this.#mustBeIdle("a decode was asked for");
    const batch = this.#batch;
    const count = batch.reduce((sum, { tokens }) => sum + tokens.length, 0);
    if (count !== this.#size) this.fault(`a batch of ${count} tokens was begun as one of ${this.#size}`);
    if (count < 2) this.fault("a batch had one token");
    if (batch.some(({ sequence }, i) => i > 0 && sequence !== (batch[i - 1]?.sequence ?? 0) + 1)) {
      this.fault("the sequences of a batch had a gap");
    }
    if (batch.length > 1 && batch.some(({ tokens }) => tokens.length > 1)) this.fault("a prompt was not alone");
    const number = ++this.#decodes;
    return this.#enqueue(() => {
      if (number === this.#failingDecode) throw new Error("decoding failed");
      this.#logits = new Map();
      for (const { sequence, position, tokens, handles } of batch) {
        const held = this.#held[sequence] ?? [];
        if (held.length !== position) this.fault(`a token was put at ${position} of a sequence of ${held.length}`);
        for (const [index, token] of tokens.entries()) {
          held[position + index] = token;
          const handle = handles.get(index);
          if (handle !== undefined) this.#logits.set(handle, logitsAfter(held.slice(0, position + index + 1)));
        }
        this.#held[sequence] = held;
      }
    });
  }

  #sample(handle: number, sampler: NativeSampler): Promise<number>;
  #sample(
    handle: number,
    sampler: NativeSampler,
    ...more: [boolean, boolean, boolean]
  ): Promise<readonly [number, unknown, unknown, readonly number[]]>;
  #sample(
    handle: number,
    sampler: NativeSampler,
    ...more: boolean[]
  ): Promise<number | readonly [number, unknown, unknown, readonly number[]]> {
    if (!(sampler instanceof CheckingSampler)) throw new Error("Expected a sampler of this model");
    sampler.begin();
    return this.#enqueue(() => {
      sampler.end();
      const logits = this.#logits.get(handle);
      if (logits === undefined) this.fault("a token was picked where there were no logits");
      const best = sampler.order(logits ?? []);
      const token = best[0]?.[0] ?? 0;
      return more.length === 0 ? token : ([token, undefined, undefined, best.flat()] as const);
    });
  }
}

class CheckingSampler implements NativeSampler {
  readonly #model: CheckingModel;
  #config: NativeSamplerConfig = { temperature: 0 };
  #atWork = 0;
  #disposed = false;

  constructor(model: CheckingModel) {
    this.#model = model;
  }

  applyConfig(config: NativeSamplerConfig): void {
    if (this.#atWork > 0 || this.#disposed) this.#model.fault("a sampler was changed at work or after its end");
    this.#config = config;
  }

  dispose(): void {
    if (this.#atWork > 0 || this.#disposed) this.#model.fault("a sampler was disposed of at work or twice");
    this.#disposed = true;
    this.#model.samplers--;
  }

  begin(): void {
    const twice = this.#atWork > 0 && !this.#model.inOrder;
    if (twice || this.#disposed) this.#model.fault("a sampler was used twice at once or after its end");
    this.#atWork++;
  }

  end(): void {
    this.#atWork--;
  }

  order(logits: readonly number[]): [token: number, logit: number][] {
    const { repeatPenalty = 1, repeatPenaltyTokens = [], topK } = this.#config;
    const penalised = new Set(repeatPenaltyTokens);
    return logits
      .map((logit, token): [number, number] => {
        if (!penalised.has(token)) return [token, logit];
        return [token, logit <= 0 ? logit * repeatPenalty : logit / repeatPenalty];
      })
      .toSorted((a, b) => b[1] - a[1] || a[0] - b[0])
      .slice(0, topK);
  }
}
