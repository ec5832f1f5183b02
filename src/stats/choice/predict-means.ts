import type { Matrix } from "../matrix.ts";
import { type Posterior, posterior, REACH, SPREADS } from "./best-probability.ts";

/** What is thought of a mean that was not seen. */
export interface Predicted {
  readonly mean: number;
  readonly sd: number;
}

/** Of a mean that was not seen: as good as nothing is known of it, next to what spreads are thought possible. */
const UNSEEN_VARIANCE = 1;

/**
 * Predicts means at places from those that were seen elsewhere: a Gaussian process around a free level, smooth over a third of
 * each axis, its spread weighted by the likelihood of what was seen (Rasmussen and Williams 2006).
 *
 * @param seen means at places with coordinates in 0..1, and their covariance
 * @param places where means are wanted
 */
export function predictMeans(
  seen: {
    readonly places: readonly (readonly number[])[];
    readonly means: readonly number[];
    readonly covariance: Matrix;
  },
  places: readonly (readonly number[])[],
): Predicted[] {
  const all = [...seen.places, ...places];
  const level = seen.means.reduce((sum, mean) => sum + mean, 0) / Math.max(1, seen.means.length);
  const means = all.map((_, i) => seen.means[i] ?? level);
  const covariance = all.map((_, i) =>
    Float64Array.from(all, (__, j) => seen.covariance[i]?.[j] ?? (i === j ? UNSEEN_VARIANCE : 0)),
  );
  const alike = (i: number, j: number): number =>
    Math.exp(-squaredDistance(all[i] ?? [], all[j] ?? []) / (2 * REACH * REACH));
  const models = SPREADS.filter((spread) => spread > 0).map((spread) => posterior(means, covariance, alike, spread));
  const most = Math.max(...models.map(({ logWeight }) => logWeight));
  const weights = models.map(({ logWeight }) => Math.exp(logWeight - most));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const mix = (value: (model: Posterior) => number): number =>
    models.reduce((sum, model, m) => sum + ((weights[m] ?? 0) / total) * value(model), 0);
  return places.map((_, k) => {
    const i = seen.places.length + k;
    const mean = mix((model) => model.means[i] ?? 0);
    const variance = mix((model) => {
      const apart = (model.means[i] ?? 0) - mean;
      return (model.factor[i] ?? new Float64Array()).reduce((sum, value) => sum + value * value, apart * apart);
    });
    return { mean, sd: Math.sqrt(variance) };
  });
}

/** The squared distance of two places. */
export function squaredDistance(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, axis) => sum + (value - (b[axis] ?? 0)) * (value - (b[axis] ?? 0)), 0);
}
