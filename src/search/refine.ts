/**
 * The points that a race begins with: the ends and so many between them, evenly, that every gap is closed by halving it as
 * often as may be.
 *
 * @returns places in rising order: 0, 3, 7, 10 of 11 points and two halvings
 */
export function coarseGrid(points: number, halvings: number): number[] {
  const last = points - 1;
  const gaps = Math.max(1, Math.ceil(last / 2 ** halvings));
  return [...new Set(Array.from({ length: gaps + 1 }, (_, i) => Math.round((i * last) / gaps)))];
}

/** The middles of the gaps beside some points, nearer to the lower side where there is no middle. */
export function middlesBeside(focus: readonly number[], asked: readonly number[]): number[] {
  const sorted = asked.toSorted((a, b) => a - b);
  const middles = sorted.slice(1).flatMap((right, i) => {
    const left = sorted[i] ?? right;
    if (right - left < 2 || !(focus.includes(left) || focus.includes(right))) return [];
    return [Math.floor((left + right) / 2)];
  });
  return middles;
}
