import { ConfigError, InputError } from "../../base/errors.ts";
import type { Benchmark, Sample } from "../../benchmarks/benchmark.ts";
import { loadBenchmark } from "../../benchmarks/load-dataset.ts";
import { listBenchmarkNames } from "../../benchmarks/registry.ts";
import { plain, type StoredAnswer } from "./stored-rows.ts";

/** A benchmark of ours whose questions are those that were imported. */
export interface OwnBenchmark {
  readonly benchmark: Benchmark;
  /** Our sample of each imported one, by its name. */
  readonly samples: ReadonlyMap<string, Sample>;
}

/** Names that other programs have for benchmarks of ours. */
const ALIASES: Readonly<Record<string, string>> = { minerva: "minerva_math", hendrycksmath500: "math500" };

/**
 * The benchmark of ours that has the same name and all of the questions, so that results can be compared problem by problem.
 * The question may stand within a prompt.
 *
 * @param task as the source names it
 * @param answers to any of the questions; those without text match nothing
 * @returns undefined where there is none, or its data is not on this machine
 */
export async function matchBenchmark(
  task: string,
  answers: Iterable<StoredAnswer>,
  root: string,
): Promise<OwnBenchmark | undefined> {
  const names = await listBenchmarkNames(root);
  const wanted = squashed(task.split("/").at(-1) ?? task);
  const name = names.find((one) => squashed(one) === wanted) ?? names.find((one) => one === ALIASES[wanted]);
  if (name === undefined) return undefined;
  const benchmark = await loadBenchmark(name, { root }).catch((error: unknown) => {
    if (error instanceof InputError || error instanceof ConfigError) return undefined;
    throw error;
  });
  if (benchmark === undefined) return undefined;
  const byText = new Map(benchmark.samples.map((sample) => [plain(sample.problem), sample]));
  const found = new Map<string, Sample>();
  for (const { sample, question } of answers) {
    if (found.has(sample)) continue;
    const own = question === null ? undefined : sampleOf(plain(question), byText);
    if (own === undefined) return undefined;
    found.set(sample, own);
  }
  const distinct = new Set([...found.values()].map(({ id }) => id));
  return found.size > 0 && distinct.size === found.size ? { benchmark, samples: found } : undefined;
}

/** The longest of our problems that a prompt has in it: a short one may stand within another. */
function sampleOf(text: string, byText: ReadonlyMap<string, Sample>): Sample | undefined {
  const exact = byText.get(text);
  if (exact !== undefined) return exact;
  let best: Sample | undefined;
  for (const [problem, sample] of byText) {
    if (text.includes(problem) && problem.length > (best === undefined ? 0 : plain(best.problem).length)) best = sample;
  }
  return best;
}

function squashed(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
}
