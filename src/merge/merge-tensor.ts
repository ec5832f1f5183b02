import { decodeTo, roundAll } from "../tensors/convert.ts";
import { dtypeBytes } from "../tensors/dtype.ts";
import { elementCount } from "../tensors/tensor-info.ts";
import { CHUNK_ELEMENTS, type Pause } from "../tensors/write/tensor-stream.ts";
import type { InputScan, Kernel, MergeMethod, TensorMerge } from "./methods/method.ts";
import { BernoulliSource } from "./methods/torch/bernoulli.ts";

/** Fills `into` from byte `start` of an input. */
export type ReadInput = (start: number, into: Uint8Array) => Promise<void>;

/** Which random draws are a tensor's. */
export interface TensorDraws {
  readonly seed: number;
  /** Of the draws of the seed, counted from 0. */
  readonly first: number;
}

/** Merges a tensor piece by piece: of each input, and of the result, only one piece is in memory. */
export async function* mergeTensor(
  method: MergeMethod,
  tensor: TensorMerge,
  inputs: readonly ReadInput[],
  draws: TensorDraws,
  pause?: Pause,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const elements = elementCount(tensor.shape);
  const kernel =
    method.kind === "elementwise"
      ? method.prepare(tensor)
      : await withDraws(draws, (source) => method.survey(tensor, scanInputs(tensor, inputs, pause), source));
  try {
    for (let start = 0; start < elements; start += CHUNK_ELEMENTS) {
      const count = Math.min(CHUNK_ELEMENTS, elements - start);
      await fill(kernel, tensor, inputs, { start, count });
      kernel.run(count, start);
      yield kernel.out.subarray(0, count * dtypeBytes(tensor.dtype));
    }
  } finally {
    kernel.release?.();
  }
}

async function fill(
  kernel: Kernel,
  tensor: TensorMerge,
  inputs: readonly ReadInput[],
  { start, count }: { readonly start: number; readonly count: number },
): Promise<void> {
  for (const [index, { dtype }] of tensor.inputs.entries()) {
    const size = dtypeBytes(dtype);
    await inputs[index]?.(start * size, kernel.inputs[index]?.subarray(0, count * size) ?? new Uint8Array(0));
  }
}

/** Reads inputs again and again, with one buffer for each. */
function scanInputs(tensor: TensorMerge, inputs: readonly ReadInput[], pause: Pause | undefined): InputScan {
  const elements = elementCount(tensor.shape);
  const room = Math.min(CHUNK_ELEMENTS, elements);
  const buffers = tensor.inputs.map(({ dtype }) => ({
    dtype,
    bytes: new Uint8Array(room * dtypeBytes(dtype)),
    values: new Float32Array(room),
  }));
  return async function* scan(wanted) {
    for (let start = 0; start < elements; start += CHUNK_ELEMENTS) {
      const count = Math.min(CHUNK_ELEMENTS, elements - start);
      await pause?.();
      const values: Float32Array<ArrayBuffer>[] = [];
      for (const index of wanted) {
        const [buffer, read] = [buffers[index], inputs[index]];
        if (buffer === undefined || read === undefined) {
          throw new RangeError(`Expected an input below ${inputs.length}, found ${index}`);
        }
        const size = dtypeBytes(buffer.dtype);
        const bytes = buffer.bytes.subarray(0, count * size);
        await read(start * size, bytes);
        const piece = buffer.values.subarray(0, count);
        decodeTo(piece, buffer.dtype, bytes);
        if (buffer.dtype !== tensor.work) roundAll(tensor.work, piece);
        values.push(piece);
      }
      yield { start, values };
    }
  };
}

/** The source of draws that was used last, if nobody uses it: tensors come in order, and its draws are not made again. */
let idle: { readonly seed: number; readonly source: BernoulliSource } | undefined;

async function withDraws<T>({ seed, first }: TensorDraws, use: (draws: BernoulliSource) => Promise<T>): Promise<T> {
  const source = idle?.seed === seed ? idle.source : new BernoulliSource(seed);
  idle = undefined;
  source.seek(first);
  const result = await use(source);
  idle = { seed, source };
  return result;
}
