const WORDS = 624;
const MIDDLE = 397;

/**
 * The random bits of `torch.bernoulli` on the CPU: Mersenne Twister 19937 seeded with 32 bits, 24 bits a draw. A draw is
 * found by its number, so tensors can be merged in any order, and again.
 * Source: pytorch aten/src/ATen/core/MT19937RNGEngine.h, DistributionsHelper.h
 */
export class BernoulliSource {
  readonly #seed: number;
  readonly #state = new Uint32Array(WORDS);
  #next = WORDS;
  #drawn = 0;

  constructor(seed: number) {
    this.#seed = seed >>> 0;
    this.#reset();
  }

  /** Goes to a draw, counted from 0: forwards by skipping, backwards by beginning again. */
  seek(draw: number): void {
    if (draw < this.#drawn) this.#reset();
    while (this.#drawn < draw) {
      if (this.#next === WORDS) this.#twist();
      const skipped = Math.min(WORDS - this.#next, draw - this.#drawn);
      this.#next += skipped;
      this.#drawn += skipped;
    }
  }

  /** True with the probability p, which counts as F32. */
  draw(p: number): boolean {
    return (this.#word() & 0xff_ffff) * 2 ** -24 < p;
  }

  /** Makes as many draws as there is room: 1 with the probability p, else 0. */
  drawAll(p: number, outcomes: Uint8Array): void {
    const state = this.#state;
    const limit = p * 2 ** 24;
    for (let i = 0; i < outcomes.length; ) {
      if (this.#next === WORDS) this.#twist();
      const end = Math.min(outcomes.length, i + WORDS - this.#next);
      this.#drawn += end - i;
      let next = this.#next;
      for (; i < end; i++) outcomes[i] = (temper(state[next++] ?? 0) & 0xff_ffff) < limit ? 1 : 0;
      this.#next = next;
    }
  }

  #reset(): void {
    const state = this.#state;
    state[0] = this.#seed;
    for (let i = 1; i < WORDS; i++) {
      const last = state[i - 1] ?? 0;
      state[i] = Math.imul(1_812_433_253, last ^ (last >>> 30)) + i;
    }
    this.#next = WORDS;
    this.#drawn = 0;
  }

  #word(): number {
    if (this.#next === WORDS) this.#twist();
    this.#drawn++;
    return temper(this.#state[this.#next++] ?? 0);
  }

  #twist(): void {
    const state = this.#state;
    let here = state[0] ?? 0;
    for (let i = 0; i < WORDS; i++) {
      const next = state[i + 1 === WORDS ? 0 : i + 1] ?? 0;
      const far = state[i + MIDDLE < WORDS ? i + MIDDLE : i + MIDDLE - WORDS] ?? 0;
      const mixed = (here & 0x8000_0000) | (next & 0x7fff_ffff);
      state[i] = far ^ (mixed >>> 1) ^ (-(next & 1) & 0x9908_b0df);
      here = next;
    }
    this.#next = 0;
  }
}

function temper(word: number): number {
  let bits = word;
  bits ^= bits >>> 11;
  bits ^= (bits << 7) & 0x9d2c_5680;
  bits ^= (bits << 15) & 0xefc6_0000;
  return bits ^ (bits >>> 18);
}
