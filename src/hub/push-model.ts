import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { createRepo, HubApiError, uploadFiles } from "@huggingface/hub";
import { InputError, UsageError } from "../base/errors.ts";
import { parseModelId } from "./model-id.ts";
import { attempt, fetchLong, fetchWithin, type HubOptions, hubRequest } from "./request.ts";

/** A model on the hub, after it was uploaded. */
export interface PushedModel {
  readonly url: string;
  readonly commit: string;
  /** Whether its repository is new; an older one stays as public or private as it was. */
  readonly created: boolean;
}

const CREATED_ALREADY = 409;

/**
 * Checks, before any work, that an upload could begin.
 *
 * @throws UsageError for what is no `org/name`; InputError without `HF_TOKEN`
 */
export function checkPush(repo: string): void {
  const id = parseModelId(repo);
  if (id === undefined || id.repo !== repo) {
    throw new UsageError(`--push: expected the name of a model such as org/name, found "${repo}"`);
  }
  tokenFor(repo, {});
}

function tokenFor(repo: string, options: HubOptions): { readonly hubUrl: string; readonly accessToken: string } {
  const { hubUrl, accessToken } = hubRequest(options);
  if (accessToken !== undefined) return { hubUrl, accessToken };
  throw new InputError(`${repo}: expected a token that may write in HF_TOKEN, found none`, {
    hint: "Tokens are made at https://huggingface.co/settings/tokens.",
  });
}

/**
 * Uploads the files of a folder as a model of the hub, in one commit. The repository is made if there is none, private. What an
 * interrupted upload has sent of large files is not sent again, file by file.
 *
 * @param repo `org/name`
 * @throws InputError without `HF_TOKEN`, or if the hub refuses; WorkError if it cannot be reached
 */
export async function pushModel(folder: string, repo: string, options: HubOptions = {}): Promise<PushedModel> {
  const { hubUrl, accessToken } = tokenFor(repo, options);
  const names = await filesIn(folder);
  const request = { repo: { type: "model" as const, name: repo }, hubUrl, accessToken };
  const from = `${hubUrl}/${repo}`;
  const failed = "could not be uploaded";
  // Apart from the upload: a repository that is new stays so when the upload is tried again.
  const created = await attempt(
    from,
    options,
    () => makeRepository(() => createRepo({ ...request, visibility: "private", fetch: fetchWithin(options.signal) })),
    failed,
  );
  const upload = (): Promise<{ commit: { oid: string } } | undefined> =>
    uploadFiles({
      ...request,
      files: names.map((name) => ({ path: name, content: pathToFileURL(join(folder, name)) })),
      commitTitle: "Upload a merge with mergesweep",
      fetch: fetchLong(options.signal),
      ...(options.signal === undefined ? {} : { abortSignal: options.signal }),
    });
  const uploaded = await attempt(from, options, upload, failed);
  return { url: from, commit: uploaded?.commit.oid ?? "", created };
}

async function filesIn(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).toSorted();
  const files = await Promise.all(names.map(async (name) => ((await stat(join(folder, name))).isFile() ? [name] : [])));
  return files.flat();
}

/** @returns whether it was not there before */
async function makeRepository(create: () => Promise<unknown>): Promise<boolean> {
  try {
    await create();
    return true;
  } catch (error) {
    if (error instanceof HubApiError && error.statusCode === CREATED_ALREADY) return false;
    throw error;
  }
}
