import { ConfigError } from "../../base/errors.ts";
import { suggestion } from "../../base/suggest.ts";
import type { SweepFile } from "../file/config.ts";

/** Words for points that every sweep has. */
const ENDS = ["best", "first", "last"];

/**
 * Checks that what an objective is held against is there.
 *
 * @param names of all points and references
 * @throws ConfigError with the place in the file
 */
export function checkObjective({ config, document }: SweepFile, names: readonly string[]): void {
  const { objective } = config;
  if (objective === undefined || "maximise" in objective || [...ENDS, ...names].includes(objective.against)) return;
  const place = document.locate(["objective", "against"]);
  throw new ConfigError(
    `${place}: objective.against: expected best, first, last, or the name of a point or reference, found "${objective.against}"`,
    { hint: suggestion(objective.against, [...ENDS, ...names]) },
  );
}
