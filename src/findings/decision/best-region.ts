import { described, type Sentence } from "../describe-benchmark.ts";
import { listed } from "../measures.ts";
import { RATE_NAMES } from "../objective.ts";
import { highestRace } from "./choice-rule.ts";
import type { Contenders } from "./contenders.ts";

/** Of a grid: the points that may have the highest rate, all others being lower for sure (Gupta 1965). */
export function bestRegion(contenders: Contenders): Sentence[] {
  const [one] = contenders.benchmarks;
  const rate = (["accuracy_strict", "accuracy"] as const).find((measure) => contenders.measured.has(measure));
  const all = contenders.names.length;
  if (one === undefined || rate === undefined || all < 3) return [];
  const race = highestRace(contenders.pairwise(rate), contenders.means(rate).slice(0, all));
  const names = race.map((place) => contenders.names[place] ?? "");
  const shown = names.length > 8 ? [...names.slice(0, 8), `${names.length - 8} more`] : names;
  const text =
    names.length === all
      ? `Best region: any of the ${all} points may have the highest ${RATE_NAMES[rate]}.`
      : `Best region: ${listed(shown)} may have the highest ${RATE_NAMES[rate]}; the other ${all - names.length === 1 ? "one is" : `${all - names.length} are`} lower with 95% confidence.`;
  return [{ ...described(one, "note", text), measure: rate, points: names }];
}
