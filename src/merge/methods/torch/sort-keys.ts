import { encodeTo } from "../../../tensors/convert.ts";
import type { FloatDtype } from "../../../tensors/dtype.ts";
import type { SortKeys } from "./torch-sort.ts";

/** Bits of a number without its sign: whole numbers that are ordered as the magnitudes are, NaN last. */
const MAGNITUDE = { F32: 0x7fff_ffff, F16: 0x7fff, BF16: 0x7fff } as const;
/** Above every number. NaNs are all equal. */
const NOT_A_NUMBER = { F32: 0x7f80_0001, F16: 0x7c01, BF16: 0x7f81 } as const;

/** Keys to sort a tensor's magnitudes by. Two bytes each where the values have no more: a large tensor has many. */
export class MagnitudeKeys {
  readonly keys: SortKeys;
  readonly #dtype: FloatDtype;
  readonly #ascending: boolean;

  constructor(count: number, dtype: FloatDtype, { ascending }: { ascending: boolean }) {
    this.#dtype = dtype;
    this.#ascending = ascending;
    this.keys = dtype === "F32" ? new Uint32Array(count) : new Uint16Array(count);
  }

  /** @param values rounded to the dtype */
  put(values: Float32Array, start: number): void {
    const [keys, dtype] = [this.keys, this.#dtype];
    const mask = MAGNITUDE[dtype];
    const nan = NOT_A_NUMBER[dtype];
    const bits = bitsOf(values, dtype);
    for (let i = 0; i < values.length; i++) {
      const key = Math.min((bits[i] ?? 0) & mask, nan);
      keys[start + i] = this.#ascending ? mask - key : key;
    }
  }
}

function bitsOf(values: Float32Array, dtype: FloatDtype): Uint16Array | Uint32Array {
  if (dtype === "F32") return new Uint32Array(values.buffer, values.byteOffset, values.length);
  const bits = new Uint16Array(values.length);
  encodeTo(new Uint8Array(bits.buffer), dtype, values);
  return bits;
}
