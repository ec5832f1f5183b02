import type { SearchRecord } from "../../runs/search-record.ts";
import type { StoredRun } from "../../runs/stored-run.ts";
import type { Objective } from "../objective.ts";
import type { RuleResult } from "./choice-rule.ts";
import type { Contenders } from "./contenders.ts";

/** The search that filled a run; undefined of a plan that is no search's, such as a part of the grid or another one. */
export function ownSearch(run: StoredRun): SearchRecord | undefined {
  const { search, manifest, runs } = run;
  if (search === undefined || runs !== undefined) return undefined;
  return manifest.ragged === true || isAskedWhole(run, search) ? search : undefined;
}

/**
 * The search that a run's decision is taken from: it chose what was asked, and looked at the answers again and again, which its
 * bounds allow for and those of a single look do not. Undefined where the whole grid has been asked since.
 */
export function decidingSearch(run: StoredRun): SearchRecord | undefined {
  const search = ownSearch(run);
  return search === undefined || isAskedWhole(run, search) ? undefined : search;
}

function isAskedWhole({ evaluated }: StoredRun, { points, benchmarks }: SearchRecord): boolean {
  return points.every((name) => {
    const tables = evaluated.find(({ point }) => point.name === name)?.tables ?? [];
    return benchmarks.every(
      ({ name: benchmark, questions }) =>
        (tables.find((table) => table.benchmark === benchmark)?.samples.length ?? 0) >= questions,
    );
  });
}

/** What a search decided, as the rule of its objective gives it; undefined where it looked for something else. */
export function racedResult(
  { names }: Contenders,
  objective: Objective,
  search: SearchRecord | undefined,
): RuleResult | undefined {
  if (search === undefined || JSON.stringify(search.objective) !== JSON.stringify(objective)) return undefined;
  const race = search.candidates.map((name) => names.indexOf(name)).filter((place) => place >= 0);
  const safe = search.chosen === null ? -1 : names.indexOf(search.chosen);
  return { safe: safe < 0 ? undefined : safe, race };
}
