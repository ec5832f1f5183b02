import { deriveSeed, seededRandom } from "../../base/random.ts";
import { cholesky, logDeterminant, type Matrix, solveFactored } from "../matrix.ts";
import { normalDraws } from "../normal-draws.ts";

/** What the points are, when their means are drawn together as far as they belong together. */
export interface ShrunkMeans {
  /** A description, never the confidence of a decision: how often each point is the highest. */
  readonly probability: readonly number[];
  readonly means: readonly number[];
}

/** Spreads of the true means around their level that are thought possible, in points of a rate. */
export const SPREADS = [0, 0.0025, 0.005, 0.01, 0.015, 0.02, 0.03, 0.05, 0.08];

/** How far apart in w (of 0..1) neighbours are alike. */
export const REACH = 0.3;

const DRAWS = 2000;

/** True means that differ by no more are equal: 1e-7 points. */
const SAME = 1e-9;

/**
 * Shrinks the means of points towards a common level, or a smooth curve around it, by how much they spread beyond noise
 * (empirical Bayes over a grid of spreads and two kernels), and draws from the result.
 *
 * @param means of the points
 * @param covariance of these means
 * @param positions of the points along the axis in 0..1, where there is one
 */
export function shrinkMeans(
  means: readonly number[],
  covariance: Matrix,
  positions: readonly number[] | undefined,
  seed: string,
): ShrunkMeans {
  const { means: mixed, models, weights } = mixModels(means, covariance, positions);
  return { means: mixed, probability: drawBest(models, weights, means.length, seed) };
}

/** The means alone, of `shrinkMeans`. */
export function shrunkMeans(
  means: readonly number[],
  covariance: Matrix,
  positions: readonly number[] | undefined,
): readonly number[] {
  return mixModels(means, covariance, positions).means;
}

function mixModels(
  means: readonly number[],
  covariance: Matrix,
  positions: readonly number[] | undefined,
): { readonly means: readonly number[]; readonly models: readonly Posterior[]; readonly weights: readonly number[] } {
  const models = SPREADS.flatMap((spread) =>
    spread === 0
      ? [posterior(means, covariance, () => 0, 0)]
      : [
          posterior(means, covariance, (i, j) => (i === j ? 1 : 0), spread),
          ...(positions === undefined
            ? []
            : [
                posterior(
                  means,
                  covariance,
                  (i, j) => Math.exp(-(((positions[i] ?? 0) - (positions[j] ?? 0)) ** 2) / (2 * REACH ** 2)),
                  spread,
                ),
              ]),
        ],
  );
  const most = Math.max(...models.map(({ logWeight }) => logWeight));
  const weights = models.map(({ logWeight }) => Math.exp(logWeight - most));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const mixed = means.map((_, i) =>
    models.reduce((sum, model, m) => sum + ((weights[m] ?? 0) / total) * (model.means[i] ?? 0), 0),
  );
  return { means: mixed, models, weights };
}

/** The true means under one spread and kernel. */
export interface Posterior {
  readonly means: Float64Array;
  readonly factor: Matrix;
  readonly logWeight: number;
}

/** @param kernel how alike two points are, without their noise */
export function posterior(
  means: readonly number[],
  covariance: Matrix,
  kernel: (i: number, j: number) => number,
  spread: number,
): Posterior {
  const size = means.length;
  const prior = means.map((_, i) => Float64Array.from({ length: size }, (__, j) => spread ** 2 * kernel(i, j)));
  const total = prior.map((row, i) => row.map((value, j) => value + (covariance[i]?.[j] ?? 0) + (i === j ? RIDGE : 0)));
  const factor = cholesky(total);
  const ones = new Float64Array(size).fill(1);
  const [solvedOnes, solvedMeans] = [solveFactored(factor, ones), solveFactored(factor, means)];
  const precision = dot(ones, solvedOnes);
  const level = dot(ones, solvedMeans) / precision;
  // The likelihood of the contrasts: the level is free.
  const quadratic = dot(Float64Array.from(means), solvedMeans) - level ** 2 * precision;
  const logLikelihood = -0.5 * (logDeterminant(factor) + Math.log(precision) + quadratic);
  const residual = solveFactored(
    factor,
    means.map((value) => value - level),
  );
  const shrunk = Float64Array.from(prior, (row) => level + dot(row, residual));
  return {
    means: shrunk,
    factor: cholesky(posteriorCovariance(prior, factor, precision)),
    logWeight: logLikelihood + (spread === 0 ? Math.log(0.5) : 0),
  };
}

/** Twins have the same answers: without it their covariance has no inverse. */
const RIDGE = 1e-10;

/** Of the true means: what the prior leaves, and the uncertainty of the level. */
function posteriorCovariance(prior: Matrix, factor: Matrix, precision: number): Float64Array[] {
  const size = prior.length;
  const gains = prior.map((row) => solveFactored(factor, row));
  const ones = new Float64Array(size).fill(1);
  const rest = gains.map((gain) => 1 - dot(gain, ones));
  return prior.map((row, i) =>
    row.map(
      (value, j) => value - dot(gains[i] ?? row, prior[j] ?? row) + ((rest[i] ?? 0) * (rest[j] ?? 0)) / precision,
    ),
  );
}

function drawBest(models: readonly Posterior[], weights: readonly number[], size: number, seed: string): number[] {
  const random = seededRandom(deriveSeed("probability of being best", seed));
  const normal = normalDraws(random);
  const hits = new Float64Array(size);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const z = new Float64Array(size);
  for (let draw = 0; draw < DRAWS; draw++) {
    let left = random() * total;
    const at = weights.findIndex((weight) => (left -= weight) <= 0);
    const model = models[at < 0 ? models.length - 1 : at];
    for (let i = 0; i < size; i++) z[i] = normal();
    const values = Float64Array.from(z, (_, i) => {
      let value = model?.means[i] ?? 0;
      for (let k = 0; k <= i; k++) value += (model?.factor[i]?.[k] ?? 0) * (z[k] ?? 0);
      return value;
    });
    // Points that are equal in truth share it.
    const most = Math.max(...values) - SAME;
    const best = values.reduce((count, value) => count + (value >= most ? 1 : 0), 0);
    for (let i = 0; i < size; i++) if ((values[i] ?? 0) >= most) hits[i] = (hits[i] ?? 0) + 1 / best;
  }
  return Array.from(hits, (count) => count / DRAWS);
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < a.length; i++) total += (a[i] ?? 0) * (b[i] ?? 0);
  return total;
}
