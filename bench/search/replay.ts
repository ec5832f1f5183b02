import { applyRule } from "../../src/findings/decision/choice-rule.ts";
import { questionMeans } from "../../src/findings/point-scores.ts";
import type { ScoreMeasure, ScoreTable } from "../../src/runs/tables/score-table.ts";
import {
  ALL_LEVERS,
  type AnswerLookup,
  type Levers,
  type RaceMeasure,
  type RacePlan,
} from "../../src/search/race-plan.ts";
import { comparePairwise } from "../../src/stats/choice/best.ts";
import { BenchmarkFlips } from "../../src/stats/family.ts";

/** The whole grid of one benchmark, as columns: what a race is answered from, and held against. */
export interface GridAnswers {
  /** By measure, by point. */
  readonly rates: readonly (readonly Float64Array[])[];
  /** By point: tokens of all attempts at a question. */
  readonly tokens: readonly Float64Array[];
}

/** @param order the places of the questions in the order in which they are asked */
export function gridAnswers(
  tables: readonly ScoreTable[],
  measures: readonly ScoreMeasure[],
  order: readonly number[],
): GridAnswers {
  const columns = (measure: ScoreMeasure): Float64Array[] =>
    tables.map((table) => {
      const means = questionMeans(table, measure);
      return Float64Array.from(order, (q) => means[q] ?? Number.NaN);
    });
  const attempts = (tables[0]?.starts[1] ?? 1) - (tables[0]?.starts[0] ?? 0);
  return {
    rates: measures.map(columns),
    tokens: columns("tokens").map((column) => column.map((mean) => mean * attempts)),
  };
}

/** Tokens of the whole grid. */
export function totalTokens({ tokens }: GridAnswers): number {
  return tokens.reduce((sum, column) => column.reduce((own, value) => own + value, sum), 0);
}

/** Answers of a race from the whole grid. */
export function lookupIn({ rates, tokens }: GridAnswers): AnswerLookup {
  return (point, _benchmark, question) => ({
    rates: rates.map((columns) => columns[point]?.[question] ?? Number.NaN),
    tokens: tokens[point]?.[question] ?? 0,
  });
}

/** The race over a grid. */
export function planOf(
  { tokens }: GridAnswers,
  measures: readonly RaceMeasure[],
  {
    seed,
    levers = ALL_LEVERS,
    places,
  }: { readonly seed: string; readonly levers?: Levers; readonly places?: RacePlan["places"] },
): RacePlan {
  const points = tokens.length;
  return {
    positions: places === undefined ? Array.from({ length: points }, (_, i) => i / (points - 1)) : undefined,
    places,
    points,
    benchmarks: [{ name: "replayed", questions: tokens[0]?.length ?? 0 }],
    measures,
    cheapest: true,
    against: undefined,
    levers,
    budget: { tokens: Number.POSITIVE_INFINITY },
    confidence: 0.95,
    seed,
  };
}

/** What the whole grid decides, as a report does. */
export function gridDecision(
  { rates, tokens }: GridAnswers,
  measures: readonly RaceMeasure[],
  seed: string,
): {
  readonly safe: number | undefined;
  readonly useful: number | undefined;
} {
  const questions = tokens[0]?.length ?? 0;
  const flips = new BenchmarkFlips(seed, questions, 1999, false);
  const kept = measures.map(({ margin }, m) => ({
    measure: "accuracy" as const,
    margin,
    pairwise: comparePairwise([{ measure: { columns: rates[m] ?? [] }, flips }]),
  }));
  const cost = tokens.map((column) => column.reduce((sum, value) => sum + value, 0));
  const { safe, race } = applyRule({ kept, cost, against: cost.map((_, i) => i) });
  return { safe, useful: safe ?? race[0] };
}
