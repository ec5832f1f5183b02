import type { SearchRecord } from "../runs/search-record.ts";
import type { StrataDesign } from "../runs/tables/question-strata.ts";
import type { SearchConfig } from "../sweep/file/search-config.ts";
import type { RaceOutcome } from "./race.ts";
import type { DrawnStrata } from "./race-plan.ts";
import type { SearchPlan } from "./search-plan.ts";

/** The strata of which a race asks samples, by the names of their questions. */
export function strataOf({ race: raced, questions }: SearchPlan, strata: DrawnStrata): StrataDesign[] {
  return raced.benchmarks.map(({ name }, b) => ({
    benchmark: name,
    strata: (strata[b] ?? []).map((own) => own.map((place) => questions[b]?.[place] ?? "")),
  }));
}

/**
 * What a race came to, by the names of points.
 *
 * @param fixedTokens what the hours of its budget were fixed to be
 */
export function recordOf(
  { race: raced, objective, units }: SearchPlan,
  { budget, confidence, ...levers }: SearchConfig,
  outcome: RaceOutcome,
  fixedTokens: number | undefined,
): SearchRecord {
  const names = units.map(({ point }) => point.name);
  const nameOf = (point: number): string => names[point] ?? "";
  return {
    search_version: 1,
    objective,
    confidence,
    ...levers,
    budget: budget === undefined ? null : { ...budget, ...(fixedTokens === undefined ? {} : { tokens: fixedTokens }) },
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
