/**
 * The order in which PyTorch's CPU kernels add up k numbers at each of `elements` places (`tensor.sum(dim=0)`): it decides
 * the last bit when there are five or more. All additions are in F32, from +0 on.
 * Source: pytorch aten/src/ATen/native/cpu/SumKernel.cpp, `cascade_sum`
 */

/** Four partial sums over every fourth number, then added; the order at the last places, where vectors do not fit. */
export function interleavedSum(count: number, at: (index: number) => number): number {
  const quarters = Math.floor(count / 4);
  const sums = [0, 1, 2, 3].map((q) => cascadeSum(quarters, (index) => at(index * 4 + q)));
  let [sum = 0] = sums;
  for (let index = quarters * 4; index < count; index++) sum = Math.fround(sum + at(index));
  for (const partial of sums.slice(1)) sum = Math.fround(sum + partial);
  return sum;
}

/** Left to right in blocks of 16, whose sums are added level by level. */
export function cascadeSum(count: number, at: (index: number) => number): number {
  const sums = [0, 0, 0, 0];
  const power = cascadePower(count);
  const step = 1 << power;
  let index = 0;
  while (index + step <= count) {
    for (const end = index + step; index < end; index++) sums[0] = Math.fround((sums[0] ?? 0) + at(index));
    for (let level = 1; level < sums.length; level++) {
      sums[level] = Math.fround((sums[level] ?? 0) + (sums[level - 1] ?? 0));
      sums[level - 1] = 0;
      if ((index & ((step - 1) << (level * power))) !== 0) break;
    }
  }
  for (; index < count; index++) sums[0] = Math.fround((sums[0] ?? 0) + at(index));
  return sums.slice(1).reduce((sum, level) => Math.fround(sum + level), sums[0] ?? 0);
}

/** A block has two to the power of this numbers. */
function cascadePower(count: number): number {
  return Math.max(4, Math.floor(Math.ceil(Math.log2(Math.max(count, 1))) / 4));
}

/** From this many numbers on, the cascade is more than adding from left to right. */
export const LEAST_BLOCKS = 16;
/** Up to this many numbers, every order there is adds from left to right. */
const MOST_ALIKE = 4;

/** At how many of `elements` places k numbers are added in cascade order; at those behind, they are interleaved. */
export function cascadePlaces(k: number, elements: number, twoBytes: boolean): number {
  if (k <= MOST_ALIKE) return elements;
  const vector = twoBytes ? 16 : 8;
  return elements - (elements % (elements < vector ? 4 : 32));
}

/** The sum of numbers that lie side by side in memory, as the weights themselves do. */
export function contiguousSum(values: ArrayLike<number>, twoBytes: boolean): number {
  const vector = twoBytes ? 16 : 8;
  const vectors = Math.floor(values.length / vector);
  const at = (index: number): number => values[index] ?? 0;
  if (vectors === 0) return interleavedSum(values.length, at);
  let sum = 0;
  for (let index = vectors * vector; index < values.length; index++) sum = Math.fround(sum + at(index));
  for (let lane = 0; lane < 8; lane++) {
    const partial = interleavedSum(vectors, (v) =>
      twoBytes ? Math.fround(at(v * 16 + lane) + at(v * 16 + 8 + lane)) : at(v * 8 + lane),
    );
    sum = Math.fround(sum + partial);
  }
  return sum;
}

/** A part of the places at which there are sums: the order of addition depends on where in the whole it is. */
interface PartOfPlaces {
  readonly start: number;
  readonly elements: number;
}

/**
 * The sum over k arrays at every place, as `torch.stack(arrays).sum(dim=0)` before it is rounded to the work dtype.
 *
 * @param part what of the tensor the arrays are; all of it if not said
 */
export function sumAcross(arrays: readonly Float32Array[], twoBytes: boolean, part?: PartOfPlaces): Float32Array {
  const count = arrays[0]?.length ?? 0;
  const { start, elements } = part ?? { start: 0, elements: count };
  const sums = new Float32Array(count);
  if (arrays.length < LEAST_BLOCKS) {
    for (const array of arrays) for (let i = 0; i < count; i++) sums[i] = (sums[i] ?? 0) + (array[i] ?? 0);
  } else {
    for (let i = 0; i < count; i++) sums[i] = cascadeSum(arrays.length, (input) => arrays[input]?.[i] ?? 0);
  }
  for (let i = Math.max(0, cascadePlaces(arrays.length, elements, twoBytes) - start); i < count; i++) {
    const values = arrays.map((array) => array[i] ?? 0);
    sums[i] = elements === 1 ? contiguousSum(values, twoBytes) : interleavedSum(values.length, (at) => values[at] ?? 0);
  }
  return sums;
}

/**
 * The sum of many rows of F32, as `tensor.sum(dim=0)`, without having them in memory: `sumAcross` for one row after the other.
 */
export class RowSum {
  readonly #cascade: CascadeRows;
  /** Of the last places: every fourth row each, and the rows that are left over. */
  readonly #quarters: readonly CascadeRows[];
  readonly #left: Float32Array[] = [];
  readonly #border: number;
  readonly #count: number;
  #added = 0;

  /** @param count of the rows that will be added */
  constructor(count: number, width: number) {
    this.#count = count;
    this.#border = cascadePlaces(count, width, false);
    this.#cascade = new CascadeRows(count, this.#border);
    this.#quarters = [0, 1, 2, 3].map(() => new CascadeRows(Math.floor(count / 4), width - this.#border));
  }

  add(row: Float32Array): void {
    const index = this.#added++;
    this.#cascade.add(row);
    const rest = row.subarray(this.#border);
    if (index < 4 * Math.floor(this.#count / 4)) this.#quarters[index % 4]?.add(rest);
    else this.#left.push(rest.slice());
  }

  total(): Float32Array<ArrayBuffer> {
    const [first, ...others] = this.#quarters.map((quarter) => quarter.total());
    const rest = first ?? new Float32Array(0);
    for (const row of [...this.#left, ...others]) addRow(rest, row);
    const sum = new Float32Array(this.#border + rest.length);
    sum.set(this.#cascade.total());
    sum.set(rest, this.#border);
    return sum;
  }
}

/** `cascadeSum` at every place of a row. */
class CascadeRows {
  readonly #levels: readonly Float32Array<ArrayBuffer>[];
  readonly #power: number;
  readonly #wholeSteps: number;
  #added = 0;

  constructor(count: number, width: number) {
    this.#levels = [0, 1, 2, 3].map(() => new Float32Array(width));
    this.#power = cascadePower(count);
    this.#wholeSteps = count - (count % (1 << this.#power));
  }

  add(row: Float32Array): void {
    const [lowest] = this.#levels;
    if (lowest !== undefined) addRow(lowest, row);
    const index = ++this.#added;
    const step = 1 << this.#power;
    if (index % step !== 0 || index > this.#wholeSteps) return;
    for (let level = 1; level < this.#levels.length; level++) {
      const [below, here] = [this.#levels[level - 1], this.#levels[level]];
      if (below !== undefined && here !== undefined) addRow(here, below);
      below?.fill(0);
      if ((index & ((step - 1) << (level * this.#power))) !== 0) break;
    }
  }

  total(): Float32Array<ArrayBuffer> {
    const [lowest = new Float32Array(0), ...others] = this.#levels;
    const sum = lowest.slice();
    for (const level of others) addRow(sum, level);
    return sum;
  }
}

function addRow(sum: Float32Array, row: Float32Array): void {
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) + (row[i] ?? 0);
}
