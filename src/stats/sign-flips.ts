import { deriveSeed } from "../base/random.ts";

/** Signs for every question, drawn many times: the same for all measures and points of a benchmark. */
export interface SignFlips {
  readonly questions: number;
  readonly draws: number;
  /** Whether these are all the sign vectors there are, each once: p-values are then exact. */
  readonly exhaustive: boolean;
  /** `draws` rows of ceil(questions / 8) bytes; a set bit is a minus. */
  readonly bits: Uint8Array;
}

/** All sign vectors are few for so many questions. */
const EXHAUSTIVE_QUESTIONS = 12;

/**
 * Draws signs for the questions of a benchmark (Arlot, Blanchard and Roquain 2010).
 *
 * @param seed names the inputs: same inputs, same signs
 * @param draws a multiple of anything; where other benchmarks join, all have the same number
 * @param exhaustive whether to take all sign vectors instead, if the questions are few
 */
export function drawSigns(seed: string, questions: number, draws: number, exhaustive: boolean): SignFlips {
  const bytes = Math.ceil(questions / 8);
  if (exhaustive && questions <= EXHAUSTIVE_QUESTIONS) {
    const all = 2 ** questions;
    const bits = new Uint8Array(all * bytes);
    for (let draw = 0; draw < all; draw++) {
      for (let byte = 0; byte < bytes; byte++) bits[draw * bytes + byte] = (draw >> (8 * byte)) & 255;
    }
    return { questions, draws: all, exhaustive: true, bits };
  }
  const bits = new Uint8Array(draws * bytes);
  const next = bitSource(deriveSeed("sign flips", seed));
  for (let i = 0; i < bits.length; i += 4) {
    const word = next();
    for (let k = 0; k < 4 && i + k < bits.length; k++) bits[i + k] = (word >>> (8 * k)) & 255;
  }
  return { questions, draws, exhaustive: false, bits };
}

/** xoshiro128** (Blackman and Vigna 2018): 32 good bits a call, the same on every machine. */
function bitSource(seed: number): () => number {
  const state = new Uint32Array(4);
  let mixed = seed >>> 0;
  for (let i = 0; i < 4; i++) {
    mixed = (mixed + 0x9e3779b9) >>> 0;
    let z = mixed;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    state[i] = (z ^ (z >>> 15)) >>> 0;
  }
  return () => {
    const [s0 = 0, s1 = 0, s2 = 0, s3 = 0] = state;
    const result = Math.imul(rotate(Math.imul(s1, 5) >>> 0, 7), 9) >>> 0;
    state[2] = s2 ^ s0;
    state[3] = s3 ^ s1;
    state[1] = s1 ^ (s2 ^ s0);
    state[0] = s0 ^ (s3 ^ s1);
    state[2] = s2 ^ s0 ^ (s1 << 9);
    state[3] = rotate((s3 ^ s1) >>> 0, 11);
    return result;
  };
}

function rotate(x: number, k: number): number {
  return ((x << k) | (x >>> (32 - k))) >>> 0;
}

/**
 * The sums of a column under every draw. Questions go by eights: the 256 signed sums of a group are made once, and looked up
 * for every draw; a group of zeros, as where greedy neighbours answer alike, costs nothing.
 *
 * @param column a value a question; NaN counts as 0, and so do questions after its end
 * @param sums where they go, `draws` long
 * @param from the first question that counts: what `sums` has of those before it is kept. @default 0
 */
export function flippedSums(
  { questions, draws, bits }: SignFlips,
  column: ArrayLike<number>,
  sums: Float64Array,
  from = 0,
): void {
  const bytes = Math.ceil(questions / 8);
  const used = Math.min(bytes, Math.ceil(column.length / 8));
  const table = new Float64Array(256);
  if (from === 0) sums.fill(0);
  const values = new Float64Array(8);
  for (let byte = Math.floor(from / 8); byte < used; byte++) {
    let [positive, some] = [0, false];
    for (let k = 0; k < 8; k++) {
      const question = 8 * byte + k;
      const value = question < from ? 0 : valueAt(column, question, questions);
      values[k] = value;
      positive += value;
      some ||= value !== 0;
    }
    if (!some) continue;
    table[0] = positive;
    for (let k = 0; k < 8; k++) {
      const twice = 2 * (values[k] ?? 0);
      for (let low = 0; low < 1 << k; low++) table[(1 << k) | low] = (table[low] ?? 0) - twice;
    }
    for (let draw = 0, at = byte; draw < draws; draw++, at += bytes) {
      sums[draw] = (sums[draw] ?? 0) + (table[bits[at] ?? 0] ?? 0);
    }
  }
}

function valueAt(column: ArrayLike<number>, question: number, questions: number): number {
  const value = question < questions ? (column[question] ?? 0) : 0;
  return Number.isNaN(value) ? 0 : value;
}
