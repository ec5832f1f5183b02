import { decodeTo, encodeTo, roundAll } from "../../tensors/convert.ts";
import { elementCount } from "../../tensors/tensor-info.ts";
import { CHUNK_ELEMENTS } from "../../tensors/tensor-stream.ts";
import type { Kernel, TensorMerge } from "./method.ts";

/** A kernel from a function of values: inputs arrive rounded to the work dtype, the result is rounded to the result's. */
export function kernelOf(
  tensor: TensorMerge,
  combine: (values: readonly Float32Array<ArrayBuffer>[]) => Float32Array,
): Kernel {
  const room = Math.min(CHUNK_ELEMENTS, elementCount(tensor.shape));
  const buffers = tensor.inputs.map(() => new Float32Array(room));
  return (pieces, out) => {
    const count = out.byteLength / (tensor.dtype === "F32" ? 4 : 2);
    const values = tensor.inputs.map((input, index) => {
      const [buffer, piece] = [buffers[index]?.subarray(0, count), pieces[index]];
      if (buffer === undefined || piece === undefined) throw new Error("Expected a piece of every input");
      decodeTo(buffer, input.dtype, piece);
      roundAll(tensor.work, buffer);
      return buffer;
    });
    encodeTo(out, tensor.dtype, combine(values));
  };
}
