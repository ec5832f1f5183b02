import { deriveSeed, seededRandom } from "../base/random.ts";
import { shrunkMeans } from "../stats/choice/best-probability.ts";
import { cholesky } from "../stats/matrix.ts";
import { type AssumedMeasure, questionsToDecide } from "../stats/needed.ts";
import { normalDraws } from "../stats/normal-draws.ts";
import type { PairTest } from "./compare.ts";

/** A measure as it stands: the points that are still asked, their means, and all their pairs. */
export interface Standing {
  readonly points: readonly number[];
  readonly means: readonly number[];
  readonly pairs: readonly PairTest[];
  readonly margin: number;
  /** About what a statistic must reach at the last look for a point to be safe. */
  readonly criticalEnd: number;
  /** The points that count as something to lose against. */
  readonly against: readonly number[];
  /** What a statistic must exceed for a point to be out. */
  readonly criticalOut: number;
}

/** What the questions that are left may bring. */
export interface Foresight {
  /** By point: how likely it is put out. */
  readonly out: ReadonlyMap<number, number>;
  /** How likely any of some points becomes safe. */
  readonly anySafe: (points: readonly number[]) => number;
}

const REPETITIONS = 400;

/**
 * Draws how a race would end with all questions, if the points are what they seem once their means are shrunk towards each other
 * (conditional power).
 *
 * @param asked questions so far
 * @param all questions that there are
 */
export function foresee(
  standings: readonly Standing[],
  {
    positions,
    seed,
    asked,
    all,
  }: { positions: readonly number[] | undefined; seed: string; asked: number; all: number },
): Foresight {
  const points = standings[0]?.points ?? [];
  const normal = normalDraws(seededRandom(deriveSeed("foresee", seed, asked)));
  const left = Math.max(0, all - asked);
  const prepared = standings.map((standing) => {
    const covariance = covarianceOf(standing, asked);
    const means = assumedMeans(standing, { positions, asked });
    return {
      ...standing,
      factor: cholesky(covariance),
      // What is seen so far stays; the rest is drawn.
      centre: standing.means.map((mean, i) => (asked * mean + left * (means[i] ?? 0)) / all),
      spread: Math.sqrt(left) / all,
      errors: pairErrors(standing, Math.sqrt(asked / all)),
    };
  });
  const rounds: boolean[][] = [];
  const out = new Map(points.map((point) => [point, 0]));
  for (let repetition = 0; repetition < REPETITIONS; repetition++) {
    const safe = points.map(() => true);
    const isOut = points.map(() => false);
    for (const { factor, centre, spread, errors, margin, criticalEnd, criticalOut, against } of prepared) {
      const z = points.map(() => normal());
      const drawn = centre.map(
        (mean, i) => mean + spread * z.slice(0, i + 1).reduce((sum, one, k) => sum + one * (factor[i]?.[k] ?? 0), 0),
      );
      for (let i = 0; i < points.length; i++) {
        for (const [j, rival] of points.entries()) {
          if (i === j || !against.includes(rival)) continue;
          const difference = (drawn[i] ?? 0) - (drawn[j] ?? 0);
          const error = errors[i]?.[j] ?? 0;
          if (difference + margin < criticalEnd * error) safe[i] = false;
          if (-difference - margin > criticalOut * error) isOut[i] = true;
        }
      }
    }
    rounds.push(safe);
    points.forEach((point, i) => {
      if (isOut[i]) out.set(point, (out.get(point) ?? 0) + 1 / REPETITIONS);
    });
  }
  const anySafe = (some: readonly number[]): number => {
    const places = some.map((point) => points.indexOf(point)).filter((place) => place >= 0);
    return rounds.filter((safe) => places.some((place) => safe[place])).length / REPETITIONS;
  };
  return { out, anySafe };
}

/** About how many questions in all would decide; null where no number would. */
export function neededQuestions(
  standings: readonly Standing[],
  { positions, seed, asked }: { positions: readonly number[] | undefined; seed: string; asked: number },
): number | null {
  const measures = standings.map((standing): AssumedMeasure => {
    const { points, margin, criticalEnd, against } = standing;
    return {
      means: assumedMeans(standing, { positions, asked }),
      covariance: covarianceOf(standing, asked),
      margin,
      critical: criticalEnd,
      against: points.flatMap((point, place) => (against.includes(point) ? [place] : [])),
    };
  });
  return questionsToDecide(measures, asked, seed);
}

function assumedMeans(
  standing: Standing,
  { positions, asked }: { positions: readonly number[] | undefined; asked: number },
): readonly number[] {
  const covariance = covarianceOf(standing, asked).map((row) => row.map((value) => value / asked));
  const places = positions === undefined ? undefined : standing.points.map((point) => positions[point] ?? 0);
  return shrunkMeans(standing.means, covariance, places);
}

function pairErrors({ points, pairs }: Standing, factor: number): Float64Array[] {
  const errors = points.map(() => new Float64Array(points.length));
  for (const { first, second, error } of pairs) {
    const [i, j] = [points.indexOf(first), points.indexOf(second)];
    errors[i]?.fill(error * factor, j, j + 1);
    errors[j]?.fill(error * factor, i, i + 1);
  }
  return errors;
}

/**
 * A covariance of the points' values, for one question, that has the variances of all their differences: what they have in
 * common makes no difference to a decision (the double centring of Gower 1966).
 */
export function covarianceOf(standing: Standing, questions: number): Float64Array[] {
  const variances = pairErrors(standing, 1).map((row) => row.map((error) => error ** 2 * questions));
  const rows = variances.map(average);
  return variances.map((row, i) => row.map((variance, j) => ((rows[i] ?? 0) + (rows[j] ?? 0) - variance) / 2));
}

function average(values: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i] ?? 0;
  return total / Math.max(1, values.length);
}
