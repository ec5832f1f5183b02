import { decodeTo, encodeTo, roundAll } from "../tensors/convert.ts";
import type { FloatDtype } from "../tensors/dtype.ts";
import { elementCount } from "../tensors/tensor-info.ts";
import { CHUNK_ELEMENTS, type TensorStream } from "../tensors/tensor-stream.ts";
import { BernoulliSource } from "./methods/bernoulli.ts";
import type { ElementwiseMethod, WholeTensorMethod } from "./methods/method.ts";
import type { MergePlan } from "./plan.ts";
import type { PlannedInput, PlannedTensor } from "./planned-tensor.ts";

/** The tensors of a merge, in mergekit's order; each is computed while it is read from the stream. */
export function mergeStreams(plan: MergePlan): TensorStream[] {
  const { method } = plan;
  const draws = new BernoulliSource(plan.seed);
  let drawn = 0;
  return plan.tensors.map((tensor) => {
    const firstDraw = drawn;
    if (method.kind === "whole") drawn += method.draws?.(tensor, elementCount(tensor.shape)) ?? 0;
    return streamOf(plan, tensor, () => {
      draws.seek(firstDraw);
      return draws;
    });
  });
}

function streamOf({ method }: MergePlan, tensor: PlannedTensor, drawsAtStart: () => BernoulliSource): TensorStream {
  return {
    name: tensor.name,
    dtype: tensor.dtype,
    shape: tensor.shape,
    chunks: () =>
      method.kind === "elementwise" ? mergePieces(method, tensor) : mergeWhole(method, tensor, drawsAtStart),
  };
}

function bytesOf(dtype: FloatDtype): number {
  return dtype === "F32" ? 4 : 2;
}

type Bytes = Uint8Array<ArrayBuffer>;

/** Reads the next pieces while the present ones are merged; results alternate between two buffers. */
async function* mergePieces(method: ElementwiseMethod, tensor: PlannedTensor): AsyncGenerator<Bytes> {
  const { inputs, dtype } = tensor;
  const elements = elementCount(tensor.shape);
  const room = Math.min(CHUNK_ELEMENTS, elements);
  const kernel = method.prepare(tensor);
  const turns = [0, 1].map(() => ({
    pieces: inputs.map((input) => new Uint8Array(room * bytesOf(input.dtype))),
    out: new Uint8Array(room * bytesOf(dtype)),
  }));
  const fetch = async (turn: number, start: number): Promise<Bytes[]> => {
    const count = Math.min(CHUNK_ELEMENTS, elements - start);
    return Promise.all(
      inputs.map(async (input, index) => {
        const size = bytesOf(input.dtype);
        const piece = turns[turn]?.pieces[index]?.subarray(0, count * size) ?? new Uint8Array(0);
        await input.reader.read(input.tensor.name, start * size, piece);
        return piece;
      }),
    );
  };
  let turn = 0;
  let next: Promise<Bytes[]> | undefined = elements > 0 ? fetch(turn, 0) : undefined;
  for (let start = 0; next !== undefined; start += CHUNK_ELEMENTS, turn ^= 1) {
    const pieces = await next;
    next = start + CHUNK_ELEMENTS < elements ? fetch(turn ^ 1, start + CHUNK_ELEMENTS) : undefined;
    // A failure is thrown when it is waited for; until then it must not count as unhandled.
    next?.catch(() => {});
    const count = Math.min(CHUNK_ELEMENTS, elements - start);
    const out = turns[turn]?.out.subarray(0, count * bytesOf(dtype)) ?? new Uint8Array(0);
    kernel(pieces, out, start);
    yield out;
  }
}

async function* mergeWhole(
  method: WholeTensorMethod,
  tensor: PlannedTensor,
  drawsAtStart: () => BernoulliSource,
): AsyncGenerator<Bytes> {
  const elements = elementCount(tensor.shape);
  const values: Float32Array<ArrayBuffer>[] = [];
  for (const input of tensor.inputs) values.push(await readValues(input, elements, tensor.work));
  const merged = method.merge(tensor, values, drawsAtStart());
  const size = bytesOf(tensor.dtype);
  for (let start = 0; start < elements; start += CHUNK_ELEMENTS) {
    const part = merged.subarray(start, start + CHUNK_ELEMENTS);
    const out = new Uint8Array(part.length * size);
    encodeTo(out, tensor.dtype, part);
    yield out;
  }
}

/** The first elements of an input, rounded to the work dtype. */
async function readValues(input: PlannedInput, elements: number, work: FloatDtype): Promise<Float32Array<ArrayBuffer>> {
  const values = new Float32Array(elements);
  const size = bytesOf(input.dtype);
  const piece = new Uint8Array(Math.min(CHUNK_ELEMENTS, elements) * size);
  for (let start = 0; start < elements; start += CHUNK_ELEMENTS) {
    const part = values.subarray(start, start + CHUNK_ELEMENTS);
    const bytes = piece.subarray(0, part.length * size);
    await input.reader.read(input.tensor.name, start * size, bytes);
    decodeTo(part, input.dtype, bytes);
  }
  roundAll(work, values);
  return values;
}
