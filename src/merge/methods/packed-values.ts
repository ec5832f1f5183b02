import { decodeTo, encodeTo } from "../../tensors/convert.ts";
import { dtypeBytes, type FloatDtype } from "../../tensors/dtype.ts";

/** The values of a tensor in memory, in their own dtype. */
export class PackedValues {
  readonly #dtype: FloatDtype;
  readonly #bytes: Uint8Array<ArrayBuffer>;

  /** @param count of elements, all 0 at first */
  constructor(dtype: FloatDtype, count: number) {
    this.#dtype = dtype;
    this.#bytes = new Uint8Array(count * dtypeBytes(dtype));
  }

  put(values: Float32Array, start: number): void {
    encodeTo(this.#part(start, values.length), this.#dtype, values);
  }

  take(start: number, count: number): Float32Array<ArrayBuffer> {
    const values = new Float32Array(count);
    decodeTo(values, this.#dtype, this.#part(start, count));
    return values;
  }

  #part(start: number, count: number): Uint8Array<ArrayBuffer> {
    const size = dtypeBytes(this.#dtype);
    return this.#bytes.subarray(start * size, (start + count) * size);
  }
}
