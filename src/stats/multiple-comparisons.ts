/**
 * Holm's step-down adjustment: with p-values from several comparisons, those whose adjusted value is at most 0.05 can all be
 * claimed with at most a 5% chance of any being false, whatever their dependence. Nulls stay null and do not count.
 */
export function holm(pValues: readonly (number | null)[]): (number | null)[] {
  const adjusted: (number | null)[] = pValues.map(() => null);
  const ranked = pValues
    .flatMap((p, index) => (p === null ? [] : [{ p, index }]))
    .toSorted((a, b) => a.p - b.p || a.index - b.index);
  let floor = 0;
  ranked.forEach(({ p, index }, rank) => {
    floor = Math.max(floor, Math.min(1, p * (ranked.length - rank)));
    adjusted[index] = floor;
  });
  return adjusted;
}
