import { fixBudget, readBudget } from "../runs/search-budget.ts";
import { type SearchRecord, writeSearch } from "../runs/search-record.ts";
import { writeStrata } from "../runs/tables/question-strata.ts";
import { type SearchInput, settleSearch } from "../sweep/file/search-config.ts";
import type { SweepPlan } from "../sweep/plan/plan.ts";
import { refuseUnknownPoints } from "../sweep/run/again.ts";
import { type SweepOptions, type SweepOutcome, settleOptions } from "../sweep/run/sweep-options.ts";
import { Asking, type OnBlock } from "./asking.ts";
import { EnginePool } from "./engine-pool.ts";
import { race } from "./race.ts";
import { recordOf, strataOf } from "./search-outcome.ts";
import { planSearch } from "./search-plan.ts";
import { askedBySearch } from "./set-down-search.ts";

/** What a search came to; without its record where points failed, or it was asked to end. */
export interface SearchOutcome extends SweepOutcome {
  readonly search: SearchRecord | undefined;
}

/**
 * Searches over the points of a sweep: asks in blocks what a race wants to know, instead of everything. All that it decides
 * follows from the plan and the stored answers: begun again, whatever had stopped it, it goes on where it was, and it makes use
 * of everything that an earlier run or search has left.
 *
 * @param given what it does not say has its default
 * @param onBlock told before questions are asked: how many points, and how many questions of each at the most
 * @throws what `runSweep` throws; ConfigError for an objective that a search has no answer to
 */
export async function runSearch(
  plan: SweepPlan,
  given: SearchInput = {},
  options: SweepOptions = {},
  onBlock: OnBlock = () => {},
): Promise<SearchOutcome> {
  const config = settleSearch(given);
  const search = planSearch(plan, config);
  const settled = settleOptions(plan, options);
  const { out, again = [], signal } = settled;
  refuseUnknownPoints(
    again,
    search.units.map(({ point }) => point.name),
    "search",
  );
  await using engines = new EnginePool(() => settled.createRuntime(signal));
  const asking = new Asking(
    plan,
    search,
    { ...settled, asked: askedBySearch(plan, config), createRuntime: () => engines.take() },
    onBlock,
  );
  const hours = config.budget !== undefined && "hours" in config.budget ? config.budget.hours : undefined;
  let tokens = hours === undefined ? undefined : await readBudget(out, hours);
  const start = (): ReturnType<typeof race> =>
    race(tokens === undefined ? search.race : { ...search.race, budget: { tokens } });
  let limited = tokens !== undefined || hours === undefined;
  let running = start();
  let step = running.next();
  while (!step.done) {
    const stopped = await asking.ask(step.value);
    if (stopped !== undefined) return { ...stopped, search: undefined };
    if (hours !== undefined && tokens === undefined) {
      const { tokens: answered, seconds } = asking;
      // Another worker may have fixed them.
      tokens = await readBudget(out, hours);
      if (tokens === undefined && answered > 0) {
        tokens = await fixBudget(out, { hours, tokensPerSecond: answered / seconds });
      }
    }
    if (tokens !== undefined && !limited) {
      // The same race over the same answers, which knows now what it may spend.
      running = start();
      limited = true;
      step = running.next();
    } else step = running.next(asking.lookup);
  }
  const record = recordOf(search, config, step.value, tokens);
  await writeStrata(out, strataOf(search, step.value.strata));
  await writeSearch(out, record);
  return { done: asking.done, failed: [], left: 0, search: record };
}
