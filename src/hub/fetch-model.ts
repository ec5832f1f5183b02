import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, symlink } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { getHFHubCachePath, getRepoFolderName, HubApiError, listFiles, modelInfo } from "@huggingface/hub";
import { InputError, systemCodeOf, WorkError } from "../base/errors.ts";
import { writeFileAtomic } from "../base/files/atomic-write.ts";
import { readSafetensorsIndex } from "../safetensors/read-index.ts";
import { downloadBlob, type FileRequest, type HubFile } from "./download-blob.ts";
import { type HubModelId, showModelId } from "./model-id.ts";
import { attempt, fetchLong, fetchWithin, type HubOptions, hubRequest } from "./request.ts";

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

/** A model of the hub in the cache of this machine. */
export interface FetchedModel {
  /** The snapshot: links to the files. */
  readonly folder: string;
  readonly repo: string;
  /** What the revision stood for when it was asked for: 40 hexadecimal digits. */
  readonly commit: string;
}

const WEIGHTS = "model.safetensors";
const INDEX = "model.safetensors.index.json";
const ADAPTER = "adapter_model.safetensors";
const PICKLE = /\.(bin|pt|pth|ckpt|pkl)$/i;
/** Everything else that a checkpoint or an adapter is made of. */
const SMALL_FILES: ReadonlySet<string> = new Set([
  "config.json",
  "adapter_config.json",
  "generation_config.json",
  "tokenizer.json",
  "tokenizer.model",
  "tokenizer_config.json",
  "special_tokens_map.json",
  "added_tokens.json",
  "vocab.json",
  "merges.txt",
  "chat_template.jinja",
  "chat_template.json",
  "mergekit_config.yml",
  INDEX,
]);

/**
 * Fetches what a merge needs of a model into the standard cache (`HF_HUB_CACHE`, `HF_HOME`), shared with the other programs
 * that use it: safetensors, config and tokenizer; never a pickle. What is there is not fetched again, what was interrupted
 * goes on. With `HF_HUB_OFFLINE`, or where the hub does not answer, the cache alone is used.
 *
 * @throws InputError if there is no such model or revision, access is refused, or it has no safetensors weights
 * @throws WorkError if the hub cannot be reached and the cache does not have the model
 */
export async function fetchModel(id: HubModelId, options: FetchModelOptions = {}): Promise<FetchedModel> {
  const storage = join(getHFHubCachePath(), getRepoFolderName({ type: "model", name: id.repo }));
  if (/^(1|true|yes|on)$/i.test(process.env.HF_HUB_OFFLINE ?? "")) {
    const cached = await fromCache(id, storage);
    if (cached !== undefined) return cached;
    throw new InputError(`${showModelId(id)}: is not in the cache ${getHFHubCachePath()}, and HF_HUB_OFFLINE is set`, {
      hint: "Unset HF_HUB_OFFLINE to fetch it, or name a local folder.",
    });
  }
  try {
    return await fetchOnline(id, storage, options);
  } catch (error) {
    options.signal?.throwIfAborted();
    const cached = error instanceof WorkError ? await fromCache(id, storage) : undefined;
    if (cached !== undefined) return cached;
    throw error;
  }
}

async function fetchOnline(id: HubModelId, storage: string, options: FetchModelOptions): Promise<FetchedModel> {
  const hub = hubRequest(options);
  const from = `${hub.hubUrl}/${showModelId(id)}`;
  const commit = await resolveCommit(id, from, options);
  const snapshot = join(storage, "snapshots", commit);
  const request: FileRequest = {
    ...hub,
    repo: { type: "model", name: id.repo },
    revision: commit,
    fetch: fetchLong(options.signal),
  };
  const listed = await attempt(from, options, () => listAll({ ...request, fetch: fetchWithin(options.signal) }));
  const small = listed.filter(({ path }) => SMALL_FILES.has(path));
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
  const weights = chooseWeights(listed, index && (await shardsOf(snapshot)), from);
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

const COMMIT = /^[0-9a-f]{40}$/;

async function resolveCommit({ repo, revision }: HubModelId, from: string, options: HubOptions): Promise<string> {
  const ask = (name: string | undefined): Promise<{ sha: string }> =>
    modelInfo({
      ...hubRequest(options),
      name: repo,
      additionalFields: ["sha"],
      fetch: fetchWithin(options.signal),
      ...(name === undefined ? {} : { revision: name }),
    });
  return await attempt(from, options, async () => {
    const { sha } = await ask(revision).catch(async (error: unknown) => {
      // The hub says 404 for both; asked without the revision, it tells them apart.
      if (!(error instanceof HubApiError && error.statusCode === 404 && revision !== undefined)) throw error;
      await ask(undefined);
      throw new InputError(`${from}: the model is there, but it has no revision ${revision}`, { cause: error });
    });
    // It becomes the name of a folder.
    if (!COMMIT.test(sha)) throw new InputError(`${from}: expected the hub to name a commit, found ${sha}`);
    return sha;
  });
}

/** The files at the root of a repository: sub-folders hold other formats. */
async function listAll(request: FileRequest): Promise<HubFile[]> {
  const files: HubFile[] = [];
  for await (const { type, path, size, oid, lfs } of listFiles({ ...request, recursive: false })) {
    if (type !== "file" || path.includes("/")) continue;
    const name = lfs?.oid ?? oid ?? "";
    if (!/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(name)) {
      throw new InputError(`${path}: expected the hub to list a digest, found ${JSON.stringify(name)}`);
    }
    files.push({ path, size: lfs?.size ?? size, oid: name });
  }
  return files;
}

async function shardsOf(snapshot: string): Promise<ReadonlySet<string>> {
  return new Set((await readSafetensorsIndex(join(snapshot, INDEX))).values());
}

/** The weights to fetch: the single file (of an adapter, its own), else the shards of the index: what will be read. */
function chooseWeights(listed: readonly HubFile[], shards: ReadonlySet<string> | undefined, from: string): HubFile[] {
  const single = listed.filter(({ path }) => path === WEIGHTS || path === ADAPTER);
  if (single.length > 0) return single;
  if (shards !== undefined) {
    const found = listed.filter(({ path }) => shards.has(path));
    if (found.length === shards.size) return found;
    const missing = [...shards].find((shard) => !listed.some(({ path }) => path === shard));
    throw new InputError(`${from}: its index names a shard ${missing}, but there is no such file`);
  }
  const pickle = listed.find(({ path }) => PICKLE.test(path));
  if (pickle !== undefined) {
    throw new InputError(
      `${from}: the weights are a pickle file (${pickle.path}), which can run code when it is read; nothing was fetched`,
      {
        hint: "Look for a revision or a copy with safetensors: the hub's converter makes one as a pull request (refs/pr/N).",
      },
    );
  }
  const gguf = listed.find(({ path }) => path.endsWith(".gguf"));
  throw new InputError(
    `${from}: expected ${WEIGHTS} or ${INDEX}, found neither among: ${listed.map(({ path }) => path).join(", ")}`,
    gguf === undefined ? {} : { hint: `Download ${gguf.path} and name the file, if it is F32, F16 or BF16.` },
  );
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

/** The snapshot of a revision in the cache, if its weights are complete. */
async function fromCache({ repo, revision = "main" }: HubModelId, storage: string): Promise<FetchedModel | undefined> {
  const commit = COMMIT.test(revision) ? revision : await readRef(storage, revision);
  if (commit === undefined || !COMMIT.test(commit)) return undefined;
  const folder = join(storage, "snapshots", commit);
  return (await isComplete(folder)) ? { folder, repo, commit } : undefined;
}

async function readRef(storage: string, revision: string): Promise<string | undefined> {
  return await readFile(join(storage, "refs", revision), "utf8").then(
    (text) => text.trim(),
    () => undefined,
  );
}

async function isComplete(snapshot: string): Promise<boolean> {
  const names = await readdir(snapshot).catch((): string[] => []);
  const there = (name: string): boolean => names.includes(name) && existsSync(join(snapshot, name));
  if (!there("config.json") && !there("adapter_config.json")) return false;
  return there(INDEX) ? [...(await shardsOf(snapshot))].every(there) : there(WEIGHTS) || there(ADAPTER);
}
