import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { formatBytes } from "../base/bytes.ts";
import { InputError, WorkError } from "../base/errors.ts";
import { parseSafetensorsIndex } from "../safetensors/read-index.ts";
import type { ByteSource } from "../tensors/byte-source.ts";
import { type FileFolder, openFileFolder } from "../tensors/file-folder.ts";
import { openFileSource } from "../tensors/file-source.ts";
import { cacheFolder, isComplete, onlineOrCached } from "./cache.ts";
import { type FileRequest, type HubFile, hasItsDigest, openRemoteFile } from "./download-blob.ts";
import { chooseWeights, INDEX, type ListedModel, listModel } from "./list-model.ts";
import type { HubModelId } from "./model-id.ts";
import { attempt, fetchWithin, type HubOptions } from "./request.ts";

/** Larger files are read when they are needed, if they are. */
const AHEAD_BYTES = 32_000_000;

/** A model of the hub that was looked at and not fetched. */
export interface PeekedModel {
  readonly folder: FileFolder;
  readonly repo: string;
  readonly commit: string;
  /** What fetching it would add to the cache. */
  readonly bytesToFetch: number;
}

/**
 * Looks at a model of the hub where it is: its small files are read into memory, its weights by ranges, so that their headers
 * are all that travels. What the cache has is read there. Nothing is written.
 *
 * @throws InputError and WorkError as `fetchModel` does
 */
export async function peekModel(id: HubModelId, options: HubOptions = {}): Promise<PeekedModel> {
  return await onlineOrCached(
    id,
    options,
    () => peekOnline(id, options),
    async ({ folder, repo, commit }) => ({ folder: await openFileFolder(folder), repo, commit, bytesToFetch: 0 }),
  );
}

async function peekOnline(id: HubModelId, options: HubOptions): Promise<PeekedModel> {
  const model = await listModel(id, options);
  const { repo } = id;
  const { commit, small, from } = model;
  const storage = cacheFolder(id);
  const snapshot = join(storage, "snapshots", commit);
  if (await isComplete(snapshot)) {
    return { folder: await openFileFolder(snapshot), repo, commit, bytesToFetch: 0 };
  }
  const blobs = join(storage, "blobs");
  const readWhole = smallFileReader(model, blobs, options);
  // Asked for all at once: one after the other they would take seconds.
  for (const file of small) if (file.size < AHEAD_BYTES) readWhole(file).catch(() => {});
  const index = small.find(({ path }) => path === INDEX);
  const shards = index && new Set(parseSafetensorsIndex(await readWhole(index), `${from}/${INDEX}`).values());
  const files = [...small, ...chooseWeights(model, shards)];
  const missing = await Promise.all(files.map((file) => missingBytes(file, join(blobs, file.oid))));
  const find = (name: string): HubFile | undefined => files.find(({ path }) => path === name);
  const folder: FileFolder = {
    path: from,
    names: files.map(({ path }) => path),
    async readFile(name, maxBytes) {
      const file = find(name);
      if (file === undefined) return undefined;
      if (file.size <= maxBytes) return await readWhole(file);
      throw new InputError(
        `${from}/${name}: expected at most ${formatBytes(maxBytes)}, found a file of ${formatBytes(file.size)}`,
      );
    },
    async openFile(name) {
      const file = find(name);
      if (file === undefined) throw new InputError(`Expected a file ${from}/${name}, found none`);
      const blob = join(blobs, file.oid);
      return existsSync(blob) ? await openFileSource(blob) : await openRanges(file, model, options);
    },
  };
  return { folder, repo, commit, bytesToFetch: missing.reduce((sum, bytes) => sum + bytes, 0) };
}

async function missingBytes({ size }: HubFile, blob: string): Promise<number> {
  if (existsSync(blob)) return 0;
  const begun = await stat(`${blob}.incomplete`).catch(() => undefined);
  return begun === undefined || begun.size > size ? size : size - begun.size;
}

/**
 * Reads files into memory, each once.
 *
 * @param blobs where the cache has files, by their digest
 */
function smallFileReader(
  model: ListedModel,
  blobs: string,
  options: HubOptions,
): (file: HubFile) => Promise<Uint8Array> {
  const read = new Map<HubFile, Promise<Uint8Array>>();
  return (file) => {
    const blob = join(blobs, file.oid);
    const started = read.get(file) ?? (existsSync(blob) ? readFile(blob) : readAll(file, model, options));
    read.set(file, started);
    return started;
  };
}

async function readAll(file: HubFile, model: ListedModel, options: HubOptions): Promise<Uint8Array> {
  return await attempt(model.from, options, async () => {
    const blob = await openRemoteFile(file, quick(model, options));
    const bytes = new Uint8Array(await blob.arrayBuffer());
    if (await hasItsDigest([bytes], file)) return bytes;
    throw new WorkError(`${model.from}/${file.path}: arrived damaged: its digest is not the one that the hub lists`);
  });
}

/** Weights, of which each read is a request. */
async function openRanges(file: HubFile, model: ListedModel, options: HubOptions): Promise<ByteSource> {
  const { from } = model;
  const name = `${from}/${file.path}`;
  const blob = await attempt(from, options, () => openRemoteFile(file, quick(model, options)));
  return {
    name,
    byteLength: file.size,
    async read(position, into) {
      const end = position + into.byteLength;
      if (end > file.size) {
        throw new InputError(
          `${name} ends too early: expected ${into.byteLength} bytes at ${position} of ${file.size}`,
        );
      }
      const bytes = await attempt(from, options, async () => {
        const found = new Uint8Array(await blob.slice(position, end).arrayBuffer());
        if (found.byteLength === into.byteLength) return found;
        throw new WorkError(`${name}: expected ${into.byteLength} bytes at ${position}, ${found.byteLength} arrived`);
      });
      into.set(bytes);
    },
    close: () => Promise.resolve(),
  };
}

/** For requests whose answers are a few megabytes. */
function quick({ request }: ListedModel, { signal }: HubOptions): FileRequest {
  return { ...request, fetch: fetchWithin(signal) };
}
