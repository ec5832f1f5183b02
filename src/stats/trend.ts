import { seededRandom } from "../base/random.ts";
import { mean, sum } from "./mean.ts";

/** Draws of a permutation test: the smallest p-value that can come out is 1 in 2000. */
const DRAWS = 1999;

/** How a measure changes over ordered levels, judged within questions. */
export interface Trend {
  /** Rank correlation between the levels and the means over questions; null where either does not vary. */
  readonly spearman: number | null;
  /** Is there a rise or fall? Small if the means go up or down with the level more than chance gives. */
  readonly trendP: number;
  /** Do the levels differ at all, in whatever shape? Small if the means spread more than chance gives. */
  readonly anyP: number;
}

/**
 * Tests whether a measure depends on the level by permuting each question's values among the levels: if the level does not
 * matter they may stand in any order. Questions are blocks, so that hard and easy ones do not add noise (as in Page's test
 * and Cochran's Q). The statistics are the rank-weighted sum of the levels' totals, and the spread of the totals.
 *
 * @param questions a row a question, a value a level
 * @param levels the level of each column, e.g. w
 */
export function trendTest(
  questions: readonly (readonly number[])[],
  levels: readonly number[],
  seed = 0,
  draws: number = DRAWS,
): Trend {
  const totals = levels.map((_, column) => sum(questions.map((row) => row[column] ?? 0)));
  const ranks = rank(levels);
  const center = mean(ranks) ?? 0;
  const weights = ranks.map((value) => value - center);
  const slopeOf = (sums: ArrayLike<number>): number =>
    Math.abs(weights.reduce((total, weight, i) => total + weight * (sums[i] ?? 0), 0));
  const grand = sum(totals) / Math.max(1, totals.length);
  const spreadOf = (sums: ArrayLike<number>): number =>
    weights.reduce((total, _, i) => total + ((sums[i] ?? 0) - grand) ** 2, 0);
  const [slope, spread] = [slopeOf(totals), spreadOf(totals)];
  // A question that all the levels answer alike looks the same in every order: it adds the same to every total.
  const varying = questions.filter((row) => row.some((value) => value !== row[0])).map((row) => Float64Array.from(row));
  const fixed = sum(questions.map((row) => (row.some((value) => value !== row[0]) ? 0 : (row[0] ?? 0))));
  const random = seededRandom(seed);
  let [slopesAsFar, spreadsAsFar] = [1, 1];
  for (let draw = 0; draw < draws; draw++) {
    const sums = new Float64Array(levels.length).fill(fixed);
    for (const row of varying) addShuffled(sums, row, random);
    if (slopeOf(sums) >= slope - 1e-9 * Math.max(1, slope)) slopesAsFar++;
    if (spreadOf(sums) >= spread - 1e-9 * Math.max(1, spread)) spreadsAsFar++;
  }
  return {
    spearman: spearman(levels, totals),
    trendP: slopesAsFar / (draws + 1),
    anyP: spreadsAsFar / (draws + 1),
  };
}

/** Shuffles a row in place (Fisher-Yates) and adds it to the sums. */
function addShuffled(sums: Float64Array, row: Float64Array, random: () => number): void {
  for (let i = row.length - 1; i >= 0; i--) {
    const j = Math.floor(random() * (i + 1));
    const drawn = row[j] ?? 0;
    row[j] = row[i] ?? 0;
    row[i] = drawn;
    sums[i] = (sums[i] ?? 0) + drawn;
  }
}

/** Spearman's rank correlation, ties at their middle rank; null where either side does not vary or lengths are below two. */
export function spearman(a: readonly number[], b: readonly number[]): number | null {
  const [ranksA, ranksB] = [rank(a), rank(b)];
  const [meanA, meanB] = [mean(ranksA), mean(ranksB)];
  if (meanA === null || meanB === null) return null;
  const product = sum(ranksA.map((value, i) => (value - meanA) * ((ranksB[i] ?? 0) - meanB)));
  const scale = Math.sqrt(
    sum(ranksA.map((value) => (value - meanA) ** 2)) * sum(ranksB.map((value) => (value - meanB) ** 2)),
  );
  return scale === 0 ? null : product / scale;
}

/** Ranks from 1; equal values share the mean of their places. */
export function rank(values: readonly number[]): number[] {
  const sorted = values.toSorted((a, b) => a - b);
  return values.map((value) => (sorted.indexOf(value) + sorted.lastIndexOf(value)) / 2 + 1);
}
