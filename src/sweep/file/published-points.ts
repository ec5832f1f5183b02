import { ConfigError } from "../../base/errors.ts";
import type { SweepConfig, SweepFile } from "./config.ts";
import { formatDecimal, parseDecimal } from "./expression.ts";

/** A point that is a model as it is: nothing is merged for it. */
export interface PublishedPoint {
  readonly name: string;
  readonly axes: Readonly<Record<string, string>>;
  /** A path, or a model of the hub. */
  readonly model: string;
}

/** `w=0.3`, or `w=0.3,t=1` with several axes; `merge` without any. */
export function pointName(axes: Readonly<Record<string, string>>): string {
  const parts = Object.entries(axes).map(([axis, value]) => `${axis}=${value}`);
  return parts.join(",") || "merge";
}

/** The names of a sweep's axes: those it declares, or, where it merges nothing, those of its points. */
export function axisNames({ axes, points }: SweepConfig): readonly string[] {
  const declared = Object.keys(axes);
  const [first] = points;
  return declared.length > 0 || first === undefined ? declared : Object.keys(withoutModel(first));
}

/**
 * The models that a sweep file names as points.
 *
 * @throws ConfigError with the place of one that lacks an axis, has one too many, or stands where another does
 */
export function publishedPoints({ config, document }: SweepFile): PublishedPoint[] {
  const names = axisNames(config);
  const points = config.points.map((point, index): PublishedPoint => {
    const place = document.locate(["points", index]);
    const given = withoutModel(point);
    const wrong = Object.keys(given).find((axis) => !names.includes(axis)) ?? names.find((axis) => !(axis in given));
    if (wrong !== undefined || names.length === 0) {
      const expected = names.length === 0 ? "at least one axis such as w: 0.1" : names.join(", ");
      const found = Object.keys(given).join(", ") || "none";
      throw new ConfigError(`${place}: expected a point with its model and ${expected}, found the axes ${found}`);
    }
    const axes = Object.fromEntries(names.map((axis) => [axis, formatDecimal(parseDecimal(String(given[axis])))]));
    return { name: pointName(axes), axes, model: point.model };
  });
  const twice = points.findIndex(({ name }, index) => points.findIndex((other) => other.name === name) < index);
  if (twice >= 0) {
    throw new ConfigError(`${document.locate(["points", twice])}: the point ${points[twice]?.name} is listed twice`);
  }
  return points;
}

function withoutModel({ model: _model, ...axes }: SweepConfig["points"][number]): Record<string, string | number> {
  return axes;
}
