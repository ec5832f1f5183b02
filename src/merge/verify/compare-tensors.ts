import { asUint16, decodeTo, encodeTo } from "../../tensors/convert.ts";
import { dtypeBytes, type FloatDtype, isFloatDtype } from "../../tensors/dtype.ts";
import type { ReadableTensor, TensorReader } from "../../tensors/tensor-reader.ts";
import type { TensorStream } from "../../tensors/write/tensor-stream.ts";

/** How the elements of a tensor differ from those that were expected. */
export interface ElementDifferences {
  readonly elements: number;
  readonly different: number;
  readonly maxAbs: number;
  /** Relative to the expected value; of elements that were expected to be other than 0. */
  readonly maxRelative: number;
  /** In units in the last place of the published dtype: 1 is the next number that it can hold. */
  readonly maxUlp: number;
}

/** A tensor that is not as the recipe makes it. */
export interface TensorDifference extends ElementDifferences {
  readonly name: string;
  /** What is different besides elements: a shape, a dtype. */
  readonly note: string | undefined;
}

/** A published tensor, and what its file's format did to the elements besides converting them. */
export interface PublishedTensor {
  readonly reader: TensorReader;
  readonly tensor: ReadableTensor;
  readonly dtype: FloatDtype;
  /** Added before it was stored, and taken off again when it is read: small elements lose bits on the way. */
  readonly shift: number;
}

/**
 * Compares a tensor that is made again with the published one, piece by piece. What was made is first converted to the
 * published dtype, which a GGUF may have chosen for it.
 */
export async function compareTensor(
  made: TensorStream,
  published: PublishedTensor,
  onPiece: (piece: Uint8Array) => void = () => {},
): Promise<ElementDifferences> {
  const tally = { elements: 0, different: 0, maxAbs: 0, maxRelative: 0, maxUlp: 0 };
  for await (const [expected, found, piece] of pairs(made, published)) {
    onPiece(piece);
    addPiece(tally, expected, found, published.dtype);
  }
  return tally;
}

/** Whether a tensor that is made again is the published one; stops at the first piece that differs. */
export async function isSameTensor(made: TensorStream, published: PublishedTensor): Promise<boolean> {
  if (made.shape.join() !== published.tensor.shape.join()) return false;
  const tally = { elements: 0, different: 0, maxAbs: 0, maxRelative: 0, maxUlp: 0 };
  for await (const [expected, found] of pairs(made, published)) {
    addPiece(tally, expected, found, published.dtype);
    if (tally.different > 0) return false;
  }
  return true;
}

/** Pieces of both in the published dtype, and the piece as it was made. */
async function* pairs(
  made: TensorStream,
  { reader, tensor, dtype, shift }: PublishedTensor,
): AsyncGenerator<readonly [Uint8Array, Uint8Array, Uint8Array]> {
  const size = dtypeBytes(dtype);
  let start = 0;
  for await (const piece of made.chunks()) {
    const expected = made.dtype === dtype && shift === 0 ? piece : convert(piece, made.dtype, dtype, shift);
    const found = new Uint8Array(expected.byteLength);
    await reader.read(tensor.name, start, found);
    yield [expected, found, piece];
    start += (piece.byteLength / dtypeBytes(made.dtype)) * size;
  }
}

function convert(piece: Uint8Array, from: FloatDtype, to: FloatDtype, shift: number): Uint8Array {
  const all = values(piece, from);
  if (shift !== 0) for (let i = 0; i < all.length; i++) all[i] = Math.fround((all[i] ?? 0) + shift) - shift;
  const bytes = new Uint8Array(all.length * dtypeBytes(to));
  encodeTo(bytes, to, all);
  return bytes;
}

function values(bytes: Uint8Array, dtype: FloatDtype): Float32Array {
  const all = new Float32Array(bytes.byteLength / dtypeBytes(dtype));
  decodeTo(all, dtype, bytes);
  return all;
}

type Tally = { -readonly [Key in keyof ElementDifferences]: number };

/** Counts the elements whose bits differ, but for NaN in both: its payload says nothing of the value. */
function addPiece(tally: Tally, expected: Uint8Array, found: Uint8Array, dtype: FloatDtype): void {
  tally.elements += expected.byteLength / dtypeBytes(dtype);
  if (Buffer.compare(expected, found) === 0) return;
  const [bitsA, bitsB] = [bitsOf(expected, dtype), bitsOf(found, dtype)];
  const [a, b] = [values(expected, dtype), values(found, dtype)];
  const sign = dtype === "F32" ? 2 ** 31 : 2 ** 15;
  let { different, maxAbs, maxRelative, maxUlp } = tally;
  for (let i = 0; i < bitsA.length; i++) {
    const [x = 0, y = 0] = [bitsA[i], bitsB[i]];
    if (x === y) continue;
    const [valueA = 0, valueB = 0] = [a[i], b[i]];
    if (Number.isNaN(valueA) && Number.isNaN(valueB)) continue;
    different++;
    const apart = Math.abs(valueA - valueB);
    const distance = Number.isNaN(apart) ? Number.POSITIVE_INFINITY : apart;
    if (distance > maxAbs) maxAbs = distance;
    if (valueA !== 0 && distance > maxRelative * Math.abs(valueA)) maxRelative = distance / Math.abs(valueA);
    const ulp = Math.abs(ordinal(x, sign) - ordinal(y, sign));
    if (ulp > maxUlp) maxUlp = ulp;
  }
  Object.assign(tally, { different, maxAbs, maxRelative, maxUlp });
}

/** Numbers of a dtype as integers in their order: neighbours are 1 apart, and so are -0 and 0. */
function ordinal(bits: number, sign: number): number {
  return bits >= sign ? sign - bits - 1 : bits;
}

function bitsOf(bytes: Uint8Array, dtype: FloatDtype): Uint16Array | Uint32Array {
  return dtype === "F32" ? new Uint32Array(bytes.slice().buffer) : asUint16(bytes);
}

/** The published tensor of a name, if it can be compared. */
export function publishedTensor(reader: TensorReader, name: string, shift = 0): PublishedTensor | undefined {
  const tensor = reader.tensors.get(name);
  if (tensor === undefined || !isFloatDtype(tensor.dtype)) return undefined;
  return { reader, tensor, dtype: tensor.dtype, shift };
}
