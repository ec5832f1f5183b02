import { HubApiError, listFiles, modelInfo } from "@huggingface/hub";
import { InputError } from "../base/errors.ts";
import { isPickle } from "../safetensors/open-folder.ts";
import type { FileRequest, HubFile } from "./download-blob.ts";
import { type HubModelId, showModelId } from "./model-id.ts";
import { attempt, fetchLong, fetchWithin, type HubOptions, hubRequest } from "./request.ts";

/** A revision of a model of the hub, and its files. */
export interface ListedModel {
  /** Its address, for errors. */
  readonly from: string;
  /** What the revision stood for: 40 hexadecimal digits. */
  readonly commit: string;
  /** How its files are asked for. */
  readonly request: FileRequest;
  /** All files at the root of the repository. */
  readonly files: readonly HubFile[];
  /** Those besides the weights that a checkpoint or an adapter is made of. */
  readonly small: readonly HubFile[];
}

export const WEIGHTS = "model.safetensors";
export const INDEX = "model.safetensors.index.json";
export const ADAPTER = "adapter_model.safetensors";
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
 * Asks the hub which files a model has. Nothing of them is fetched.
 *
 * @throws InputError if there is no such model or revision, or access is refused; WorkError if the hub cannot be reached
 */
export async function listModel(id: HubModelId, options: HubOptions): Promise<ListedModel> {
  const hub = hubRequest(options);
  const from = `${hub.hubUrl}/${showModelId(id)}`;
  const commit = await resolveCommit(id, from, options);
  const request: FileRequest = {
    ...hub,
    repo: { type: "model", name: id.repo },
    revision: commit,
    fetch: fetchLong(options.signal),
  };
  const files = await attempt(from, options, () => listAll({ ...request, fetch: fetchWithin(options.signal) }));
  return { from, commit, request, files, small: files.filter(({ path }) => SMALL_FILES.has(path)) };
}

export const COMMIT = /^[0-9a-f]{40}$/;

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

/**
 * The weights to fetch: the single file (of an adapter, its own), else the shards of the index: what will be read.
 *
 * @param shards that the index names; undefined without one
 * @throws InputError if there are none, or only pickles
 */
export function chooseWeights(
  { files: listed, from }: ListedModel,
  shards: ReadonlySet<string> | undefined,
): HubFile[] {
  const single = listed.filter(({ path }) => path === WEIGHTS || path === ADAPTER);
  if (single.length > 0) return single;
  if (shards !== undefined) {
    const found = listed.filter(({ path }) => shards.has(path));
    if (found.length === shards.size) return found;
    const missing = [...shards].find((shard) => !listed.some(({ path }) => path === shard));
    throw new InputError(`${from}: its index names a shard ${missing}, but there is no such file`);
  }
  const pickle = listed.find(({ path }) => isPickle(path));
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
