import { ConfigError } from "../base/errors.ts";
import { suggestion } from "../base/suggest.ts";
import { type SearchRecord, writeSearch } from "../runs/search-record.ts";
import { type StrataDesign, writeStrata } from "../runs/tables/question-strata.ts";
import { type SearchConfig, type SearchInput, settleSearch } from "../sweep/file/search-config.ts";
import type { SweepPlan } from "../sweep/plan/plan.ts";
import { runSweep } from "../sweep/run/run-sweep.ts";
import type { SweepOptions, SweepOutcome } from "../sweep/run/sweep-options.ts";
import { type RaceOutcome, race } from "./race.ts";
import type { Ask, DrawnStrata } from "./race-plan.ts";
import { narrowPlan, planSearch, type SearchPlan } from "./search-plan.ts";
import { StoredAnswers } from "./stored-answers.ts";

/** What a search came to; without its record where points failed, or it was asked to end. */
export interface SearchOutcome extends SweepOutcome {
  readonly search: SearchRecord | undefined;
}

/**
 * Searches over the points of a sweep: asks in blocks what a race wants to know, instead of everything. All that it decides
 * follows from the plan and the stored answers: begun again, whatever had stopped it, it goes on where it was, and it makes use
 * of everything that an earlier run or search has left.
 *
 * @param given what the sweep's own search does not say has its default
 * @param onBlock told before questions are asked: how many points, and how many questions of each at the most
 * @throws what `runSweep` throws; ConfigError for an objective that a search has no answer to
 */
export async function runSearch(
  plan: SweepPlan,
  given: SearchInput = {},
  options: SweepOptions = {},
  onBlock: (points: number, questions: number) => void = () => {},
): Promise<SearchOutcome> {
  const config = settleSearch(given);
  const search = planSearch(plan, config);
  const { out = plan.store } = options;
  const attempts = new Map(plan.benchmarks.map(({ name, attempts: each }) => [name, each]));
  const answers = new StoredAnswers(
    out,
    search.race.measures.map(({ measure }) => measure),
  );
  let again = options.again ?? [];
  refuseUnknown(
    again,
    search.units.map(({ point }) => point.name),
  );
  const done = new Set<string>();
  const running = race(search.race);
  let step = running.next();
  for (let first = true; !step.done; first = false) {
    for (const group of groupAsks(search, plan, step.value.asks)) {
      const names = [...group.points];
      if (!first) await answers.read(names, attempts);
      const missing = names.some(
        (point) =>
          again.includes(point) ||
          [...group.questions].some(([name, ids]) => [...ids].some((id) => !answers.has(point, name, id))),
      );
      if (missing) {
        await writeStrata(out, strataOf(search, step.value.strata));
        onBlock(names.length, Math.max(...Array.from(group.questions.values(), ({ size }) => size)));
        const part = narrowPlan(plan, group.points, group.questions);
        const { failed, left } = await runSweep(part, {
          ...options,
          again: again.filter((name) => group.points.has(name)),
        });
        again = again.filter((name) => !group.points.has(name));
        if (failed.length > 0 || left > 0) {
          for (const name of names) done.add(name);
          for (const { point } of failed) done.delete(point);
          return { done: done.size - left, failed, left, search: undefined };
        }
      }
      for (const name of names) done.add(name);
      await answers.read(names, attempts);
    }
    step = running.next((point, benchmark, question) =>
      answers.answer(
        search.units[point]?.point.name ?? "",
        plan.benchmarks[benchmark]?.name ?? "",
        search.questions[benchmark]?.[question] ?? "",
      ),
    );
  }
  const record = recordOf(search, config, step.value);
  await writeStrata(out, strataOf(search, step.value.strata));
  await writeSearch(out, record);
  return { done: done.size, failed: [], left: 0, search: record };
}

/** The strata of which a race asks samples, by the names of their questions. */
function strataOf({ race: raced, questions }: SearchPlan, strata: DrawnStrata): StrataDesign[] {
  return raced.benchmarks.map(({ name }, b) => ({
    benchmark: name,
    strata: (strata[b] ?? []).map((own) => own.map((place) => questions[b]?.[place] ?? "")),
  }));
}

/** @throws ConfigError for a point to make again that the search has not */
function refuseUnknown(again: readonly string[], known: readonly string[]): void {
  const unknown = again.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new ConfigError(`--again ${unknown}: no point of the search has this name`, {
    hint: suggestion(unknown, known),
  });
}

interface AskedTogether {
  readonly points: Set<string>;
  /** Ids by benchmark. */
  readonly questions: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Points that are asked the same, together. */
function groupAsks({ units, questions }: SearchPlan, plan: SweepPlan, asks: readonly Ask[]): AskedTogether[] {
  const perPoint = new Map<string, Map<string, Set<string>>>();
  for (const ask of asks) {
    const point = units[ask.point]?.point.name ?? "";
    const own = perPoint.get(point) ?? new Map<string, Set<string>>();
    const benchmark = plan.benchmarks[ask.benchmark]?.name ?? "";
    const ids = own.get(benchmark) ?? new Set<string>();
    for (const question of ask.questions) ids.add(questions[ask.benchmark]?.[question] ?? "");
    perPoint.set(point, own.set(benchmark, ids));
  }
  const groups = new Map<string, AskedTogether>();
  for (const [point, own] of perPoint) {
    const key = JSON.stringify(Array.from(own, ([benchmark, ids]) => [benchmark, [...ids]]));
    const group = groups.get(key) ?? { points: new Set<string>(), questions: own };
    group.points.add(point);
    groups.set(key, group);
  }
  return [...groups.values()];
}

function recordOf(
  { race: raced, objective, units }: SearchPlan,
  config: SearchConfig,
  outcome: RaceOutcome,
): SearchRecord {
  const names = units.map(({ point }) => point.name);
  const nameOf = (point: number): string => names[point] ?? "";
  return {
    search_version: 1,
    objective,
    confidence: config.confidence,
    refine: config.refine,
    budget: config.budget ?? null,
    points: names,
    benchmarks: raced.benchmarks.map(({ name, questions }) => ({ name, questions })),
    stop: outcome.stop,
    chosen: outcome.chosen === undefined ? null : nameOf(outcome.chosen),
    candidates: outcome.candidates.map(nameOf),
    questions_needed: outcome.needed,
    tokens: outcome.tokens,
    grid_tokens: outcome.gridTokens,
    asked: Object.fromEntries(names.map((name, point) => [name, outcome.asked[point] ?? 0])),
    looks: outcome.looks.map(({ questions, points, dropped, joined, tokens }) => ({
      questions,
      points: points.map(nameOf),
      dropped: dropped.map(({ point, by, measure, ...evidence }) => ({
        ...evidence,
        point: nameOf(point),
        by: nameOf(by),
        measure: raced.measures[measure]?.measure ?? "accuracy",
      })),
      joined: joined.map(nameOf),
      tokens,
    })),
  };
}
