import { ConfigError } from "../../base/errors.ts";
import { suggestion } from "../../base/suggest.ts";

/**
 * Checks the points that are to be made again.
 *
 * @param of what the known points are of, in words: "plan"
 * @throws ConfigError for a name that none has
 */
export function refuseUnknownPoints(again: readonly string[], known: readonly string[], of: string): void {
  const unknown = again.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new ConfigError(`--again ${unknown}: no point of the ${of} has this name`, {
    hint: suggestion(unknown, known),
  });
}
