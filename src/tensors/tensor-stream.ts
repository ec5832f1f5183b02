import { InputError } from "../base/errors.ts";
import { type FloatDtype, isFloatDtype } from "./dtype.ts";
import type { TensorReader } from "./tensor-reader.ts";

/** A tensor whose bytes come in order, piece by piece: read from a file, or computed. */
export interface TensorStream {
  readonly name: string;
  readonly dtype: FloatDtype;
  readonly shape: readonly number[];
  /**
   * The tensor's bytes (row-major, little-endian) in order, whole elements each, never more than `CHUNK_ELEMENTS`. A piece
   * is valid until the one after the next is asked for: its buffer is then used again.
   */
  chunks(): AsyncIterable<Uint8Array<ArrayBuffer>>;
}

/**
 * Elements in a piece: 512 KB of 2-byte elements. Large enough that the system calls do not show, small enough that a few
 * of them stay in the processor's cache. A multiple of 32, the unit of Q8_0 blocks and of PyTorch's vector sums.
 */
export const CHUNK_ELEMENTS = 1 << 18;

/** A checkpoint's tensors as streams, unchanged, in file order. @throws InputError for a tensor that is not of floats */
export function streamReader(reader: TensorReader): TensorStream[] {
  return Array.from(reader.tensors.values(), ({ name, dtype, shape, byteLength }) => {
    if (!isFloatDtype(dtype)) {
      throw new InputError(`Expected tensor ${name} to be F32, F16 or BF16, found ${dtype}`);
    }
    const stride = CHUNK_ELEMENTS * (dtype === "F32" ? 4 : 2);
    return {
      name,
      dtype,
      shape,
      async *chunks() {
        const buffers = [new Uint8Array(Math.min(stride, byteLength)), new Uint8Array(Math.min(stride, byteLength))];
        for (let start = 0, turn = 0; start < byteLength; start += stride, turn ^= 1) {
          const piece = buffers[turn]?.subarray(0, Math.min(stride, byteLength - start)) ?? new Uint8Array(0);
          await reader.read(name, start, piece);
          yield piece;
        }
      },
    };
  });
}
