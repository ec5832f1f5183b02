import type { NativeSampler, NativeSamplerConfig } from "./native/native-context.ts";
import type { NativeModel } from "./native/native-model.ts";

/**
 * The native samplers of a model. Each has a copy of the vocabulary to sort, 1.8 MB of a large one: where the native calls are
 * made one after the other, all requests share the samplers that are set up alike, and the copy stays in the processor's cache.
 */
export class Samplers {
  readonly #model: Pick<NativeModel, "createSampler" | "inOrder">;
  readonly #shared = new Map<number, NativeSampler>();

  constructor(model: Pick<NativeModel, "createSampler" | "inOrder">) {
    this.#model = model;
  }

  /** A sampler that gives so many of the likeliest tokens; to be given back. */
  take(candidates: number): NativeSampler {
    if (!this.#model.inOrder) return this.#create(candidates);
    const known = this.#shared.get(candidates) ?? this.#create(candidates);
    this.#shared.set(candidates, known);
    return known;
  }

  /** To be called when it is not at work. */
  giveBack(sampler: NativeSampler): void {
    if (!this.#model.inOrder) sampler.dispose();
  }

  /** To be called when all were given back. */
  dispose(): void {
    for (const sampler of this.#shared.values()) sampler.dispose();
    this.#shared.clear();
  }

  #create(candidates: number): NativeSampler {
    const sampler = this.#model.createSampler();
    sampler.applyConfig(likeliest(candidates));
    return sampler;
  }
}

/** How a sampler is set up that gives so many of the likeliest tokens. It draws one of them, too, which nobody looks at. */
export function likeliest(candidates: number): NativeSamplerConfig {
  return { temperature: 1, topK: candidates, seed: 0 };
}
