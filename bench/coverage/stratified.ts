import { seededRandom } from "../../src/base/random.ts";
import { contrastSums, RATE_BOUND, testContrast } from "../../src/stats/contrast.ts";
import { normalQuantile } from "../../src/stats/distributions.ts";
import type { Interval } from "../../src/stats/interval.ts";
import { lengthInterval, ratioOfMeans, ratioOfQuestions } from "../../src/stats/lengths.ts";
import { normalDraws } from "../../src/stats/normal-draws.ts";
import { rateInterval } from "../../src/stats/rate.ts";
import { count, type Tally } from "./tally.ts";

/** Questions that are asked of a stratum, of a benchmark without end: what one of them stands for is share over asked. */
interface Stratum {
  readonly share: number;
  readonly asked: number;
  /** True rates of the baseline and of the point. */
  readonly rates: readonly [number, number];
  /** True mean lengths. */
  readonly tokens: readonly [number, number];
}

/** Where the ends agree few questions are asked, where they differ many: as a search draws them. */
export const DESIGNS: readonly (readonly Stratum[])[] = [
  [
    { share: 0.8, asked: 60, rates: [0.9, 0.88], tokens: [100, 60] },
    { share: 0.2, asked: 60, rates: [0.5, 0.4], tokens: [300, 150] },
  ],
  [
    { share: 0.7, asked: 40, rates: [0.97, 0.97], tokens: [100, 100] },
    { share: 0.2, asked: 80, rates: [0.5, 0.6], tokens: [200, 150] },
    { share: 0.1, asked: 80, rates: [0.05, 0.05], tokens: [600, 400] },
  ],
];

/** Draws a stratified sample of questions and holds the weighted intervals against the truth of the benchmark. */
export function measureStratified(strata: readonly Stratum[], seed: number, tally: Tally): void {
  const normal = normalDraws(seededRandom(seed));
  const columns = { rates: [[], []], tokens: [[], []], weights: [] } as {
    readonly rates: readonly [number[], number[]];
    readonly tokens: readonly [number[], number[]];
    readonly weights: number[];
  };
  for (const { share, asked, rates, tokens } of strata) {
    for (let q = 0; q < asked; q++) {
      const [ability, length] = [normal(), 0.6 * normal()];
      columns.weights.push(share / asked);
      for (const point of [0, 1] as const) {
        const able = Math.sqrt(0.8) * ability + Math.sqrt(0.2) * normal();
        columns.rates[point].push(able < normalQuantile(rates[point]) ? 1 : 0);
        columns.tokens[point].push(tokens[point] * Math.exp(length + 0.2 * normal() - 0.2));
      }
    }
  }
  const whole = (of: (stratum: Stratum) => number): number =>
    strata.reduce((total, stratum) => total + stratum.share * of(stratum), 0);
  const holds = (name: string, interval: Interval | null | undefined, truth: number): void =>
    count(tally, name, interval !== null && interval !== undefined && interval.low <= truth && interval.high >= truth);
  const { weights } = columns;
  const [baseline, point] = columns.rates;
  const [long, short] = columns.tokens;
  holds(
    "rate",
    rateInterval({ rates: point, attempts: 1, weights }),
    whole(({ rates }) => rates[1]),
  );
  const differences = point.map((value, q) => value - (baseline[q] ?? 0));
  const { interval } = testContrast(contrastSums(differences, RATE_BOUND, weights), RATE_BOUND);
  holds(
    "difference",
    interval,
    whole(({ rates }) => rates[1] - rates[0]),
  );
  holds(
    "mean length",
    lengthInterval(short, { weights }),
    whole(({ tokens }) => tokens[1]),
  );
  const mean = (of: 0 | 1): number => whole(({ tokens }) => tokens[of]);
  holds("ratio of means", ratioOfMeans(short, long, { weights })?.interval, mean(1) / mean(0));
  const logs = whole(({ tokens }) => Math.log(tokens[1] / tokens[0]));
  holds("geometric ratio", ratioOfQuestions(short, long, { weights })?.interval, Math.exp(logs));
}
