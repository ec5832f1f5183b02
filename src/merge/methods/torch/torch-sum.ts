/**
 * The order in which PyTorch's CPU kernels add up numbers: it decides the last bit when there are five or more. All additions
 * are in F32, from +0 on. With several threads PyTorch adds parts of large tensors first; this is the order of one.
 * Source: pytorch aten/src/ATen/native/cpu/SumKernel.cpp, `cascade_sum`
 */

import { step } from "./step.ts";

/** From this many numbers on, the cascade is more than adding from left to right. */
export const LEAST_BLOCKS = 16;
/** Up to this many numbers, every order there is adds from left to right. */
const MOST_ALIKE = 4;
/** Floats of a 256-bit vector. */
const LANES = 8;

/** A block of the cascade has two to the power of this numbers. */
function cascadePower(count: number): number {
  return Math.max(4, Math.floor(Math.ceil(Math.log2(Math.max(count, 1))) / 4));
}

/** Adds `count` rows place by place: left to right in blocks, whose sums are added level by level. */
class CascadeRows {
  readonly #width: number;
  /** Four levels, one after the other. */
  readonly #levels: Float32Array<ArrayBuffer>;
  readonly #power: number;
  readonly #wholeSteps: number;
  #added = 0;

  constructor(count: number, width: number) {
    this.#width = width;
    this.#levels = new Float32Array(4 * width);
    this.#power = cascadePower(count);
    this.#wholeSteps = count - (count % (1 << this.#power));
  }

  /** Adds the row that begins at `offset` of `values`. */
  add(values: Float32Array, offset: number): void {
    const [levels, width] = [this.#levels, this.#width];
    for (let i = 0; i < width; i++) levels[i] = (levels[i] ?? 0) + (values[offset + i] ?? 0);
    this.#added++;
    this.#carry();
  }

  /** Adds the rows that lie one behind the other in `values`. */
  addAll(values: Float32Array, rows: number): void {
    const [levels, width] = [this.#levels, this.#width];
    const block = 1 << this.#power;
    for (let row = 0; row < rows; ) {
      const end = Math.min(rows, row + block - (this.#added % block));
      for (let i = 0; i < width; i++) {
        let sum = levels[i] ?? 0;
        for (let at = row * width + i; at < end * width; at += width) sum = Math.fround(sum + (values[at] ?? 0));
        levels[i] = sum;
      }
      this.#added += end - row;
      row = end;
      this.#carry();
    }
  }

  /** At the end of a block, moves its sum up. */
  #carry(): void {
    const [levels, width, index] = [this.#levels, this.#width, this.#added];
    const mask = (1 << this.#power) - 1;
    if ((index & mask) !== 0 || index > this.#wholeSteps) return;
    for (let level = 1; level < 4; level++) {
      const here = level * width;
      for (let i = 0; i < width; i++) {
        levels[here + i] = (levels[here + i] ?? 0) + (levels[here - width + i] ?? 0);
        levels[here - width + i] = 0;
      }
      if ((index & (mask << (level * this.#power))) !== 0) break;
    }
  }

  total(): Float32Array<ArrayBuffer> {
    const sum = this.#levels.slice(0, this.#width);
    for (let level = 1; level < 4; level++) addRow(sum, this.#levels, level * this.#width);
    return sum;
  }
}

/** Adds `count` rows place by place: four cascades over every fourth row each, then the rows that are left, then the four. */
class InterleavedRows {
  readonly #width: number;
  /** Of four rows side by side. */
  readonly #cascades: CascadeRows;
  /** Rows that are not four yet. */
  readonly #four: Float32Array<ArrayBuffer>;
  readonly #left: Float32Array[] = [];
  readonly #inFours: number;
  #added = 0;

  constructor(count: number, width: number) {
    this.#width = width;
    this.#inFours = count - (count % 4);
    this.#cascades = new CascadeRows(this.#inFours / 4, 4 * width);
    this.#four = new Float32Array(4 * width);
  }

  /** Adds the row that begins at `offset` of `values`. */
  add(values: Float32Array, offset: number): void {
    const row = values.subarray(offset, offset + this.#width);
    const place = this.#added % 4;
    if (this.#added++ >= this.#inFours) this.#left.push(row.slice());
    else this.#four.set(row, place * this.#width);
    if (place === 3) this.#cascades.add(this.#four, 0);
  }

  /** Adds the rows that lie one behind the other in `values`. */
  addAll(values: Float32Array, rows: number): void {
    let row = 0;
    for (; row < rows && this.#added % 4 !== 0; row++) this.add(values, row * this.#width);
    const fours = Math.floor(Math.max(0, Math.min(rows - row, this.#inFours - this.#added)) / 4);
    this.#cascades.addAll(values.subarray(row * this.#width), fours);
    row += 4 * fours;
    this.#added += 4 * fours;
    for (; row < rows; row++) this.add(values, row * this.#width);
  }

  total(): Float32Array<ArrayBuffer> {
    const width = this.#width;
    const [sum = new Float32Array(width), ...others] = quarters(this.#cascades.total(), width);
    for (const row of [...this.#left, ...others]) addRow(sum, row, 0);
    return sum;
  }
}

function quarters(values: Float32Array<ArrayBuffer>, width: number): Float32Array<ArrayBuffer>[] {
  return [0, 1, 2, 3].map((quarter) => values.slice(quarter * width, (quarter + 1) * width));
}

function addRow(sum: Float32Array, values: Float32Array, offset: number): void {
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) + (values[offset + i] ?? 0);
}

/** At how many of `elements` places k numbers are added in cascade order; at those behind, they are interleaved. */
export function cascadePlaces(k: number, elements: number, twoBytes: boolean): number {
  if (k <= MOST_ALIKE) return elements;
  const vector = twoBytes ? 2 * LANES : LANES;
  return elements - (elements % (elements < vector ? 4 : 32));
}

/** The sum of rows of F32 that come one after the other: `tensor.sum(dim=0)`. */
export class RowSum {
  readonly #border: number;
  readonly #cascade: CascadeRows;
  readonly #interleaved: InterleavedRows;

  /** @param count of the rows that will be added */
  constructor(count: number, width: number) {
    this.#border = cascadePlaces(count, width, false);
    this.#cascade = new CascadeRows(count, this.#border);
    this.#interleaved = new InterleavedRows(count, width - this.#border);
  }

  add(row: Float32Array): void {
    this.#cascade.add(row, 0);
    this.#interleaved.add(row, this.#border);
  }

  total(): Float32Array<ArrayBuffer> {
    return join(this.#cascade.total(), this.#interleaved.total());
  }
}

function join(a: Float32Array, b: Float32Array): Float32Array<ArrayBuffer> {
  const joined = new Float32Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}

/**
 * The sum of numbers that lie side by side in memory: `tensor.sum()`. They come in pieces, of which all but the last are of a
 * multiple of 16 numbers.
 */
export class ContiguousSum {
  readonly #twoBytes: boolean;
  readonly #vector: number;
  readonly #vectors: InterleavedRows;
  readonly #inVectors: number;
  readonly #rest: number[] = [];
  #added = 0;

  /** @param count of the numbers that will be added */
  constructor(count: number, twoBytes: boolean) {
    this.#twoBytes = twoBytes;
    this.#vector = twoBytes ? 2 * LANES : LANES;
    this.#inVectors = count - (count % this.#vector);
    this.#vectors = new InterleavedRows(this.#inVectors / this.#vector, LANES);
  }

  add(values: Float32Array): void {
    const end = Math.min(values.length, Math.max(0, this.#inVectors - this.#added));
    this.#added += values.length;
    const rows = this.#twoBytes ? halvesAdded(values.subarray(0, end)) : values;
    this.#vectors.addAll(rows, end / this.#vector);
    for (let at = end; at < values.length; at++) this.#rest.push(values[at] ?? 0);
  }

  total(): number {
    if (this.#inVectors === 0) return interleaved(this.#rest);
    const sum = this.#rest.reduce((total, value) => Math.fround(total + value), 0);
    return this.#vectors.total().reduce((total, lane) => Math.fround(total + lane), sum);
  }
}

/** Of every 16 numbers the upper eight added to the lower ones. */
function halvesAdded(values: Float32Array): Float32Array {
  const sums = new Float32Array(values.length / 2);
  for (let i = 0; i < sums.length; i++) {
    const at = i + (i & ~(LANES - 1));
    sums[i] = (values[at] ?? 0) + (values[at + LANES] ?? 0);
  }
  return sums;
}

/** Numbers that do not fill a vector. */
function interleaved(values: readonly number[]): number {
  const sum = new InterleavedRows(values.length, 1);
  for (const value of values) sum.add(Float32Array.of(value), 0);
  return sum.total()[0] ?? 0;
}

/** The sum of numbers that lie side by side in memory, as the weights themselves do. */
export function contiguousSum(values: Float32Array, twoBytes: boolean): number {
  const sum = new ContiguousSum(values.length, twoBytes);
  sum.add(values);
  return sum.total();
}

/** A part of the places at which there are sums: the order of addition depends on where in the whole it is. */
export interface PartOfPlaces {
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
  // One place alone is contiguous: its numbers are added as those of a vector.
  if (elements === 1)
    return Float32Array.of(
      contiguousSum(
        Float32Array.from(arrays, ([value = 0]) => value),
        twoBytes,
      ),
    );
  const border = Math.min(count, Math.max(0, cascadePlaces(arrays.length, elements, twoBytes) - start));
  const cascade = cascadeAcross(arrays, border);
  if (border === count) return cascade;
  const rest = new InterleavedRows(arrays.length, count - border);
  for (const array of arrays) rest.add(array, border);
  return join(cascade, rest.total());
}

function cascadeAcross(arrays: readonly Float32Array[], width: number): Float32Array {
  if (arrays.length >= LEAST_BLOCKS) {
    const cascade = new CascadeRows(arrays.length, width);
    for (const array of arrays) cascade.add(array, 0);
    return cascade.total();
  }
  const sum = new Float32Array(width);
  for (const array of arrays) step("F32", sum, "add", array);
  return sum;
}
