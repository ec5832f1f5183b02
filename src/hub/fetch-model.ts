import { existsSync } from "node:fs";
import { mkdir, symlink } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { systemCodeOf } from "../base/errors.ts";
import { writeFileAtomic } from "../base/files/atomic-write.ts";
import { type CachedModel, cacheFolder, onlineOrCached, shardsOf } from "./cache.ts";
import { downloadBlob, type FileRequest, type HubFile } from "./download-blob.ts";
import { chooseWeights, INDEX, listModel } from "./list-model.ts";
import { type HubModelId, showModelId } from "./model-id.ts";
import { attempt, type HubOptions } from "./request.ts";

/** How far the files of a model are. Bytes of all its files that are needed; those that were there already count. */
export interface FetchProgress {
  /** As it was asked for: `org/name@revision`. */
  readonly model: string;
  /** The file that is being fetched. */
  readonly file: string;
  readonly received: number;
  readonly total: number;
}

export interface FetchModelOptions extends HubOptions {
  readonly onProgress?: ((progress: FetchProgress) => void) | undefined;
}

/**
 * Fetches what a merge needs of a model into the standard cache (`HF_HUB_CACHE`, `HF_HOME`), shared with the other programs
 * that use it: safetensors, config and tokenizer; never a pickle. What is there is not fetched again, what was interrupted
 * goes on. With `HF_HUB_OFFLINE`, or where the hub does not answer, the cache alone is used.
 *
 * @throws InputError if there is no such model or revision, access is refused, or it has no safetensors weights
 * @throws WorkError if the hub cannot be reached and the cache does not have the model
 */
export async function fetchModel(id: HubModelId, options: FetchModelOptions = {}): Promise<CachedModel> {
  return await onlineOrCached(
    id,
    options,
    () => fetchOnline(id, options),
    (cached) => cached,
  );
}

async function fetchOnline(id: HubModelId, options: FetchModelOptions): Promise<CachedModel> {
  const model = await listModel(id, options);
  const { commit, from, request, small } = model;
  const storage = cacheFolder(id);
  const snapshot = join(storage, "snapshots", commit);
  await mkdir(join(storage, "blobs"), { recursive: true });
  await mkdir(snapshot, { recursive: true });
  const fetchAll = async (files: readonly HubFile[], total: number, before: number): Promise<void> => {
    let received = before;
    for (const file of files) {
      const onBytes = (bytes: number): void =>
        options.onProgress?.({ model: showModelId(id), file: file.path, received: received + bytes, total });
      await fetchFile(file, storage, snapshot, from, request, options, onBytes);
      received += file.size;
    }
  };
  // The index says which weights there are; they come last, so that a snapshot that has them has everything.
  const index = small.find(({ path }) => path === INDEX);
  if (index !== undefined) await fetchAll([index], sumOf(small), 0);
  const weights = chooseWeights(model, index && (await shardsOf(snapshot)));
  const total = sumOf(small) + sumOf(weights);
  await fetchAll(
    small.filter((file) => file !== index),
    total,
    index?.size ?? 0,
  );
  await fetchAll(weights, total, sumOf(small));
  const { revision = "main" } = id;
  if (revision !== commit) await writeFileAtomic(join(storage, "refs", revision), commit);
  return { folder: snapshot, repo: id.repo, commit };
}

function sumOf(files: readonly HubFile[]): number {
  return files.reduce((sum, { size }) => sum + size, 0);
}

async function fetchFile(
  file: HubFile,
  storage: string,
  snapshot: string,
  from: string,
  request: FileRequest,
  options: FetchModelOptions,
  onBytes: (received: number) => void,
): Promise<void> {
  const blob = join(storage, "blobs", file.oid);
  if (!existsSync(blob)) await attempt(from, options, () => downloadBlob(file, blob, request, onBytes));
  const link = join(snapshot, file.path);
  await symlink(relative(dirname(link), blob), link).catch((error: unknown) => {
    if (systemCodeOf(error) !== "EEXIST") throw error;
  });
  onBytes(file.size);
}
