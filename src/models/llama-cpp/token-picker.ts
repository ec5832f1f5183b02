import { seededRandom } from "../../base/random.ts";
import type { Sampling } from "../sampling.ts";
import { drawToken } from "./draw-token.ts";
import type { NativeModel } from "./native/native-model.ts";

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

/** Tokens beyond top_k that are looked at because they may tie with the k-th. */
const TIES = 16;

/**
 * Greedy picking is left to the native code. Sampled tokens are drawn here, from the native code's candidates, because it
 * would apply top_p before the temperature.
 */
export function createTokenPicker(model: NativeModel, sampling: Sampling, prompt: Uint32Array): TokenPicker {
  const sampler = model.createSampler();
  const random = seededRandom(sampling.seed);
  const greedy = sampling.temperature === 0;
  const wanted = sampling.topK === 0 ? MAX_CANDIDATES : Math.min(sampling.topK + TIES, MAX_CANDIDATES);
  const settings = greedy
    ? { temperature: 0 }
    : { temperature: 1, topK: Math.min(wanted, model.vocabularySize), seed: sampling.seed };
  const penalised = sampling.repetitionPenalty === 1 ? undefined : [...prompt];
  sampler.applyConfig(settings);

  const draw = async (logits: number): Promise<number> => {
    const [, , , best = []] = await model.context.sampleToken(logits, sampler, false, false, true);
    return drawToken(
      { tokens: best.filter((_, i) => i % 2 === 0), logits: best.filter((_, i) => i % 2 === 1) },
      sampling,
      random,
    );
  };
  return {
    pick(logits) {
      if (penalised !== undefined) {
        sampler.applyConfig({
          ...settings,
          repeatPenalty: sampling.repetitionPenalty,
          repeatPenaltyMaxTokens: model.contextTokens,
          repeatPenaltyTokens: Uint32Array.from(penalised),
        });
      }
      return greedy ? model.context.sampleToken(logits, sampler) : draw(logits);
    },
    accept: (token) => penalised?.push(token),
    dispose: () => sampler.dispose(),
  };
}
