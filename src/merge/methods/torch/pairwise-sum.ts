/** Numbers that are added up in one go, with eight partial sums. */
const BLOCK = 128;
const PARTIAL = 8;

/**
 * NumPy's sum of F32 values, which come in pieces of any size: of halves of halves, down to blocks of at most 128.
 * Source: numpy/_core/src/umath/loops_utils.h.src, `pairwise_sum`
 */
export class PairwiseSum {
  readonly #halves: Generator<number, number, number>;
  readonly #block = new Float32Array(BLOCK);
  #wanted: number;
  #filled = 0;
  #total = 0;

  /** @param count of the values that will be added */
  constructor(count: number) {
    this.#halves = halvesOf(count);
    this.#wanted = this.#halves.next().value;
  }

  add(values: Float32Array): void {
    for (let at = 0; at < values.length; ) {
      const count = Math.min(this.#wanted - this.#filled, values.length - at);
      this.#block.set(values.subarray(at, at + count), this.#filled);
      this.#filled += count;
      at += count;
      if (this.#filled < this.#wanted) return;
      const { done, value } = this.#halves.next(blockSum(this.#block.subarray(0, this.#wanted)));
      this.#filled = 0;
      if (done === true) this.#total = value;
      else this.#wanted = value;
    }
  }

  total(): number {
    return this.#total;
  }
}

/** Asks for the sums of blocks, by their sizes, in order; returns the sum of all. */
function* halvesOf(count: number): Generator<number, number, number> {
  if (count <= BLOCK) return yield count;
  const half = Math.floor(count / 2);
  const cut = half - (half % PARTIAL);
  const left = yield* halvesOf(cut);
  return Math.fround(left + (yield* halvesOf(count - cut)));
}

function blockSum(values: Float32Array): number {
  const partial = new Float32Array(PARTIAL);
  const whole = values.length < PARTIAL ? 0 : values.length - (values.length % PARTIAL);
  for (let i = 0; i < whole; i++) partial[i % PARTIAL] = (partial[i % PARTIAL] ?? 0) + (values[i] ?? 0);
  const [p0 = 0, p1 = 0, p2 = 0, p3 = 0, p4 = 0, p5 = 0, p6 = 0, p7 = 0] = partial;
  const left = Math.fround(Math.fround(p0 + p1) + Math.fround(p2 + p3));
  const right = Math.fround(Math.fround(p4 + p5) + Math.fround(p6 + p7));
  let sum = Math.fround(left + right);
  for (let i = whole; i < values.length; i++) sum = Math.fround(sum + (values[i] ?? 0));
  return sum;
}
