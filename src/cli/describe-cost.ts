import { formatBytes } from "../base/bytes.ts";
import { countOf } from "../base/count-of.ts";
import { percent } from "../findings/numbers.ts";
import type { BenchmarkCost, SweepCost } from "../sweep/plan/cost.ts";

/** What a sweep is going to take and can show, for a person: a line each. */
export function describeCost(cost: SweepCost): string[] {
  const {
    merges,
    bytesToFetch,
    bytes,
    completions,
    benchmarks,
    tokens,
    mostTokens,
    hours,
    tokensPerSecond,
    speedFrom,
  } = cost;
  const runs = benchmarks.reduce((sum, one) => sum + one.runs, 0);
  const speed = tokensPerSecond === null ? "unknown" : `${round(tokensPerSecond)} tokens/s, ${speedFrom}`;
  const fetched = bytesToFetch === 0 ? "nothing to fetch" : `${formatBytes(bytesToFetch)} to fetch from the hub`;
  return [
    `cost: ${countOf(merges, "merge")}, ${countOf(completions, "completion")}: ${countOf(runs, "run")} over the questions for each model`,
    `disk: ${fetched}, ${formatBytes(bytes)} to write, a model at a time, and to remove again`,
    `tokens: ${tokens === null ? "unknown" : `about ${round(tokens)}`}, at most ${round(mostTokens)}`,
    `speed: ${speed}`,
    `hours: ${hours === null ? unknownHours(cost) : round(hours)}`,
    ...benchmarks.map(describeBenchmark),
    "In the two numbers of a range, attempts at one question are independent or all alike. Intervals are those of an accuracy of 50%; differences are found in four of five sweeps, where one question in five comes out differently.",
    ...(cost.lengthsSource === null ? [] : [`Lengths of the protocol: ${cost.lengthsSource.trim()}.`]),
  ];
}

function unknownHours({ tokens, mostTokens, tokensPerSecond }: SweepCost): string {
  if (tokensPerSecond === null) return "unknown: measure the speed with --probe, or give it with --tokens-per-second N";
  const most = `at most ${round(mostTokens / tokensPerSecond / 3600)}`;
  return tokens === null ? `${most}, if every answer is cut off; how long answers are is not known` : most;
}

function describeBenchmark({ name, length, lengthFrom, halfWidth, detectable }: BenchmarkCost): string {
  const answers =
    length === null ? "answers of unknown length" : `answers of about ${round(length)} tokens, ${lengthFrom}`;
  return `${name}: ${answers}; 95% intervals of ±${range(halfWidth)} points; differences from ${range(detectable)} points on can be seen`;
}

/** From what independent attempts give to what attempts give that are all alike. */
function range([best, worst]: readonly [number | null, number | null]): string {
  const [low, high] = [percent(best), percent(worst)];
  return low === high ? low : `${low} to ${high}`;
}

/** Two digits: `1,200,000`. */
function round(value: number): string {
  return Number(value.toPrecision(2)).toLocaleString("en-US", { maximumFractionDigits: 3 });
}
