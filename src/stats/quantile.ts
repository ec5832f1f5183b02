/**
 * The p-quantile by linear interpolation between order statistics (type 7 of Hyndman and Fan: the default of R and NumPy).
 *
 * @param p in 0..1
 * @param weights what each value stands for. @default 1 each
 * @returns null of no values
 */
export function quantile(values: readonly number[], p: number, weights?: ArrayLike<number>): number | null {
  if (weights !== undefined) return weightedQuantile(values, p, weights);
  const sorted = values.toSorted((a, b) => a - b);
  const place = (sorted.length - 1) * p;
  const below = sorted[Math.floor(place)];
  const above = sorted[Math.ceil(place)];
  if (below === undefined || above === undefined) return null;
  return below + (above - below) * (place - Math.floor(place));
}

/** A value lies as far up as what is between it and the first one weighs: with equal weights, type 7. */
function weightedQuantile(values: readonly number[], p: number, weights: ArrayLike<number>): number | null {
  const sorted = values.map((value, i) => ({ value, weight: weights[i] ?? 1 })).toSorted((a, b) => a.value - b.value);
  const [first] = sorted;
  if (first === undefined) return null;
  let place = 0;
  const places = sorted.map(({ weight }, i) => {
    if (i > 0) place += ((sorted[i - 1]?.weight ?? 0) + weight) / 2;
    return place;
  });
  const at = p * place;
  const above = Math.max(
    1,
    places.findIndex((one) => one >= at),
  );
  const [a, b] = [sorted[above - 1] ?? first, sorted[above] ?? first];
  const gap = (places[above] ?? 0) - (places[above - 1] ?? 0);
  return gap === 0 ? b.value : a.value + ((b.value - a.value) * (at - (places[above - 1] ?? 0))) / gap;
}

/** The middle value, or the mean of the two in the middle; null of no values. */
export function median(values: readonly number[]): number | null {
  return quantile(values, 0.5);
}
