import { ConfigError } from "../../base/errors.ts";
import { nearestWord } from "../../base/suggest.ts";

interface Named {
  readonly name: string;
  readonly axes: Readonly<Record<string, string>>;
}

/**
 * The points that `--only` asks for.
 *
 * @param only each entry a point's name, or conditions such as `w=0.5,d=0.4` of which all must hold; a point of any entry is taken
 * @param flag that they were given by, for errors
 * @throws ConfigError for an entry that no point meets
 */
export function selectPoints<Point extends Named>(
  points: readonly Point[],
  only: readonly string[] | undefined,
  flag = "--only",
): readonly Point[] {
  if (only === undefined) return points;
  const chosen = new Set<Point>();
  for (const entry of only) {
    const found = points.filter((point) => point.name === entry || meetsAll(point, entry));
    if (found.length === 0) throw nothingSelected(entry, points, flag);
    for (const point of found) chosen.add(point);
  }
  return points.filter((point) => chosen.has(point));
}

function meetsAll({ axes }: Named, entry: string): boolean {
  return conditionsOf(entry).every(([axis, value]) => value !== undefined && sameValue(axes[axis], value));
}

/** `0.50` and `.5` are 0.5. */
function sameValue(own: string | undefined, asked: string): boolean {
  return own !== undefined && (own === asked || (asked !== "" && Number(own) === Number(asked)));
}

function conditionsOf(entry: string): [axis: string, value: string | undefined][] {
  return entry.split(",").map((condition) => {
    const [axis = "", value] = condition.split("=", 2).map((part) => part.trim());
    return [axis, value];
  });
}

function nothingSelected(entry: string, points: readonly Named[], flag: string): ConfigError {
  const conditions = conditionsOf(entry);
  const axes = conditions.map(([axis]) => axis);
  const names = points.map(({ name }) => name);
  const twice = axes.find((axis, i) => axes.indexOf(axis) !== i);
  const near = nearestWord(entry, names);
  const hint =
    twice !== undefined
      ? `All conditions of one ${flag} must hold. For several points: ${conditions.map(([axis, value]) => `${flag} ${axis}=${value}`).join(" ")}`
      : `The points are ${names.slice(0, 20).join(" ")}${names.length > 20 ? " ..." : ""}.${near === undefined ? "" : ` Did you mean "${near}"?`}`;
  return new ConfigError(`${flag} ${entry} selects no point`, { hint });
}
