import { access, readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { sha256 } from "../base/digest.ts";
import { ConfigError, InputError } from "../base/errors.ts";
import type { Benchmark } from "./benchmark.ts";
import { cachedDataFile } from "./dataset-cache.ts";
import { choosePrompt } from "./prompt.ts";
import { parseRows } from "./read-rows.ts";
import { contentDigest, type ReadSamples, readSamples } from "./read-samples.ts";
import { type DeclaredBenchmark, findBenchmark } from "./registry.ts";
import type { BenchmarkFile } from "./schema.ts";

/** At most this many problems of a file are spelled out. */
const SHOWN_PROBLEMS = 20;

/**
 * Loads a benchmark by name (a folder under `<root>/datasets`) or by the path of a benchmark.yaml.
 *
 * @param options.limit only the first so many problems
 * @param options.prompt name of the template to ask with; the benchmark's first if left out
 * @throws InputError for an unknown name, for data that is not there (with the command that fetches it), and for data that
 *   fails its checks: digest, row count, duplicates, broken escapes, empty golds, all in one error
 * @throws ConfigError for a benchmark.yaml or a prompt name that is wrong
 */
export async function loadBenchmark(
  name: string,
  options: { root: string; limit?: number | undefined; prompt?: string | undefined },
): Promise<Benchmark> {
  const { limit } = options;
  if (limit !== undefined && !(Number.isInteger(limit) && limit > 0)) {
    throw new ConfigError(`Expected a whole number of problems above 0 as limit, found ${limit}`);
  }
  const benchmark = await findBenchmark(name, options.root);
  const { declared } = benchmark;
  const prompt = choosePrompt(declared, options.prompt);
  const path = await dataFile(benchmark);
  const data = await readData(await readFile(path), path, declared);
  if (data.problems.length > 0) throw describeProblems(path, data.problems);
  return {
    name: declared.name,
    version: declared.version,
    description: declared.description,
    samples: limit === undefined ? data.samples : data.samples.slice(0, limit),
    answer: declared.answer.kind,
    prompt,
    dataSha256: data.sha256,
  };
}

/**
 * Where the data of a benchmark lies on this machine.
 *
 * @throws InputError if it is not there, with the command to type
 */
export async function dataFile({ folder, path, declared }: DeclaredBenchmark): Promise<string> {
  if (declared.file !== undefined) {
    const file = resolve(folder, declared.file);
    const there = await access(file).then(
      () => true,
      () => false,
    );
    if (!there) throw new InputError(`${path}: the data file ${declared.file} is not there`);
    return file;
  }
  const cached = await cachedDataFile(declared);
  if (cached !== undefined) return cached;
  throw new InputError(`The data of the benchmark ${declared.name} is not on this machine`, {
    hint: `Fetch it: mergesweep datasets pull ${declared.name}\nOr take a copy that you have: mergesweep datasets pull ${declared.name} --from FILE`,
  });
}

/** The samples of a data file, and the digest by which it is known. */
export interface ReadData extends ReadSamples {
  /** Of the file; of the declared file, if this one is another format of the same content. */
  readonly sha256: string;
}

/**
 * Reads the content of a data file as a benchmark declares it, and checks it: the digest first, then every row.
 *
 * @param path names the file in errors, and its format by the ending
 * @throws InputError for content that is not of its format; all else that is wrong is in `problems`
 */
export async function readData(bytes: Uint8Array, path: string, declared: BenchmarkFile): Promise<ReadData> {
  const found = sha256(bytes);
  const data = readSamples(await parseRows(bytes, path), declared);
  if (declared.sha256 === undefined || declared.sha256 === found) return { ...data, sha256: found };
  if (declared.content_sha256 !== undefined && declared.content_sha256 === contentDigest(data.samples)) {
    return { ...data, sha256: declared.sha256 };
  }
  return { ...data, sha256: found, problems: [`expected sha256 ${declared.sha256}, found ${found}`, ...data.problems] };
}

/** One error for everything that is wrong with a data file. */
export function describeProblems(path: string, problems: readonly string[]): InputError {
  const shown = problems.slice(0, SHOWN_PROBLEMS).map((problem) => `  ${problem}`);
  const rest = problems.length > shown.length ? [`  and ${problems.length - shown.length} more`] : [];
  return new InputError([`${path}: this data cannot be used:`, ...shown, ...rest].join("\n"));
}
