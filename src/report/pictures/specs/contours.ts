import { type Contour, roundTicks } from "../picture.ts";

/**
 * Lines of equal height through the centres of cells, by marching squares: cell (row, column) has its centre at
 * (column, row). Squares with an unknown corner are left out.
 *
 * @param values by row, then by column; NaN where not known
 */
export function contoursOf(values: readonly (readonly number[])[]): Contour[] {
  const known = values.flat().filter((value) => !Number.isNaN(value));
  if (known.length === 0) return [];
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const levels = roundTicks(low, high, 5).filter((level) => level > low && level < high);
  return levels.map((level) => ({ level, lines: linesAt(values, level) }));
}

type Segment = readonly [x1: number, y1: number, x2: number, y2: number];

function linesAt(values: readonly (readonly number[])[], level: number): Segment[] {
  return values.slice(1).flatMap((upper, row) => {
    const lower = values[row] ?? [];
    return upper.slice(1).flatMap((_, column) => {
      const corners = [
        { x: column, y: row, value: lower[column] ?? Number.NaN },
        { x: column + 1, y: row, value: lower[column + 1] ?? Number.NaN },
        { x: column + 1, y: row + 1, value: upper[column + 1] ?? Number.NaN },
        { x: column, y: row + 1, value: upper[column] ?? Number.NaN },
      ];
      return corners.some(({ value }) => Number.isNaN(value)) ? [] : segmentsIn(corners, level);
    });
  });
}

interface Corner {
  readonly x: number;
  readonly y: number;
  readonly value: number;
}

/** Where the sides of a square cross the level, joined in pairs; a saddle has two such pairs. */
function segmentsIn(corners: readonly Corner[], level: number): Segment[] {
  const crossings = corners.flatMap((from, i) => {
    const to = corners[(i + 1) % corners.length] ?? from;
    if (from.value < level === to.value < level) return [];
    const share = (level - from.value) / (to.value - from.value);
    return [{ x: from.x + share * (to.x - from.x), y: from.y + share * (to.y - from.y) }];
  });
  const segments: Segment[] = [];
  for (let i = 0; i + 1 < crossings.length; i += 2) {
    const [a, b] = [crossings[i], crossings[i + 1]];
    if (a !== undefined && b !== undefined) segments.push([a.x, a.y, b.x, b.y]);
  }
  return segments;
}
