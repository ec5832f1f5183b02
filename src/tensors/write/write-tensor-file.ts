import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { setImmediate } from "node:timers/promises";
import { describeWriteFailure, wholeOrNothing } from "../../base/files/atomic-write.ts";
import { makeFolder } from "../../base/files/make-folder.ts";
import { removeAbandoned, temporaryPath } from "../../base/files/temporary-path.ts";
import { dtypeBytes } from "../dtype.ts";
import { elementCount } from "../tensor-info.ts";
import type { TensorFileLayout, TensorPlacement } from "./file-layout.ts";
import { describeNonFinite, explainNonFinite, NonFinite } from "./non-finite-error.ts";
import { openDirect, type WrittenFile, writeFully } from "./region-writer.ts";
import { type RemoteStorage, storeInThreads } from "./store-in-threads.ts";
import { type StoredStream, storeStream } from "./store-stream.ts";
import type { TensorStream } from "./tensor-stream.ts";
import type { DigestedTensor } from "./tensors-digest.ts";

/** Bytes of a file from which on it is worth going past the page cache: smaller ones are written back by the system meanwhile. */
const LEAST_FOR_DIRECT = 256e6;

/** Bytes of averaged tensors from which on threads are worth their start, which takes as long as some 100 MB in this thread. */
const LEAST_FOR_THREADS = 256e6;

export interface StoreOptions {
  /** Bytes of tensors from which on threads share the work; of costly tensors, fewer. */
  readonly threadsFrom?: number | undefined;
  /** Called after each tensor, in the order in which they are finished. */
  readonly onStored?: ((tensor: DigestedTensor) => void) | undefined;
  /** Called for each tensor with elements that are not finite, which is an error if nobody is there to be told. */
  readonly onNonFinite?: ((found: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Bytes of a file from which on `keptForLater` matters. */
  readonly directFrom?: number | undefined;
  /** Nobody reads the file soon: large ones are written past the page cache, where that can be. */
  readonly keptForLater?: boolean | undefined;
}

/**
 * Writes a tensor file: the header, then every tensor at its place, converted to the storage the layout asks for. The file
 * has a temporary name until it is whole and on disk; a failure leaves nothing behind, and what a killed
 * process left of it is removed.
 *
 * Tensors that the layout does not place are not written, but digested all the same: the digests are of the tensors as they
 * come, before conversion, so they do not depend on the file's format.
 *
 * @returns the digests, in the order of `streams`
 * @throws WorkError if the disk is full or the place cannot be written, or for elements that are not finite
 */
export async function writeTensorFile(
  path: string,
  layout: TensorFileLayout,
  streams: readonly TensorStream[],
  options: StoreOptions = {},
): Promise<DigestedTensor[]> {
  const temporary = temporaryPath(path);
  try {
    await removeAbandoned(path);
    await makeFolder(dirname(path));
    const file = await open(temporary, "wx");
    const pastCache = options.keptForLater === true && layout.byteLength >= (options.directFrom ?? LEAST_FOR_DIRECT);
    let direct: FileHandle | undefined;
    let digests: DigestedTensor[];
    try {
      direct = pastCache ? await openDirect(temporary) : undefined;
      // Without this, the gaps between tensors and a file that ends in one would depend on what is written last.
      await file.truncate(layout.byteLength);
      writeFully(file.fd, layout.header, 0);
      const written = { descriptor: file.fd, direct: direct?.fd };
      digests = await storeAll(streams, layout.placements, { file, written }, options);
      await file.sync();
    } finally {
      await direct?.close();
      await file.close();
    }
    await rename(temporary, path);
    return digests;
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw describeWriteFailure(error, path, wholeOrNothing(layout.byteLength));
  }
}

/** Digests tensors without writing them. */
export function digestStreams(streams: readonly TensorStream[], options: StoreOptions = {}): Promise<DigestedTensor[]> {
  return storeAll(streams, [], undefined, options);
}

/** Threads take the streams that they can make, if it is enough; this thread takes the others meanwhile, in their order. */
async function storeAll(
  streams: readonly TensorStream[],
  allPlacements: readonly TensorPlacement[],
  opened: { readonly file: FileHandle; readonly written: WrittenFile } | undefined,
  { signal, onStored, onNonFinite, threadsFrom = LEAST_FOR_THREADS }: StoreOptions,
): Promise<DigestedTensor[]> {
  const placementsOf = groupBySource(allPlacements, streams);
  const storages = streams.map((stream) => ({
    stream,
    file: opened?.written,
    placements: placementsOf.get(stream.name) ?? [],
  }));
  const remote = storages.flatMap((storage): RemoteStorage[] =>
    storage.stream.remote === undefined ? [] : [{ ...storage, remote: storage.stream.remote }],
  );
  const threaded = totalCost(remote) >= threadsFrom ? remote : [];
  const inThreads = new Set(threaded.map(({ stream }) => stream));

  const digests = new Map<TensorStream, DigestedTensor>();
  const keep = (stream: TensorStream, { digest, ...found }: StoredStream): void => {
    const fault = describeNonFinite(digest, found);
    if (fault !== undefined && onNonFinite === undefined) throw new NonFinite(fault, stream);
    if (fault !== undefined) onNonFinite?.(fault);
    digests.set(stream, digest);
    onStored?.(digest);
  };
  const stop = new AbortController();
  const stopped = AbortSignal.any(signal === undefined ? [stop.signal] : [stop.signal, signal]);
  const pause = async (): Promise<void> => {
    // Others must be able to run, such as what aborts the signal.
    await setImmediate();
    stopped.throwIfAborted();
  };
  const storeHere = async (): Promise<void> => {
    for (const storage of storages) {
      if (inThreads.has(storage.stream)) continue;
      keep(storage.stream, await storeStream(storage.stream, storage, pause));
    }
  };
  let flush: Promise<void> | undefined;
  const keepAndFlush = (stream: TensorStream, stored: StoredStream): void => {
    keep(stream, stored);
    // To the disk while threads go on, so that there is less to wait for at the end.
    if (opened?.written.direct !== undefined) return;
    flush ??= opened?.file.datasync().finally(() => {
      flush = undefined;
    });
    flush?.catch((error: unknown) => stop.abort(error));
  };
  const halves = [storeHere()];
  if (threaded.length > 0) halves.push(storeInThreads(threaded, keepAndFlush, stopped));
  // A failure of one stops the other, which must be at its end before the file is closed.
  for (const half of halves) half.catch((error: unknown) => stop.abort(error));
  await Promise.allSettled(halves);
  await flush;
  await Promise.all(halves).catch(explainNonFinite);
  return streams.flatMap((stream) => digests.get(stream) ?? []);
}

function groupBySource(
  placements: readonly TensorPlacement[],
  streams: readonly TensorStream[],
): ReadonlyMap<string, readonly TensorPlacement[]> {
  const groups = new Map<string, TensorPlacement[]>();
  for (const placement of placements) {
    groups.set(placement.source, [...(groups.get(placement.source) ?? []), placement]);
  }
  const given = new Set(streams.map(({ name }) => name));
  for (const name of groups.keys()) {
    if (!given.has(name)) throw new Error(`The layout places a tensor ${name} that was not given`);
  }
  return groups;
}

/** In bytes of tensors that are averaged. */
function totalCost(storages: readonly RemoteStorage[]): number {
  return storages.reduce(
    (sum, { stream: { dtype, shape }, remote }) => sum + elementCount(shape) * dtypeBytes(dtype) * (remote.cost ?? 1),
    0,
  );
}
