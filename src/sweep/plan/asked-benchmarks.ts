import { digestOf } from "../../base/digest.ts";
import { ConfigError } from "../../base/errors.ts";
import { nearestWord } from "../../base/suggest.ts";
import type { Benchmark } from "../../benchmarks/benchmark.ts";
import type { OwnBenchmark } from "../../benchmarks/define-benchmark.ts";
import { loadBenchmark } from "../../benchmarks/load-dataset.ts";
import { isBuiltIn } from "../../benchmarks/prompt.ts";
import { listBenchmarkNames } from "../../benchmarks/registry.ts";
import type { AskedBenchmark } from "../../eval/evaluate.ts";
import type { PlannedBenchmark } from "../../runs/schema.ts";
import { benchmarkEntryOf, type SweepFile } from "../file/config.ts";

/** The benchmarks of a sweep, read. */
export interface AskedBenchmarks {
  /** With the problems that are asked. */
  readonly asked: readonly AskedBenchmark[];
  /** The same benchmarks with all of their problems. */
  readonly whole: readonly Benchmark[];
  /** As a run's manifest has them. */
  readonly described: PlannedBenchmark[];
}

/** What flags may change of them. */
interface BenchmarkOverrides {
  readonly benchmarks?: readonly string[] | undefined;
  readonly limit?: number | undefined;
  readonly attempts?: number | undefined;
  /** Only problems with these ids. */
  readonly sampleIds?: readonly string[] | undefined;
  /** Benchmarks that were defined in code. */
  readonly own?: readonly OwnBenchmark[] | undefined;
}

/**
 * Reads the benchmarks that a sweep asks.
 *
 * @throws ConfigError or InputError for a benchmark that is named twice or cannot be read, and for ids that no problem has
 */
export async function loadAskedBenchmarks(sweep: SweepFile, overrides: BenchmarkOverrides): Promise<AskedBenchmarks> {
  const { config, root } = sweep;
  const entries = overrides.benchmarks?.map((name) => benchmarkEntryOf(name, sweep)) ?? config.benchmarks;
  const { own = [] } = overrides;
  await refuseTaken(own, root);
  refuseTwice(entries.map((entry) => (typeof entry === "string" ? entry : entry.name)));
  const loaded = await Promise.all(
    entries.map(async (entry) => {
      const { name, prompt, limit, attempts } = typeof entry === "string" ? { name: entry } : entry;
      const asked = overrides.attempts ?? attempts ?? config.generation.attempts;
      const defined = own.find((benchmark) => benchmark.name === name);
      const whole = defined?.ask(prompt) ?? (await loadBenchmark(name, { root, prompt }));
      const samples = whole.samples.slice(0, overrides.limit ?? limit);
      return { name, whole, asked: { ...whole, samples, attempts: asked } satisfies AskedBenchmark };
    }),
  );
  const whole = loaded.map((one) => one.whole);
  const asked = selectSamples(
    loaded.map((one) => one.asked),
    overrides.sampleIds,
  );
  const described = asked.map((benchmark) => {
    const source = loaded.find((one) => one.whole.name === benchmark.name)?.name;
    const isOwn = own.some(({ name }) => name === benchmark.name);
    return { ...describeBenchmark(benchmark, whole, source), ...(isOwn ? { own: true as const } : {}) };
  });
  return { asked, whole, described };
}

/** One name is one benchmark, wherever it was defined. */
async function refuseTaken(own: readonly OwnBenchmark[], root: string): Promise<void> {
  if (own.length === 0) return;
  const known = await listBenchmarkNames(root);
  const taken = own.find(({ name }) => known.includes(name));
  if (taken === undefined) return;
  throw new ConfigError(`Expected a name for a benchmark of your own that no other has, found "${taken.name}"`, {
    hint: `Taken are ${known.join(", ")}.`,
  });
}

/** Completions are stored by the name of their benchmark: one name, one set of problems and one prompt. */
function refuseTwice(names: readonly string[]): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return;
  throw new ConfigError(`Expected every benchmark once, found "${twice}" twice`, {
    hint: "To compare two prompts, run two sweeps; to compare subsets, give one of them a name of its own in datasets/.",
  });
}

/** @param source what the sweep calls it: its name, or a path */
function describeBenchmark(
  benchmark: AskedBenchmark,
  whole: readonly Benchmark[],
  source: string | undefined,
): PlannedBenchmark {
  const { name, version, prompt, samples, attempts, dataSha256 } = benchmark;
  const all = whole.find((one) => one.name === name)?.samples.length;
  return {
    name,
    version,
    samples: samples.length,
    attempts,
    data_sha256: dataSha256,
    prompt: `${prompt.name}@${prompt.version}`,
    ...(isBuiltIn(prompt) ? {} : { prompt_sha256: digestOf(prompt) }),
    ...(source === undefined || source === name ? {} : { source }),
    ...(samples.length === all ? {} : { ids: samples.map(({ id }) => id), of: all }),
  };
}

function selectSamples(
  benchmarks: readonly AskedBenchmark[],
  ids: readonly string[] | undefined,
): readonly AskedBenchmark[] {
  if (ids === undefined || ids.length === 0) return benchmarks;
  const known = benchmarks.flatMap(({ samples }) => samples.map(({ id }) => id));
  const unknown = ids.find((id) => !known.includes(id));
  if (unknown !== undefined) {
    throw new ConfigError(`--sample-id ${unknown}: no problem of the benchmarks has this id`, {
      hint: `Did you mean "${nearestWord(unknown, known) ?? known[0]}"?`,
    });
  }
  return benchmarks
    .map((benchmark) => ({ ...benchmark, samples: benchmark.samples.filter(({ id }) => ids.includes(id)) }))
    .filter(({ samples }) => samples.length > 0);
}
