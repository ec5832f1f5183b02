import { downloadFile, HubApiError, listFiles } from "@huggingface/hub";
import pRetry, { AbortError } from "p-retry";
import { InputError, MergesweepError, messageOf, WorkError } from "../base/errors.ts";
import { DATA_ENDINGS } from "./read-rows.ts";
import type { HubSource } from "./schema.ts";

const HUB = "https://huggingface.co";
/** A request that says nothing for so long is given up, in milliseconds. */
const REQUEST_TIMEOUT = 120_000;

export interface FetchOptions {
  /** The hub's address; `HF_ENDPOINT` or huggingface.co if left out. */
  readonly hubUrl?: string | undefined;
  /** How often a failed request is made again. */
  readonly retries?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A whole data file in memory: benchmarks are a few megabytes. */
export interface FetchedFile {
  readonly bytes: Uint8Array;
  /** Its path or address without query: tells the format by its ending. */
  readonly path: string;
  /** Where it came from, for a person. */
  readonly from: string;
}

/**
 * Fetches a file of a dataset on the hub, at its pinned revision or else `main`. `HF_TOKEN` is sent if set.
 *
 * @throws InputError if the dataset or the file is not there; WorkError if the hub cannot be reached or the connection breaks
 */
export async function fetchFromHub(source: HubSource, options: FetchOptions): Promise<FetchedFile> {
  const hubUrl = (options.hubUrl ?? process.env.HF_ENDPOINT ?? HUB).replace(/\/+$/, "");
  const token = process.env.HF_TOKEN;
  const request = {
    repo: { type: "dataset", name: source.id } as const,
    revision: source.revision ?? "main",
    hubUrl,
    fetch: fetchWithin(options.signal),
    ...(token === undefined || token === "" ? {} : { accessToken: token }),
  };
  const from = `${hubUrl}/datasets/${source.id}`;
  return await attempt(from, options, async () => {
    const path = source.path ?? chooseFile(await listPaths({ ...request, recursive: true }), source, from);
    const blob = await downloadFile({ ...request, path, xet: false });
    if (blob === null) throw new InputError(`${from}: there is no file ${path} at the revision ${request.revision}`);
    return { bytes: new Uint8Array(await blob.arrayBuffer()), path, from: `${from} (${path} at ${request.revision})` };
  });
}

/**
 * Fetches a file from any address.
 *
 * @throws InputError if it is not there; WorkError if the server cannot be reached or the connection breaks
 */
export async function fetchFromUrl(url: string, options: FetchOptions): Promise<FetchedFile> {
  const get = fetchWithin(options.signal);
  return await attempt(url, options, async () => {
    const response = await get(url);
    if (response.status >= 400 && response.status < 500)
      throw new InputError(`${url}: ${describeStatus(response.status)}`);
    if (!response.ok) throw new WorkError(`${url}: ${describeStatus(response.status)}`);
    return { bytes: new Uint8Array(await response.arrayBuffer()), path: new URL(url).pathname, from: url };
  });
}

/**
 * The one data file of a split among the files of a dataset: named for the split, in the folder of its config, in `data`
 * or at the top.
 *
 * @throws InputError naming the files if there is none, or more than one
 */
export function chooseFile(
  paths: readonly string[],
  source: Pick<HubSource, "config" | "split">,
  from: string,
): string {
  const { config, split } = source;
  const name = new RegExp(
    `^${split.replaceAll(/[^\w]/g, "\\$&")}(?:-\\d+-of-\\d+.*)?\\.(?:${DATA_ENDINGS.join("|")})$`,
  );
  for (const folder of [`${config}/`, `data/${config}/`, "data/", ""]) {
    const matches = paths.filter((path) => path.startsWith(folder) && name.test(path.slice(folder.length)));
    if (matches.length === 1 && matches[0] !== undefined) return matches[0];
    if (matches.length > 1) {
      throw new InputError(
        `${from}: the split ${split} is in several files (${matches.join(", ")}): set \`path\` in the benchmark.yaml`,
      );
    }
  }
  throw new InputError(
    `${from}: no data file for the config ${config} and the split ${split} among: ${paths.join(", ")}`,
  );
}

async function listPaths(request: Parameters<typeof listFiles>[0]): Promise<string[]> {
  const paths: string[] = [];
  for await (const file of listFiles(request)) if (file.type === "file") paths.push(file.path);
  return paths;
}

/** Tries again what may pass (a broken connection, a busy server), not what will not (a file that is not there). */
async function attempt<T>(from: string, { retries = 2, signal }: FetchOptions, work: () => Promise<T>): Promise<T> {
  return await pRetry(
    async () => {
      try {
        return await work();
      } catch (error) {
        signal?.throwIfAborted();
        const described = describeFailure(from, error);
        if (described instanceof InputError) throw new AbortError(described);
        throw described;
      }
    },
    { retries, minTimeout: 300, signal },
  );
}

function describeFailure(from: string, error: unknown): MergesweepError {
  if (error instanceof MergesweepError) return error;
  if (error instanceof HubApiError) {
    const message = `${from}: ${describeStatus(error.statusCode)}`;
    const passing = error.statusCode >= 500 || error.statusCode === 429;
    return passing ? new WorkError(message, { cause: error }) : new InputError(message, { cause: error });
  }
  const inner = error instanceof Error && error.cause !== undefined ? ` (${messageOf(error.cause)})` : "";
  return new WorkError(`${from}: could not be fetched: ${messageOf(error)}${inner}`, { cause: error });
}

function describeStatus(status: number): string {
  switch (status) {
    case 401:
    case 403:
      return `access was refused (HTTP ${status}); for a gated dataset set HF_TOKEN`;
    case 404:
      return "there is no such dataset, revision or file (HTTP 404)";
    default:
      return `the server answered HTTP ${status}`;
  }
}

function fetchWithin(signal: AbortSignal | undefined): typeof fetch {
  return (input, init) => {
    const timeout = AbortSignal.timeout(REQUEST_TIMEOUT);
    return fetch(input, { ...init, signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]) });
  };
}
