/** The weight of each question; 1 where none are given. */
export function weightsOf(weights: ArrayLike<number> | undefined): (question: number) => number {
  return weights === undefined ? () => 1 : (question) => weights[question] ?? 1;
}

/** The weight of each question over their mean weight; 1 where none are given. */
export function relativeWeights(
  questions: number,
  weights: ArrayLike<number> | undefined,
): (question: number) => number {
  if (weights === undefined) return () => 1;
  let total = 0;
  for (let q = 0; q < questions; q++) total += weights[q] ?? 1;
  return (question) => ((weights[question] ?? 1) * questions) / total;
}

/**
 * Values whose plain mean is the weighted mean of the given ones, and whose variance over n is that of the weighted mean
 * (Cochran 1977, without what lies between strata): what is known of plain means holds of these.
 */
export function influences(values: readonly number[], weights: ArrayLike<number> | undefined): readonly number[] {
  if (weights === undefined) return values;
  const share = relativeWeights(values.length, weights);
  const mean = values.reduce((total, value, i) => total + value * share(i), 0) / values.length;
  return values.map((value, i) => mean + (value - mean) * share(i));
}

/** The nearest number within the bounds. */
export function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

/** The mean of the values that are known; NaN of none. */
export function weightedMean(values: ArrayLike<number>, weights?: ArrayLike<number>): number {
  const weightOf = weightsOf(weights);
  let [sum, total] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? Number.NaN;
    if (Number.isNaN(value)) continue;
    sum += weightOf(i) * value;
    total += weightOf(i);
  }
  return total === 0 ? Number.NaN : sum / total;
}
