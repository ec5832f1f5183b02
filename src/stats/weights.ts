/** The weight of each question; 1 where none are given. */
export function weightsOf(weights: ArrayLike<number> | undefined): (question: number) => number {
  return weights === undefined ? () => 1 : (question) => weights[question] ?? 1;
}

/** The nearest number within the bounds. */
export function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
