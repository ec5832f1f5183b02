import { readFile } from "node:fs/promises";
import { InputError, MergesweepError, messageOf } from "../base/errors.ts";
import { cachedDataFile } from "./dataset-cache.ts";
import { dataFile, readData } from "./load-dataset.ts";
import { type DeclaredBenchmark, findBenchmark } from "./registry.ts";

/** What is known of a benchmark without loading it: for `datasets list` and `datasets info`. */
export interface BenchmarkSummary {
  readonly name: string;
  readonly version: number;
  readonly description: string;
  readonly licence: string;
  /** As declared; null if the benchmark.yaml does not say. */
  readonly rows: number | null;
  readonly answer: string;
  /** Names of the ways to ask, the default first. */
  readonly prompts: readonly string[];
  /** `openai/gsm8k main/test`, an address, or the file beside the benchmark.yaml. */
  readonly source: string;
  /** The pinned revision on the hub; null if there is none. */
  readonly revision: string | null;
  readonly mirror: string | null;
  readonly sha256: string | null;
  /** Where the data lies on this machine; null if it is not there. */
  readonly data: string | null;
}

/** What `datasets check` found: `absent` is no fault, the data was not fetched. */
export interface DatasetCheck {
  readonly name: string;
  readonly status: "ok" | "absent" | "broken";
  /** Problems read; null if none could be. */
  readonly rows: number | null;
  readonly path: string | null;
  /** What is wrong, a line each; for absent data the command that fetches it. */
  readonly problems: readonly string[];
}

/**
 * Describes a benchmark by what its benchmark.yaml says and whether its data is here.
 *
 * @throws InputError for an unknown name, ConfigError for a benchmark.yaml that is wrong
 */
export async function describeBenchmark(name: string, root: string): Promise<BenchmarkSummary> {
  const benchmark = await findBenchmark(name, root);
  const { declared } = benchmark;
  const hub = declared.source?.hub;
  return {
    name: declared.name,
    version: declared.version,
    description: declared.description.trim(),
    licence: declared.licence,
    rows: declared.rows ?? null,
    answer: declared.answer.kind,
    prompts: declared.prompts.map((prompt) => (typeof prompt === "string" ? prompt : prompt.name)),
    source:
      hub === undefined ? (declared.file ?? declared.source?.mirror ?? "") : `${hub.id} ${hub.config}/${hub.split}`,
    revision: hub?.revision ?? null,
    mirror: declared.source?.mirror ?? null,
    sha256: declared.sha256 ?? null,
    data: await dataOnThisMachine(benchmark),
  };
}

/** Checks the data of one benchmark, or says that it is absent. What is wrong is in the result; only bugs are thrown. */
export async function checkDataset(name: string, root: string): Promise<DatasetCheck> {
  let path: string | null = null;
  try {
    const benchmark = await findBenchmark(name, root);
    if (benchmark.declared.source !== undefined && (await cachedDataFile(benchmark.declared)) === undefined) {
      const problems = [`not fetched yet: mergesweep datasets pull ${benchmark.declared.name}`];
      return { name, status: "absent", rows: null, path, problems };
    }
    path = await dataFile(benchmark);
    const { samples, problems } = await readData(await readFile(path), path, benchmark.declared);
    return { name, status: problems.length === 0 ? "ok" : "broken", rows: samples.length, path, problems };
  } catch (error) {
    if (!(error instanceof MergesweepError)) throw error;
    const hint = error.hint === undefined ? [] : [error.hint];
    return { name, status: "broken", rows: null, path, problems: [messageOf(error), ...hint] };
  }
}

async function dataOnThisMachine(benchmark: DeclaredBenchmark): Promise<string | null> {
  try {
    return await dataFile(benchmark);
  } catch (error) {
    if (error instanceof InputError) return null;
    throw error;
  }
}
