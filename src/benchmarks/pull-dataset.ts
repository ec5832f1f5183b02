import { readFile } from "node:fs/promises";
import { sha256 } from "../base/digest.ts";
import { InputError, type MergesweepError, messageOf, systemCodeOf, WorkError } from "../base/errors.ts";
import { writeFileAtomic } from "../base/files/atomic-write.ts";
import type { HubOptions } from "../hub/request.ts";
import { cachedDataFile, cachePath } from "./dataset-cache.ts";
import { type FetchedFile, fetchFromHub, fetchFromUrl } from "./fetch-dataset.ts";
import { describeProblems, type ReadData, readData } from "./load-dataset.ts";
import { dataEnding } from "./read-rows.ts";
import { type DeclaredBenchmark, findBenchmark } from "./registry.ts";

/** Where a benchmark and its data come from. */
export interface PullOptions extends HubOptions {
  /** The project's root: benchmarks are found under `<root>/datasets`. */
  readonly root: string;
  /** A local copy to use instead of fetching. */
  readonly from?: string | undefined;
}

/** What is in the cache after a pull. */
export interface PulledDataset {
  readonly name: string;
  /** Where the data lies now. */
  readonly path: string;
  /** Where it came from: an address, a file, or `cache` if it was there already. */
  readonly from: string;
  readonly rows: number;
  readonly bytes: number;
  /** Of the file in the cache. */
  readonly sha256: string;
  /** Whether the file is the declared one to the byte; else its problems and golds are, in another format or with other columns. */
  readonly identical: boolean;
  /** Sources that were tried before in vain, and why. */
  readonly notes: readonly string[];
}

/**
 * Puts the data of a benchmark into the cache: from a file, or from the hub, or from the mirror where the hub does not
 * answer or has other data. What is there already and right is kept. Nothing enters the cache that fails a check.
 *
 * @throws InputError for an unknown benchmark, one whose data is not fetched, and data that is not what was declared
 * @throws WorkError if no source could be reached
 */
export async function pullBenchmark(name: string, options: PullOptions): Promise<PulledDataset> {
  const benchmark = await findBenchmark(name, options.root);
  const { declared } = benchmark;
  const digest = declared.sha256;
  if (declared.source === undefined || digest === undefined) {
    throw new InputError(`The data of ${declared.name} lies beside its benchmark.yaml: there is nothing to fetch`);
  }
  if (options.from !== undefined) {
    return await store(
      benchmark,
      digest,
      { bytes: await readLocal(options.from), path: options.from, from: options.from },
      [],
    );
  }
  return (await fromCache(benchmark)) ?? (await fromFirstSource(benchmark, digest, options));
}

async function fromFirstSource(
  benchmark: DeclaredBenchmark,
  digest: string,
  options: PullOptions,
): Promise<PulledDataset> {
  const { name, source } = benchmark.declared;
  const { hub, mirror } = source ?? {};
  const sources = [
    ...(hub === undefined ? [] : [() => fetchFromHub(hub, options)]),
    ...(mirror === undefined ? [] : [() => fetchFromUrl(mirror, options)]),
  ];
  const failures: MergesweepError[] = [];
  for (const fetchFile of sources) {
    try {
      const notes = failures.map((failure) => failure.message);
      return await store(benchmark, digest, await fetchFile(), notes);
    } catch (error) {
      options.signal?.throwIfAborted();
      if (!(error instanceof InputError || error instanceof WorkError)) throw error;
      failures.push(error);
    }
  }
  const [first] = failures;
  const message = failures.map((failure) => failure.message).join("\n");
  const hint = `If you have a copy: mergesweep datasets pull ${name} --from FILE`;
  // Data that arrived and is wrong is the input's fault; where nothing arrived, trying again may help.
  throw failures.some((failure) => failure instanceof InputError)
    ? new InputError(message, { hint, cause: first })
    : new WorkError(message, { hint, cause: first });
}

async function store(
  benchmark: DeclaredBenchmark,
  digest: string,
  file: FetchedFile,
  notes: readonly string[],
): Promise<PulledDataset> {
  const data = await readData(file.bytes, file.path, benchmark.declared);
  if (data.problems.length > 0) throw describeProblems(file.from, data.problems);
  const path = cachePath(digest, dataEnding(file.path));
  await writeFileAtomic(path, file.bytes);
  return describePulled(benchmark, path, file.from, file.bytes, data, notes);
}

async function fromCache(benchmark: DeclaredBenchmark): Promise<PulledDataset | undefined> {
  const path = await cachedDataFile(benchmark.declared);
  if (path === undefined) return undefined;
  try {
    const bytes = await readFile(path);
    const data = await readData(bytes, path, benchmark.declared);
    return data.problems.length === 0 ? describePulled(benchmark, path, "cache", bytes, data, []) : undefined;
  } catch (error) {
    // A cached file that was damaged since is fetched again.
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

function describePulled(
  { declared }: DeclaredBenchmark,
  path: string,
  from: string,
  bytes: Uint8Array,
  data: ReadData,
  notes: readonly string[],
): PulledDataset {
  const found = sha256(bytes);
  return {
    name: declared.name,
    path,
    from,
    rows: data.samples.length,
    bytes: bytes.length,
    sha256: found,
    identical: found === declared.sha256,
    notes,
  };
}

async function readLocal(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    const reason = systemCodeOf(error) === "ENOENT" ? "there is no such file" : messageOf(error);
    throw new InputError(`${path}: cannot be read: ${reason}`, { cause: error });
  }
}
