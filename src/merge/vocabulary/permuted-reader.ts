import { encodeTo, roundAll, roundTo } from "../../tensors/convert.ts";
import { dtypeBytes, type FloatDtype } from "../../tensors/dtype.ts";
import { readValues } from "../../tensors/read-values.ts";
import type { ReadableTensor, TensorReader } from "../../tensors/tensor-reader.ts";
import { RowSum } from "../methods/torch/torch-sum.ts";
import type { EmbeddingRows, RowSource } from "./embedding-rows.ts";

/** An embedding that takes part in a merge. */
export interface EmbeddingInput {
  readonly reader: TensorReader;
  readonly tensor: ReadableTensor;
}

/** Rows that are read in one go for the mean of all. */
const MEAN_ROWS = 256;

/**
 * One model's embedding in the vocabulary of the merge, computed while it is read: its rows in another order, and those of
 * tokens that it does not have. Everything is rounded to `dtype` as mergekit does, which casts before it permutes.
 * Source: mergekit/tokenizer/embed.py
 */
export class PermutedReader implements TensorReader {
  readonly tensors: ReadonlyMap<string, ReadableTensor>;
  readonly #inputs: readonly EmbeddingInput[];
  readonly #rows: EmbeddingRows;
  readonly #own: Int32Array;
  readonly #self: number;
  readonly #dtype: FloatDtype;
  readonly #width: number;
  #mean: Promise<Float32Array<ArrayBuffer>> | undefined;

  /** @param self which of the inputs it is */
  constructor(name: string, self: number, inputs: readonly EmbeddingInput[], rows: EmbeddingRows, dtype: FloatDtype) {
    this.#inputs = inputs;
    this.#rows = rows;
    this.#self = self;
    this.#dtype = dtype;
    this.#own = rows.own[self] ?? new Int32Array(0);
    this.#width = inputs[self]?.tensor.shape[1] ?? 0;
    const shape = [this.#own.length, this.#width];
    const byteLength = this.#own.length * this.#width * dtypeBytes(dtype);
    this.tensors = new Map([[name, { name, dtype, shape, byteLength }]]);
  }

  async read(name: string, start: number, into: Uint8Array): Promise<void> {
    const size = dtypeBytes(this.#dtype);
    const first = start / size;
    const count = into.byteLength / size;
    if (!Number.isInteger(first) || !Number.isInteger(count) || first + count > this.#own.length * this.#width) {
      throw new RangeError(`${name}: bytes ${start} + ${into.byteLength} are no elements of it`);
    }
    const firstRow = Math.floor(first / this.#width);
    const values = await this.#readRows(firstRow, Math.ceil((first + count) / this.#width));
    const offset = first - firstRow * this.#width;
    const bytes = new Uint8Array(count * size);
    encodeTo(bytes, this.#dtype, values.subarray(offset, offset + count));
    into.set(bytes);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Rows from the first up to the last, without it, rounded. */
  async #readRows(first: number, end: number): Promise<Float32Array<ArrayBuffer>> {
    const width = this.#width;
    const values = new Float32Array((end - first) * width);
    for (let row = first; row < end; ) {
      const place = (row - first) * width;
      const from = this.#own[row] ?? -1;
      if (from < 0) {
        values.set(await this.#otherRow(row), place);
        row++;
        continue;
      }
      // Rows that follow one another in the model, too, are read together.
      let run = 1;
      while (row + run < end && this.#own[row + run] === from + run) run++;
      values.set(await this.#inputRows(this.#self, from, run), place);
      row += run;
    }
    return values;
  }

  async #otherRow(row: number): Promise<Float32Array> {
    if (row >= this.#rows.tokens) return await (this.#mean ??= this.#meanOfTokens());
    const source: RowSource = this.#rows.others.get(row) ?? { kind: "zero" };
    const sum = new Float32Array(this.#width);
    if (source.kind === "zero") return sum;
    for (const { input, row: from } of source.from) {
      const values = await this.#inputRows(input, from, 1);
      if (source.from.length === 1) return values;
      for (let i = 0; i < sum.length; i++) sum[i] = roundTo(this.#dtype, (sum[i] ?? 0) + (values[i] ?? 0));
    }
    return sum.map((value) => roundTo(this.#dtype, value / source.from.length));
  }

  async #inputRows(input: number, first: number, count: number): Promise<Float32Array<ArrayBuffer>> {
    const width = this.#width;
    const from = this.#inputs[input];
    if (from === undefined) throw new RangeError(`Expected an input below ${this.#inputs.length}, found ${input}`);
    const values = await readValues(from.reader, from.tensor, first * width, count * width);
    roundAll(this.#dtype, values);
    return values;
  }

  /** Of the rows that have a token. PyTorch takes means of 2-byte values in F32. */
  async #meanOfTokens(): Promise<Float32Array<ArrayBuffer>> {
    const { tokens } = this.#rows;
    const sum = new RowSum(tokens, this.#width);
    for (let first = 0; first < tokens; first += MEAN_ROWS) {
      const end = Math.min(first + MEAN_ROWS, tokens);
      const values = await this.#readRows(first, end);
      for (let row = 0; row < end - first; row++) sum.add(values.subarray(row * this.#width, (row + 1) * this.#width));
    }
    const mean = sum.total().map((value) => value / tokens);
    roundAll(this.#dtype, mean);
    return mean;
  }
}
