import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BatchItem, EvaluationPriority, LlamaContext, PrioritizedBatchItem, Token } from "node-llama-cpp";
import type { NativeContext, NativeSampler, NativeSamplerConfig } from "./native-context.ts";

/** Logits that are asked for with every token: as many as the token picker looks at, for any sampling. */
const TOP_LOGITS = 1024;

/** Turns in which a batch waits for the rest of its sequences; more means that one of them failed. */
const MAX_WAITING_TURNS = 1000;

/**
 * The order and the completeness of batches. The library would decode what happens to be queued, in the order in which it
 * came, and llama.cpp then makes several passes of it: slower, and rounded by the timing.
 */
export class GangStrategy {
  /** Sequences that the next batch is to have. */
  expected = 0;
  #turns = 0;

  readonly prioritize = ({ items, size }: { items: readonly BatchItem[]; size: number }): PrioritizedBatchItem[] => {
    if (items.length < this.expected && this.#turns++ < MAX_WAITING_TURNS) return [];
    this.#turns = 0;
    let left = size;
    return items
      .toSorted((a, b) => b.evaluationPriority - a.evaluationPriority)
      .map((item) => {
        const processAmount = Math.min(left, item.tokens.length);
        left -= processAmount;
        return { item, processAmount };
      })
      .filter(({ processAmount }) => processAmount > 0);
  };
}

type PickedLogits = readonly [number, unknown, unknown, readonly number[]];

interface BatchEntry {
  readonly sequence: number;
  readonly tokens: Uint32Array;
  readonly logitIndexes: Uint32Array;
  readonly firstHandle: number;
}

/**
 * The decode loop's view of a context by the library's documented functions only: what takes over when the internals are
 * not those that are known. Slower (logits are sorted for every token, states are copied through files), and with the same
 * batches and so the same texts.
 */
export function publicContext(context: LlamaContext, gang: GangStrategy): NativeContext & { close(): Promise<void> } {
  const sequences = Array.from({ length: context.totalSequences }, () => context.getSequence());
  const states = mkdtempSync(join(tmpdir(), "mergesweep-state-"));
  let entries: BatchEntry[] = [];
  let handles = 0;
  const logits = new Map<number, ReadonlyMap<number, number>>();
  // Forgetting is asynchronous here and not in the internals: it has to be over before the next decode.
  let forgetting: Promise<unknown> = Promise.resolve();
  const sequenceOf = (slot: number): (typeof sequences)[number] => {
    const sequence = sequences[slot];
    if (sequence === undefined) throw new RangeError(`Expected a sequence below ${sequences.length}, found ${slot}`);
    return sequence;
  };

  const bestOf = (handle: number, sampler: NativeSampler): [token: number, logit: number][] => {
    const found = logits.get(handle);
    if (found === undefined || !(sampler instanceof PublicSampler)) throw new RangeError(`No logits for ${handle}`);
    return sampler.best(found);
  };
  function sample(handle: number, sampler: NativeSampler): Promise<number>;
  function sample(handle: number, sampler: NativeSampler, ...more: [boolean, boolean, boolean]): Promise<PickedLogits>;
  function sample(handle: number, sampler: NativeSampler, ...more: boolean[]): Promise<number | PickedLogits> {
    const best = bestOf(handle, sampler);
    const token = best[0]?.[0] ?? 0;
    return Promise.resolve(more.length === 0 ? token : [token, undefined, undefined, best.flat()]);
  }

  return {
    initBatch() {
      entries = [];
      handles = 0;
      logits.clear();
    },
    addToBatch(sequence, _position, tokens, logitIndexes) {
      entries.push({ sequence, tokens, logitIndexes, firstHandle: handles });
      return Uint32Array.from(logitIndexes, () => handles++);
    },
    async decodeBatch() {
      await forgetting;
      gang.expected = entries.length;
      await Promise.all(
        entries.map(async ({ sequence, tokens, logitIndexes, firstHandle }) => {
          const wanted = new Set(logitIndexes);
          const generateNext = { logits: { filter: { tokens: [], includeTop: TOP_LOGITS } } };
          const outputs = await sequenceOf(sequence).controlledEvaluate(
            Array.from(asTokens(tokens), (token, i) => (wanted.has(i) ? [token, { generateNext }] : token)),
            // The least slot first. Documented as 1 to 5; only compared.
            // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
            { evaluationPriority: -sequence as EvaluationPriority },
          );
          for (const [i, index] of logitIndexes.entries()) {
            logits.set(firstHandle + i, outputs[index]?.next.logits ?? new Map());
          }
        }),
      );
    },
    sampleToken: sample,
    disposeSequence(sequence) {
      const { nextTokenIndex } = sequenceOf(sequence);
      if (nextTokenIndex > 0) forgetting = forgetting.then(() => sequenceOf(sequence).clearHistory());
    },
    removeTokenCellsFromSequence(sequence, start, end) {
      forgetting = forgetting.then(() => {
        const { nextTokenIndex } = sequenceOf(sequence);
        return sequenceOf(sequence).eraseContextTokenRanges([{ start, end: end < 0 ? nextTokenIndex : end }]);
      });
      return true;
    },
    async copySequenceStateFromOtherSequence(target, source) {
      await forgetting;
      const file = join(states, "state");
      await sequenceOf(source).saveStateToFile(file);
      await sequenceOf(target).loadStateFromFile(file, { acceptRisk: true });
      return sequenceOf(target).nextTokenIndex - 1;
    },
    async close() {
      await forgetting;
      await rm(states, { recursive: true, force: true });
    },
  };
}

/** Applies the repetition penalty and top_k to logits that the library has handed out. */
export class PublicSampler implements NativeSampler {
  #config: NativeSamplerConfig = { temperature: 0 };

  applyConfig(config: NativeSamplerConfig): void {
    this.#config = config;
  }

  dispose(): void {}

  /** Tokens and logits, the highest first, equal ones in the order of their ids. */
  best(logits: ReadonlyMap<number, number>): [token: number, logit: number][] {
    const { temperature, topK = TOP_LOGITS, repeatPenalty = 1, repeatPenaltyTokens = [] } = this.#config;
    const penalised = new Set(repeatPenalty === 1 ? [] : repeatPenaltyTokens);
    const penalise = (logit: number): number => (logit <= 0 ? logit * repeatPenalty : logit / repeatPenalty);
    return Array.from(logits, ([token, logit]): [number, number] => [
      token,
      // In single precision, as the native code computes.
      penalised.has(token) ? Math.fround(penalise(logit)) : logit,
    ])
      .toSorted((a, b) => b[1] - a[1] || a[0] - b[0])
      .slice(0, temperature === 0 ? 1 : topK);
  }
}

/** Token ids as the library's own (branded) type. */
export function asTokens(ids: Iterable<number>): Token[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a number with a brand
  return Array.from(ids) as Token[];
}
