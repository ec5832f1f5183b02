import type { PlannedPoint } from "../runs/schema.ts";
import { groupBy } from "../stats/mean.ts";

/** One value of an axis, and the points that have it. */
interface Level {
  readonly value: number;
  /** `w=0.3`. */
  readonly label: string;
  /** Names of points, one for each line. */
  readonly points: readonly string[];
}

/** An axis as statements about it may use it. */
export interface AxisLevels {
  readonly axis: string;
  /** By value; every line has all of them. */
  readonly levels: readonly Level[];
  /** Combinations of the other axes that have a point at every level. */
  readonly lines: readonly string[];
  /** Combinations that lack a level: a mean over them would compare other weights of the other axes. */
  readonly incomplete: readonly string[];
}

/**
 * The levels of each numeric axis, over complete lines of the grid only.
 *
 * @param axes names
 * @param points finished points, without references
 */
export function axisLevels(axes: readonly string[], points: readonly PlannedPoint[]): AxisLevels[] {
  return axes.flatMap((axis) => {
    const numeric = points.filter((point) => Number.isFinite(Number(point.axes[axis] ?? "none")));
    const values = [...new Set(numeric.map((point) => Number(point.axes[axis])))].toSorted((a, b) => a - b);
    const others = axes.filter((other) => other !== axis);
    const lines = groupBy(numeric, (point) => others.map((other) => `${other}=${point.axes[other] ?? "?"}`).join(","));
    const complete = [...lines].filter(([, own]) => own.length === values.length);
    if (complete.length === 0) return [];
    const levels = values.map((value) => {
      const own = complete.flatMap(([, line]) => line.filter((point) => Number(point.axes[axis]) === value));
      return { value, label: `${axis}=${own[0]?.axes[axis] ?? value}`, points: own.map(({ name }) => name) };
    });
    const names = complete.map(([line]) => line);
    return [{ axis, levels, lines: names, incomplete: [...lines.keys()].filter((line) => !names.includes(line)) }];
  });
}
