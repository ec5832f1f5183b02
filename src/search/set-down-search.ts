import { digestOf } from "../base/digest.ts";
import { type SearchConfig, type SearchInput, settleSearch } from "../sweep/file/search-config.ts";
import type { SweepPlan } from "../sweep/plan/plan.ts";
import { setDown } from "../sweep/run/run-sweep.ts";
import { askedDigest } from "../sweep/run/stored-completions.ts";
import type { SetDownOptions } from "../sweep/run/sweep-options.ts";
import { groupAsks } from "./group-asks.ts";
import { race } from "./race.ts";
import { narrowPlan, planSearch } from "./search-plan.ts";

/**
 * Sets a search down in its store, for workers to come: what its first block asks.
 *
 * @throws what `runSearch` throws
 */
export async function setDownSearch(
  plan: SweepPlan,
  given: SearchInput = {},
  options: SetDownOptions = {},
): Promise<void> {
  const config = settleSearch(given);
  const search = planSearch(plan, config);
  const step = race(search.race).next();
  const [first] = step.done === true ? [] : groupAsks(search, plan, step.value.asks);
  if (first === undefined) throw new Error("The search asks nothing");
  const part = narrowPlan(plan, first.points, first.questions);
  await setDown(part, { ...options, asked: askedBySearch(plan, config) });
}

/** Names all that a search may ask, step by step: workers may be a step apart. */
export function askedBySearch({ benchmarks, units }: SweepPlan, config: SearchConfig): string {
  return digestOf(["search", config, units.map(({ point }) => point.name), askedDigest(benchmarks)]);
}
