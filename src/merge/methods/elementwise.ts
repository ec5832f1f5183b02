import { decodeTo, encodeTo, roundAll } from "../../tensors/convert.ts";
import { dtypeBytes } from "../../tensors/dtype.ts";
import { elementCount } from "../../tensors/tensor-info.ts";
import { CHUNK_ELEMENTS } from "../../tensors/write/tensor-stream.ts";
import type { Kernel, TensorMerge } from "./method.ts";

/** Elements that are combined at a time: with their copies they stay in the processor's cache. A multiple of 32. */
const BLOCK = 1 << 13;

/**
 * A kernel from a function of values: inputs arrive rounded to the work dtype, the result is rounded to the result's.
 *
 * @param combine may overwrite its arguments
 * @param room in elements: no piece is larger
 */
export function kernelOf(
  tensor: TensorMerge,
  combine: (values: readonly Float32Array<ArrayBuffer>[], start: number) => Float32Array,
  room: number = Math.min(CHUNK_ELEMENTS, elementCount(tensor.shape)),
): Kernel {
  const buffers = tensor.inputs.map(({ dtype }) => ({
    dtype,
    bytes: new Uint8Array(room * dtypeBytes(dtype)),
    values: new Float32Array(Math.min(BLOCK, room)),
  }));
  const out = new Uint8Array(room * dtypeBytes(tensor.dtype));
  return {
    inputs: buffers.map(({ bytes }) => bytes),
    out,
    run(count, start) {
      for (let done = 0; done < count; done += BLOCK) {
        const end = Math.min(count, done + BLOCK);
        const part = (bytes: Uint8Array, size: number): Uint8Array => bytes.subarray(done * size, end * size);
        const inputs = buffers.map(({ dtype, bytes, values }) => {
          const block = values.subarray(0, end - done);
          decodeTo(block, dtype, part(bytes, dtypeBytes(dtype)));
          if (dtype !== tensor.work) roundAll(tensor.work, block);
          return block;
        });
        encodeTo(part(out, dtypeBytes(tensor.dtype)), tensor.dtype, combine(inputs, start + done));
      }
    },
  };
}

/** The kernel of a tensor that one input makes: its values, rounded. */
export function copyOf(tensor: TensorMerge): Kernel {
  return kernelOf(tensor, ([values]) => values ?? new Float32Array(0));
}
