import { seededRandom } from "../../base/random.ts";
import type { Sampling } from "../sampling.ts";
import { drawToken } from "./draw-token.ts";
import type { NativeSampler } from "./native/native-context.ts";
import type { NativeModel } from "./native/native-model.ts";
import { likeliest, type Samplers } from "./samplers.ts";

/** Picks the next token of one request from the logits of the step. */
export interface TokenPicker {
  pick(logits: number): Promise<number>;
  /** Tells of a token that is now part of the text, sampled or put in. */
  accept(token: number): void;
  dispose(): void;
}

/**
 * Tokens that a draw is made from at most. Sorting a vocabulary of 152k costs 9 ms a token; beyond the best thousand there
 * is no probability that could be measured, unless the temperature is far above 1.
 */
const MAX_CANDIDATES = 1024;

/**
 * Tokens that are asked for first: mostly they decide the draw, whatever the others are. llama.cpp finds up to 128 in one look
 * at the vocabulary, and each costs calls to hand it over.
 */
const FEW_CANDIDATES = 48;

/** Tokens beyond top_k that are looked at because they may tie with the k-th. */
const TIES = 16;

/** What a picker needs of a model. */
export interface PickedModel extends Pick<NativeModel, "createSampler" | "vocabularySize" | "contextTokens"> {
  readonly context: Pick<NativeModel["context"], "sampleToken">;
}

/**
 * Finding the likeliest tokens is left to the native code. Sampled ones are drawn here, because it would apply top_p before the
 * temperature.
 */
export function createTokenPicker(
  model: PickedModel,
  samplers: Samplers,
  sampling: Sampling,
  prompt: Uint32Array,
): TokenPicker {
  const { context } = model;
  const likely =
    sampling.repetitionPenalty === 1
      ? new SharedSamplers(samplers)
      : new PenalisingSampler(model, sampling.repetitionPenalty, prompt);
  const draw = new CandidateDraw(model, sampling);
  return {
    pick(logits) {
      // Equal ones: the first, as everywhere.
      if (sampling.temperature === 0) return context.sampleToken(logits, likely.of(1));
      return draw.next(async (candidates) => {
        const [, , , best = []] = await context.sampleToken(logits, likely.of(candidates), false, false, true);
        return best;
      });
    },
    accept: (token) => likely.accept(token),
    dispose: () => likely.dispose(),
  };
}

/** Samplers of a request, by how many of the likeliest tokens they give. */
class SharedSamplers {
  readonly #samplers: Samplers;
  readonly #taken = new Map<number, NativeSampler>();

  constructor(samplers: Samplers) {
    this.#samplers = samplers;
  }

  of(candidates: number): NativeSampler {
    const sampler = this.#taken.get(candidates) ?? this.#samplers.take(candidates);
    this.#taken.set(candidates, sampler);
    return sampler;
  }

  accept(): void {}

  dispose(): void {
    for (const sampler of this.#taken.values()) this.#samplers.giveBack(sampler);
  }
}

/** A sampler of a request's own, that knows its text. */
class PenalisingSampler {
  readonly #sampler: NativeSampler;
  readonly #penalty: number;
  readonly #contextTokens: number;
  readonly #tokens: number[];

  constructor(model: PickedModel, penalty: number, prompt: Uint32Array) {
    this.#sampler = model.createSampler();
    this.#penalty = penalty;
    this.#contextTokens = model.contextTokens;
    this.#tokens = [...prompt];
  }

  of(candidates: number): NativeSampler {
    this.#sampler.applyConfig({
      ...likeliest(candidates),
      repeatPenalty: this.#penalty,
      repeatPenaltyMaxTokens: this.#contextTokens,
      repeatPenaltyTokens: Uint32Array.from(this.#tokens),
    });
    return this.#sampler;
  }

  accept(token: number): void {
    this.#tokens.push(token);
  }

  dispose(): void {
    this.#sampler.dispose();
  }
}

/** Draws the tokens of a request, each from as few candidates as decide it. */
class CandidateDraw {
  readonly #sampling: Sampling;
  readonly #random: () => number;
  readonly #all: number;
  readonly #few: number;
  /** Candidates that decided the last draw: the next one is mostly like it. */
  #enough: number;

  constructor({ vocabularySize }: Pick<PickedModel, "vocabularySize">, sampling: Sampling) {
    const wanted = sampling.topK === 0 ? MAX_CANDIDATES : Math.min(sampling.topK + TIES, MAX_CANDIDATES);
    this.#sampling = sampling;
    this.#random = seededRandom(sampling.seed);
    this.#all = Math.min(wanted, vocabularySize);
    this.#few = sampling.topK === 0 ? Math.min(FEW_CANDIDATES, this.#all) : this.#all;
    this.#enough = this.#few;
  }

  /** @param bestOf gives so many of the likeliest tokens, each followed by its logit */
  async next(bestOf: (candidates: number) => Promise<readonly number[]>): Promise<number> {
    const random = this.#random();
    let best = await bestOf(this.#enough);
    let token = this.#drawFrom(best, this.#enough, random);
    if (token === undefined) {
      this.#enough = this.#all;
      best = await bestOf(this.#all);
      token = this.#drawFrom(best, this.#all, random);
    } else if (this.#enough > this.#few) {
      const few = this.#drawFrom(best.slice(0, 2 * this.#few), this.#few, random);
      if (few !== undefined) this.#enough = this.#few;
    }
    if (token === undefined) throw new RangeError("Expected at least one candidate token, found none");
    return token;
  }

  #drawFrom(best: readonly number[], candidates: number, random: number): number | undefined {
    return drawToken(best, this.#sampling, random, this.#all - candidates);
  }
}
