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
  return [
    `cost: ${countOf(merges, "merge")}, ${bytesToFetch === 0 ? "nothing" : formatBytes(bytesToFetch)} to fetch, ${formatBytes(bytes)} written and removed again, ${countOf(runs, "run")} over the questions a model, ${countOf(completions, "completion")}`,
    `tokens: ${tokens === null ? "unknown" : `about ${round(tokens)}`}, at the most ${round(mostTokens)}`,
    `speed: ${speed}`,
    `hours: ${hours === null ? unknownHours(cost) : round(hours)}`,
    ...benchmarks.map(describeBenchmark),
    ...(cost.lengthsSource === null ? [] : [`lengths of the protocol: ${cost.lengthsSource.trim()}`]),
  ];
}

function unknownHours({ tokens, mostTokens, tokensPerSecond }: SweepCost): string {
  if (tokensPerSecond === null) return "unknown: --probe measures the speed, --tokens-per-second N says it";
  const most = `${round(mostTokens / tokensPerSecond / 3600)} at the most`;
  return tokens === null ? `${most}, were every answer cut off; no earlier run tells how long answers are` : most;
}

function describeBenchmark({ name, length, lengthFrom, halfWidth, detectable }: BenchmarkCost): string {
  const answers = length === null ? "answers of unknown length" : `answers of ${round(length)} tokens, ${lengthFrom}`;
  return `${name}: ${answers}; intervals around 50% ${range(halfWidth)} points to each side; a difference of ${range(detectable)} points can be seen, if one question in five differs`;
}

/** `±5.1`, or from what independent attempts give to what attempts give that are all alike. */
function range([best, worst]: readonly [number | null, number | null]): string {
  const [low, high] = [percent(best), percent(worst)];
  return low === high ? low : `${low} to ${high}`;
}

/** Two digits: `1,200,000`. */
function round(value: number): string {
  return Number(value.toPrecision(2)).toLocaleString("en-US", { maximumFractionDigits: 3 });
}
