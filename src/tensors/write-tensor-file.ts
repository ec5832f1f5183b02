import { createHash, randomBytes } from "node:crypto";
import { type FileHandle, mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { describeWriteFailure } from "../base/atomic-write.ts";
import { decodeTo, encodeTo } from "./convert.ts";
import { dtypeBytes, type FloatDtype } from "./dtype.ts";
import type { StorageType, TensorFileLayout, TensorPlacement } from "./file-layout.ts";
import { q8Bytes, quantizeQ8 } from "./q8.ts";
import { reorderRows } from "./tensor-change.ts";
import { elementCount } from "./tensor-info.ts";
import type { TensorStream } from "./tensor-stream.ts";
import type { DigestedTensor } from "./tensors-digest.ts";

/**
 * Writes a tensor file: the header, then every tensor at its place, converted to the storage the layout asks for. The file
 * has a temporary name until it is whole and on disk; a failure leaves nothing behind.
 *
 * Tensors that the layout does not place are not written, but digested all the same: the digests are of the tensors as they
 * come, before conversion, so they do not depend on the file's format.
 *
 * @returns the digests, in the order of `streams`
 * @throws WorkError if the disk is full or the place cannot be written
 */
export async function writeTensorFile(
  path: string,
  layout: TensorFileLayout,
  streams: Iterable<TensorStream>,
  { signal }: { signal?: AbortSignal | undefined } = {},
): Promise<DigestedTensor[]> {
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString("hex")}.tmp`;
  try {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(temporary, "wx");
    let digests: DigestedTensor[];
    try {
      // Without this, the gaps between tensors and a file that ends in one would depend on what is written last.
      await file.truncate(layout.byteLength);
      await writeFully(file, layout.header, 0);
      digests = await writeStreams(file, layout, streams, signal);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    return digests;
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw describeWriteFailure(error, path);
  }
}

/** Digests tensors without writing them. */
export async function digestStreams(
  streams: Iterable<TensorStream>,
  { signal }: { signal?: AbortSignal | undefined } = {},
): Promise<DigestedTensor[]> {
  const digests: DigestedTensor[] = [];
  for (const stream of streams) digests.push(await drain(stream, () => Promise.resolve(), signal));
  return digests;
}

async function writeStreams(
  file: FileHandle,
  layout: TensorFileLayout,
  streams: Iterable<TensorStream>,
  signal: AbortSignal | undefined,
): Promise<DigestedTensor[]> {
  const places = new Map<string, TensorPlacement[]>();
  for (const placement of layout.placements) {
    places.set(placement.source, [...(places.get(placement.source) ?? []), placement]);
  }
  const digests: DigestedTensor[] = [];
  for (const stream of streams) {
    const writers = (places.get(stream.name) ?? []).map((placement) => placeWriter(file, placement, stream));
    places.delete(stream.name);
    const digest = await drain(
      stream,
      async (piece) => {
        for (const write of writers) await write(piece);
      },
      signal,
    );
    digests.push(digest);
  }
  const [missing] = places.keys();
  if (missing !== undefined) throw new Error(`The layout places a tensor ${missing} that was not given`);
  return digests;
}

/** Takes a stream to its end: hashes each piece while the piece before it is being written. */
async function drain(
  stream: TensorStream,
  write: (piece: Uint8Array<ArrayBuffer>) => Promise<void>,
  signal: AbortSignal | undefined,
): Promise<DigestedTensor> {
  const hash = createHash("sha256");
  let writing = Promise.resolve();
  let failure: { error: unknown } | undefined;
  for await (const piece of stream.chunks()) {
    signal?.throwIfAborted();
    hash.update(piece);
    await writing;
    if (failure !== undefined) throw failure.error;
    writing = write(piece).catch((error: unknown) => {
      failure = { error };
    });
  }
  await writing;
  if (failure !== undefined) throw failure.error;
  const { name, dtype, shape } = stream;
  return { name, dtype, shape, sha256: hash.digest("hex") };
}

/** Writes the pieces of one tensor one after the other to its place. */
function placeWriter(
  file: FileHandle,
  placement: TensorPlacement,
  stream: TensorStream,
): (piece: Uint8Array<ArrayBuffer>) => Promise<void> {
  if (placement.byteLength !== storedBytes(placement.storage, placement.shape)) {
    throw new Error(`${placement.source}: the layout's byte length does not fit its shape`);
  }
  if (elementCount(placement.shape) !== elementCount(stream.shape)) {
    throw new Error(
      `${placement.source}: expected [${placement.shape.join(", ")}], found [${stream.shape.join(", ")}]`,
    );
  }
  const { storage, shape, change } = placement;
  const rows = shape[0] ?? 1;
  const rowBytes = (elementCount(shape) / rows) * dtypeBytes(stream.dtype);
  let position = placement.position;
  return reorderRows(change, { rows, rowBytes }, async (piece) => {
    const bytes = toStorage(storage, stream.dtype, piece, change?.kind === "add" ? change.value : 0);
    await writeFully(file, bytes, position);
    position += bytes.byteLength;
  });
}

function toStorage(storage: StorageType, dtype: FloatDtype, piece: Uint8Array<ArrayBuffer>, add: number): Uint8Array {
  if (storage === dtype && add === 0) return piece;
  const values = new Float32Array(piece.byteLength / dtypeBytes(dtype));
  decodeTo(values, dtype, piece);
  if (add !== 0) for (let i = 0; i < values.length; i++) values[i] = (values[i] ?? 0) + add;
  if (storage === "Q8_0") return quantizeQ8(values);
  const bytes = new Uint8Array(values.length * (storage === "F32" ? 4 : 2));
  encodeTo(bytes, storage, values);
  return bytes;
}

/** Bytes that a tensor of this shape takes in this storage. */
function storedBytes(storage: StorageType, shape: readonly number[]): number {
  const elements = elementCount(shape);
  if (storage === "Q8_0") return q8Bytes(elements);
  return elements * (storage === "F32" ? 4 : 2);
}

async function writeFully(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  let written = 0;
  while (written < bytes.byteLength) {
    const { bytesWritten } = await file.write(bytes, written, bytes.byteLength - written, position + written);
    written += bytesWritten;
  }
}
