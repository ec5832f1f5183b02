import { createHash } from "node:crypto";
import { decodeTo, encodeTo } from "../convert.ts";
import { dtypeBytes, type FloatDtype } from "../dtype.ts";
import { countNonFinite } from "../non-finite.ts";
import { countInfiniteQ8, q8Bytes, quantizeQ8 } from "../q8.ts";
import { elementCount } from "../tensor-info.ts";
import type { StorageType, TensorPlacement } from "./file-layout.ts";
import { regionWriter, type WrittenFile } from "./region-writer.ts";
import { reorderRows } from "./tensor-change.ts";
import type { Pause, TensorStream } from "./tensor-stream.ts";
import type { DigestedTensor } from "./tensors-digest.ts";

/** Where a stream's bytes go. */
export interface StreamPlaces {
  /** Undefined if the stream is only digested. */
  readonly file: WrittenFile | undefined;
  readonly placements: readonly TensorPlacement[];
}

/** What became of a stream. */
export interface StoredStream {
  readonly digest: DigestedTensor;
  /** Elements that are infinite or no number, as they come. */
  readonly nonFinite: number;
  /** The first storage that is too narrow for some elements, which became infinite there. */
  readonly overflow: { readonly storage: StorageType; readonly elements: number } | undefined;
}

/**
 * Takes a stream to its end: every piece is hashed as it comes and written to each of its places, converted, while it is in
 * the processor's cache.
 *
 * @param pause called before each piece; what it throws ends the work
 */
export async function storeStream(
  stream: TensorStream,
  { file, placements }: StreamPlaces,
  pause: Pause,
): Promise<StoredStream> {
  const writers = file === undefined ? [] : placements.map((placement) => placeWriter(file, placement, stream));
  const hash = createHash("sha256");
  let nonFinite = 0;
  try {
    for await (const piece of stream.chunks(pause)) {
      await pause();
      hash.update(piece);
      nonFinite += countNonFinite(stream.dtype, piece);
      for (const { write } of writers) await write(piece);
    }
  } finally {
    await endAll(writers);
  }
  const { name, dtype, shape } = stream;
  const narrow = writers.find(({ lost }) => lost() > nonFinite);
  return {
    digest: { name, dtype, shape, sha256: hash.digest("hex") },
    nonFinite,
    overflow: narrow && { storage: narrow.storage, elements: narrow.lost() - nonFinite },
  };
}

/** @throws what one of them throws, when all have come to their ends */
async function endAll(writers: readonly PlaceWriter[]): Promise<void> {
  const ends = writers.map(({ end }) => end());
  await Promise.allSettled(ends);
  await Promise.all(ends);
}

interface PlaceWriter {
  readonly storage: StorageType;
  readonly write: (piece: Uint8Array<ArrayBuffer>) => Promise<void> | void;
  readonly end: () => Promise<void>;
  /** Elements that are not finite as they were stored. */
  readonly lost: () => number;
}

/** Writes the pieces of one tensor one after the other to its place. */
function placeWriter(file: WrittenFile, placement: TensorPlacement, stream: TensorStream): PlaceWriter {
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
  const region = regionWriter(file, placement.position);
  let lost = 0;
  const write = reorderRows(change, { rows, rowBytes }, (piece) => {
    const bytes = toStorage(storage, stream.dtype, piece, change?.kind === "add" ? change.value : 0);
    if (bytes !== piece) lost += storage === "Q8_0" ? countInfiniteQ8(bytes) : countNonFinite(storage, bytes);
    return region.write(bytes);
  });
  return { storage, write, end: () => region.end(), lost: () => lost };
}

function toStorage(storage: StorageType, dtype: FloatDtype, piece: Uint8Array<ArrayBuffer>, add: number): Uint8Array {
  if (storage === dtype && add === 0) return piece;
  const values = new Float32Array(piece.byteLength / dtypeBytes(dtype));
  decodeTo(values, dtype, piece);
  if (add !== 0) for (let i = 0; i < values.length; i++) values[i] = (values[i] ?? 0) + add;
  if (storage === "Q8_0") return quantizeQ8(values);
  const bytes = new Uint8Array(values.length * dtypeBytes(storage));
  encodeTo(bytes, storage, values);
  return bytes;
}

/** Bytes that a tensor of this shape takes in this storage. */
function storedBytes(storage: StorageType, shape: readonly number[]): number {
  const elements = elementCount(shape);
  return storage === "Q8_0" ? q8Bytes(elements) : elements * dtypeBytes(storage);
}
