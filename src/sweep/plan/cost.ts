import { bytesToFetch } from "../../checkpoints/checkpoint.ts";
import type { PlannedBenchmark } from "../../runs/schema.ts";
import { RATE_BOUND } from "../../stats/contrast.ts";
import { detectableDifference } from "../../stats/detectable.ts";
import { normalQuantile } from "../../stats/distributions.ts";
import { type EarlierRun, modelsOf, runtimeOf } from "./earlier-runs.ts";
import { checkpointsOf, type SweepPlan, unitBytes } from "./plan.ts";

/** What a benchmark of a sweep takes, and what it can show. */
export interface BenchmarkCost {
  readonly name: string;
  /** Runs over all questions that each point makes. */
  readonly runs: number;
  /** Over all points. */
  readonly completions: number;
  /** Mean tokens of an answer; null where nothing tells. */
  readonly length: number | null;
  /** Where the length is from. */
  readonly lengthFrom: string;
  readonly tokens: number | null;
  /** Half of a 95% interval around 50%, as parts of 1: attempts at a question that are independent, and that are all alike. */
  readonly halfWidth: readonly [best: number, worst: number];
  /** The difference of two points that is found in four of five sweeps, where one question in five comes out differently. */
  readonly detectable: readonly [best: number | null, worst: number | null];
}

/** What a sweep is going to take. */
export interface SweepCost {
  readonly merges: number;
  /** Of models of the hub that are not in the cache. */
  readonly bytesToFetch: number;
  /** Of all points and references as files that are evaluated; they are removed one after the other. */
  readonly bytes: number;
  readonly completions: number;
  readonly benchmarks: readonly BenchmarkCost[];
  /** Null where the length of some answers is unknown. */
  readonly tokens: number | null;
  /** Who published the lengths that are the protocol's; null where none is. */
  readonly lengthsSource: string | null;
  /** If every answer were cut off. */
  readonly mostTokens: number;
  readonly tokensPerSecond: number | null;
  readonly speedFrom: string;
  readonly hours: number | null;
}

/**
 * What a plan takes, from what earlier runs took.
 *
 * @param earlier the newest first
 * @param tokensPerSecond of another machine, or as measured
 */
export function sweepCost(
  plan: SweepPlan,
  earlier: readonly EarlierRun[],
  tokensPerSecond?: { readonly value: number; readonly from: string },
): SweepCost {
  const { manifest, units, ggufType, sweep } = plan;
  const points = units.length;
  const own = modelsOf(manifest.plan);
  const alike = earlier.filter(({ models }) => [...models].some((model) => own.has(model)));
  const benchmarks = manifest.benchmarks.map((benchmark) => {
    const reference = referenceLength(benchmark.name, manifest.max_tokens, sweep.protocol);
    const length = lengthOf(benchmark.name, manifest.max_tokens, { alike, earlier, reference });
    return benchmarkCost(benchmark, points, length);
  });
  const known = benchmarks.flatMap(({ tokens }) => tokens ?? []);
  const tokens = known.length < benchmarks.length ? null : sum(known);
  const completions = sum(benchmarks.map((one) => one.completions));
  const runtime = runtimeOf(manifest.plan);
  const measured = alike.find(
    (run) => run.ggufType === ggufType && run.runtime === runtime && run.tokensPerSecond !== undefined,
  );
  const speed =
    tokensPerSecond ??
    (measured?.tokensPerSecond === undefined
      ? undefined
      : { value: measured.tokensPerSecond, from: `as in ${measured.folder}` });
  return {
    merges: units.filter(({ weights }) => weights.kind === "merge").length,
    bytesToFetch: bytesToFetch(checkpointsOf(units)),
    bytes: sum(units.map((unit) => unitBytes(unit, ggufType))),
    completions,
    benchmarks,
    tokens,
    lengthsSource: benchmarks.some(({ lengthFrom }) => lengthFrom === FROM_PROTOCOL)
      ? (sweep.protocol?.reference_tokens_source ?? sweep.protocol?.source ?? null)
      : null,
    mostTokens: completions * (manifest.max_tokens ?? 0),
    tokensPerSecond: speed?.value ?? null,
    speedFrom: speed?.from ?? "unknown",
    hours: tokens === null || speed === undefined ? null : tokens / speed.value / 3600,
  };
}

const FROM_PROTOCOL = "as the protocol says";

interface KnownLengths {
  readonly alike: readonly EarlierRun[];
  readonly earlier: readonly EarlierRun[];
  /** That of the protocol. */
  readonly reference: number | undefined;
}

/** Answers that may be longer or shorter than the protocol's are another matter. */
function referenceLength(
  benchmark: string,
  maxTokens: number | null,
  protocol: SweepPlan["sweep"]["protocol"],
): number | undefined {
  if (protocol?.generation.max_tokens !== maxTokens) return undefined;
  return protocol?.benchmarks.find(({ name }) => name === benchmark)?.reference_tokens;
}

function lengthOf(
  benchmark: string,
  maxTokens: number | null,
  { alike, earlier, reference }: KnownLengths,
): { readonly length: number | null; readonly from: string } {
  const fits = ({ lengths, maxTokens: cap }: EarlierRun): boolean =>
    lengths[benchmark] !== undefined && cap === maxTokens;
  const same = alike.find(fits);
  if (same !== undefined) return { length: same.lengths[benchmark] ?? null, from: `as in ${same.folder}` };
  if (reference !== undefined) return { length: reference, from: FROM_PROTOCOL };
  const other = earlier.find(fits);
  if (other === undefined) return { length: null, from: "unknown" };
  return { length: other.lengths[benchmark] ?? null, from: `as other models in ${other.folder}` };
}

/** Questions that come out differently at two points, as is assumed for what can be seen. */
const DIFFERING = 0.2;

function benchmarkCost(
  { name, samples: n, attempts: k }: PlannedBenchmark,
  points: number,
  { length, from }: { readonly length: number | null; readonly from: string },
): BenchmarkCost {
  const z = normalQuantile(0.975);
  const completions = n * k * points;
  const half = (effective: number): number => z * Math.sqrt(0.25 / (effective + z ** 2));
  const detectable = (share: number): number | null => {
    const [squares, differing] = [n * share, n * DIFFERING];
    const sums = { questions: n, sum: 0, squares, differing, pseudo: (squares + RATE_BOUND) / (differing + 1) };
    return detectableDifference(sums, [0.5, 0.5], z);
  };
  return {
    name,
    runs: k,
    completions,
    length,
    lengthFrom: from,
    tokens: length === null ? null : length * completions,
    halfWidth: [half(n * k), half(n)],
    detectable: [detectable(DIFFERING / k), detectable(DIFFERING)],
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
