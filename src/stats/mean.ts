/** The arithmetic mean, or null of nothing: a missing mean is never 0. */
export function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : sum(values) / values.length;
}

/** The sum, with Neumaier's correction, so that the order of large and small terms does not show. */
export function sum(values: readonly number[]): number {
  let total = 0;
  let lost = 0;
  for (const value of values) {
    const next = total + value;
    lost += Math.abs(total) >= Math.abs(value) ? total - next + value : value - next + total;
    total = next;
  }
  return total + lost;
}

/** The unbiased variance (n - 1), or null of fewer than two values. */
export function variance(values: readonly number[]): number | null {
  const center = mean(values);
  if (center === null || values.length < 2) return null;
  return sum(values.map((value) => (value - center) ** 2)) / (values.length - 1);
}

/** The standard error of the mean, sd / sqrt(n), or null of fewer than two values. */
export function standardError(values: readonly number[]): number | null {
  const spread = variance(values);
  return spread === null ? null : Math.sqrt(spread / values.length);
}

/** Values in groups, in the order in which the groups first appear: questions and their attempts, points and their samples. */
export function groupBy<Value, Key>(values: Iterable<Value>, keyOf: (value: Value) => Key): Map<Key, Value[]> {
  const groups = new Map<Key, Value[]>();
  for (const value of values) {
    const key = keyOf(value);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [value]);
    else group.push(value);
  }
  return groups;
}
