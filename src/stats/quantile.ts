/**
 * The p-quantile by linear interpolation between order statistics (type 7 of Hyndman and Fan: the default of R and NumPy).
 *
 * @param p in 0..1
 * @returns null of no values
 */
export function quantile(values: readonly number[], p: number): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const place = (sorted.length - 1) * p;
  const below = sorted[Math.floor(place)];
  const above = sorted[Math.ceil(place)];
  if (below === undefined || above === undefined) return null;
  return below + (above - below) * (place - Math.floor(place));
}

/** The middle value, or the mean of the two in the middle; null of no values. */
export function median(values: readonly number[]): number | null {
  return quantile(values, 0.5);
}
