import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { getHFHubCachePath, getRepoFolderName } from "@huggingface/hub";
import { InputError, WorkError } from "../base/errors.ts";
import { readWholeFile } from "../base/files/read-whole-file.ts";
import { MAX_INDEX_BYTES, parseSafetensorsIndex } from "../safetensors/read-index.ts";
import { ADAPTER, COMMIT, INDEX, WEIGHTS } from "./list-model.ts";
import { type HubModelId, showModelId } from "./model-id.ts";
import type { HubOptions } from "./request.ts";

/** A model of the hub in the cache of this machine. */
export interface CachedModel {
  /** The snapshot: links to the files. */
  readonly folder: string;
  readonly repo: string;
  /** What the revision stood for when it was asked for: 40 hexadecimal digits. */
  readonly commit: string;
}

/** The folder of a repository in the standard cache (`HF_HUB_CACHE`, `HF_HOME`). */
export function cacheFolder({ repo }: HubModelId): string {
  return join(getHFHubCachePath(), getRepoFolderName({ type: "model", name: repo }));
}

/**
 * Asks the hub, or, with `HF_HUB_OFFLINE` and where the hub does not answer, the cache.
 *
 * @throws InputError if the hub refuses, or with `HF_HUB_OFFLINE` if the cache does not have the model
 * @throws WorkError if the hub cannot be reached and the cache does not have the model
 */
export async function onlineOrCached<T>(
  id: HubModelId,
  { signal }: HubOptions,
  online: () => Promise<T>,
  cached: (model: CachedModel) => T | Promise<T>,
): Promise<T> {
  if (/^(1|true|yes|on)$/i.test(process.env.HF_HUB_OFFLINE ?? "")) {
    const found = await fromCache(id);
    if (found !== undefined) return await cached(found);
    throw new InputError(`${showModelId(id)}: is not in the cache ${getHFHubCachePath()}, and HF_HUB_OFFLINE is set`, {
      hint: "Unset HF_HUB_OFFLINE to fetch it, or name a local folder.",
    });
  }
  try {
    return await online();
  } catch (error) {
    signal?.throwIfAborted();
    const found = error instanceof WorkError ? await fromCache(id) : undefined;
    if (found !== undefined) return await cached(found);
    throw error;
  }
}

/** The shards that the index of a snapshot names; undefined without one. */
export async function shardsOf(snapshot: string): Promise<ReadonlySet<string> | undefined> {
  const path = join(snapshot, INDEX);
  const bytes = await readWholeFile(path, MAX_INDEX_BYTES);
  return bytes === undefined ? undefined : new Set(parseSafetensorsIndex(bytes, path).values());
}

/** The snapshot of a revision in the cache, if its weights are complete. */
async function fromCache(id: HubModelId): Promise<CachedModel | undefined> {
  const { repo, revision = "main" } = id;
  const storage = cacheFolder(id);
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

/** Whether a snapshot has everything that a checkpoint or an adapter is made of. */
export async function isComplete(snapshot: string): Promise<boolean> {
  const names = await readdir(snapshot).catch((): string[] => []);
  const there = (name: string): boolean => names.includes(name) && existsSync(join(snapshot, name));
  if (!there("config.json") && !there("adapter_config.json")) return false;
  const shards = there(INDEX) ? await shardsOf(snapshot) : undefined;
  return shards === undefined ? there(WEIGHTS) || there(ADAPTER) : [...shards].every(there);
}
