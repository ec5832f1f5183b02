import type { SearchRecord } from "../../runs/search-record.ts";
import { decisionCritical, losesAtMost } from "../../stats/choice/best.ts";
import { shrinkMeans } from "../../stats/choice/best-probability.ts";
import { type MeasureColumns, sharedQuestions } from "../../stats/family.ts";
import type { Interval } from "../../stats/interval.ts";
import { type Ratio, ratioOfMeans } from "../../stats/lengths.ts";
import { type AssumedMeasure, questionsToDecide } from "../../stats/needed.ts";
import { ALL_BENCHMARKS } from "../claims.ts";
import { type Evidence, haveOneUnit, type RateId } from "../evidence.ts";
import { type ChosenObjective, keptMeasures, type Objective } from "../objective.ts";
import { applyRule, type Choice, highestRace, type RuleResult } from "./choice-rule.ts";
import { chosenFigure, type Figure } from "./chosen-figure.ts";
import { type Contenders, covarianceOfMeans, gatherContenders } from "./contenders.ts";
import { type MoreAttempts, moreAttempts } from "./more-attempts.ts";
import { racedResult } from "./raced.ts";

/** What a point saves and what it can lose: a line of the price list. */
export interface Price {
  readonly point: string;
  readonly benchmark: string;
  /** Tokens over those of the first point, means over means; null for several benchmarks or without lengths. */
  readonly tokens: Ratio | null;
  /** Fractions of 1, with 95% confidence for all points at once against the best; null where it is not measured. */
  readonly losesAtMost: Readonly<Record<RateId, number | null>>;
}

/** The answer to a sweep's objective. */
export interface Decision {
  readonly benchmark: string;
  readonly objective: Objective;
  /** Whether the sweep states it; else it is the default. */
  readonly stated: boolean;
  /** Measures that the default would look at, and that are not there. */
  readonly missing: readonly string[];
  /** The chosen point; null where the data cannot decide. */
  readonly point: string | null;
  /** Points that are still in the race, the preferred first. */
  readonly candidates: readonly string[];
  readonly confident: boolean;
  /** Of a decision by a search, which may be made at another confidence than 95%. */
  readonly confidence?: number;
  /** The point to look at where nothing is decided: the cheapest, or the highest, that is still in the race. */
  readonly useful: string | null;
  /** What the objective is held against. */
  readonly against: string;
  /** Fractions that the chosen or useful point loses at most. */
  readonly loses_at_most: Readonly<Partial<Record<RateId, number>>>;
  /** Tokens of the chosen or useful point over those of the first point. */
  readonly tokens_ratio: {
    readonly baseline: string;
    readonly value: number;
    readonly low: number | null;
    readonly high: number | null;
  } | null;
  /** The rate of the chosen or useful point, with the luck of the choice taken out. */
  readonly figure: Figure | null;
  /** About how many questions in all would decide; null where it is decided, or where no number would. */
  readonly questions_needed: number | null;
  readonly questions: number;
  /** Where only whole runs are known: `questions` counts them. */
  readonly unit?: "run";
  readonly attempts: MoreAttempts | null;
  /** How often each point would be the best, shrunk: a description, never the confidence. */
  readonly probability_best: Readonly<Record<string, number>>;
  readonly text: string;
}

/** A decision before it has words. */
export type Decided = Omit<Decision, "text">;

/** What is decided from: how attempts were made matters for what would help. */
export interface DecisionContext {
  readonly greedy: boolean;
  /** Positions of points along the only axis, by name; undefined with several axes. */
  readonly positions: ReadonlyMap<string, number> | undefined;
  readonly seed: string;
  /** The search that decided, where one chose what was asked. */
  readonly search?: SearchRecord | undefined;
}

/**
 * Decides over all benchmarks together, or over each; nothing to decide with fewer than two points.
 *
 * @param contenders one a benchmark
 */
export function decide(
  contenders: readonly Contenders[],
  chosen: ChosenObjective,
  context: DecisionContext,
): Decided[] {
  const mixed = !haveOneUnit(contenders.flatMap(({ benchmarks }) => benchmarks));
  const alone = chosen.objective.per_benchmark || contenders.length === 1 || mixed;
  const asked = alone ? contenders : [gatherContenders(contenders.flatMap(({ benchmarks }) => benchmarks))];
  return asked.flatMap((one) => (one.names.length < 2 ? [] : [decideOne(one, chosen, context)]));
}

function decideOne(contenders: Contenders, chosen: ChosenObjective, context: DecisionContext): Decided {
  const { objective } = chosen;
  const choice = choiceOf(contenders, objective);
  const raced = racedResult(contenders, objective, context.search);
  const result = raced ?? ("maximise" in objective ? byHighest(contenders, objective.maximise) : applyRule(choice));
  const main: RateId =
    "maximise" in objective ? objective.maximise : (keptMeasures(objective)[0]?.measure ?? "accuracy");
  const shown = result.safe ?? result.race[0];
  const against = "maximise" in objective ? "best" : objective.against;
  const shrunk = shrunkOf(contenders, main, context);
  const predicted = (): number | null =>
    raced === undefined
      ? neededQuestions(contenders, objective, choice, context)
      : (context.search?.questions_needed ?? null);
  const needed = shown !== undefined && result.safe === undefined ? predicted() : null;
  return {
    benchmark: contenders.benchmarks.length === 1 ? (contenders.benchmarks[0]?.benchmark ?? "") : ALL_BENCHMARKS,
    objective,
    stated: chosen.stated,
    missing: chosen.missing,
    point: nameOf(contenders, result.safe),
    candidates: result.race.map((i) => contenders.names[i] ?? ""),
    confident: result.safe !== undefined,
    ...(raced === undefined || context.search === undefined ? {} : { confidence: context.search.confidence }),
    useful: result.safe === undefined ? nameOf(contenders, result.race[0]) : null,
    against,
    loses_at_most: shown === undefined ? {} : lossesOf(contenders, choice, shown),
    tokens_ratio: shown === undefined ? null : tokensRatio(contenders, shown),
    figure:
      shown === undefined ? null : chosenFigure(contenders, { objective, choice, main, shown, seed: context.seed }),
    questions_needed: needed,
    questions: contenders.benchmarks.reduce((total, one) => total + one.questions.length, 0),
    ...(contenders.benchmarks[0]?.unit === "run" ? { unit: "run" } : {}),
    attempts:
      result.safe === undefined && shown !== undefined
        ? moreAttempts(contenders, { main, shown, choice, context })
        : null,
    probability_best: Object.fromEntries(contenders.names.map((name, i) => [name, shrunk.probability[i] ?? 0])),
  };
}

/** What the rule of an objective looks at. */
function choiceOf(contenders: Contenders, objective: Objective): Choice {
  const size = contenders.names.length;
  const points = contenders.names.map((_, i) => i);
  if ("maximise" in objective) {
    const pairwise = contenders.pairwise(objective.maximise);
    return { kept: [{ measure: objective.maximise, pairwise, margin: 0 }], cost: points.map(() => 0), against: points };
  }
  return {
    kept: keptMeasures(objective)
      .filter(({ measure }) => contenders.measured.has(measure))
      .map(({ measure, margin }) => ({ measure, pairwise: contenders.pairwise(measure), margin })),
    cost: contenders.means("tokens").slice(0, size),
    against: againstPlaces(contenders, objective.against),
  };
}

function againstPlaces(contenders: Contenders, against: string): number[] {
  const points = contenders.names.map((_, i) => i);
  if (against === "best") return points;
  if (against === "first") return [0];
  if (against === "last") return [points.length - 1];
  const place = [...contenders.names, ...contenders.references].indexOf(against);
  return place < 0 ? points : [place];
}

/** One candidate left is confident; several are in the race. */
function byHighest(contenders: Contenders, measure: RateId): RuleResult {
  const means = contenders.means(measure).slice(0, contenders.names.length);
  const race = highestRace(contenders.pairwise(measure), means);
  return { safe: race.length === 1 ? race[0] : undefined, race };
}

function lossesOf(contenders: Contenders, { against, kept }: Choice, shown: number): Decided["loses_at_most"] {
  const measures = new Set<RateId>([...kept.map(({ measure }) => measure), "accuracy"]);
  return Object.fromEntries(
    [...measures]
      .filter((measure) => contenders.measured.has(measure))
      .map((measure) => [measure, losesAtMost(contenders.pairwise(measure), against)[shown] ?? 0]),
  );
}

function tokensRatio(contenders: Contenders, shown: number): Decided["tokens_ratio"] {
  const [benchmark] = contenders.benchmarks;
  const baseline = contenders.names[0] ?? "";
  if (benchmark === undefined || !contenders.measured.has("tokens")) return null;
  const means = contenders.means("tokens");
  const value = (means[shown] ?? 0) / (means[0] ?? 1);
  const interval: Interval | null =
    contenders.benchmarks.length === 1 ? (ratioAgainst(benchmark, contenders, shown)?.interval ?? null) : null;
  return { baseline, value, low: interval?.low ?? null, high: interval?.high ?? null };
}

function ratioAgainst(benchmark: Evidence, contenders: Contenders, shown: number): Ratio | null {
  return pairedRatio(contenders.columns(benchmark, "tokens"), shown, 0);
}

/** The mean of a point over that of another, over the questions that both were asked. */
export function pairedRatio({ columns, strata }: MeasureColumns, point: number, baseline: number): Ratio | null {
  const pair = [point, baseline].map((place) => columns[place] ?? new Float64Array());
  const { asked, weights } = sharedQuestions({ columns: pair, strata });
  const [own = [], other = []] = pair.map((column) => asked.map((q) => column[q] ?? 0));
  return asked.length === 0 ? null : ratioOfMeans(own, other, { weights: weights && Array.from(weights) });
}

/** The means of a measure, shrunk towards each other, and how often each point is the best then. */
function shrunkOf(
  contenders: Contenders,
  measure: RateId,
  { positions, seed }: DecisionContext,
): ReturnType<typeof shrinkMeans> {
  const size = contenders.names.length;
  const { perQuestion, questions } = covarianceOfMeans(contenders, measure);
  const places = contenders.names.map((name) => positions?.get(name) ?? Number.NaN);
  return shrinkMeans(
    contenders.means(measure).slice(0, size),
    perQuestion.map((row) => row.map((value) => value / questions)),
    places.some(Number.isNaN) ? undefined : places,
    seed,
  );
}

function neededQuestions(
  contenders: Contenders,
  objective: Objective,
  choice: Choice,
  context: DecisionContext,
): number | null {
  if (choice.against.some((place) => place >= contenders.names.length)) return null;
  const measures = choice.kept.map(({ measure, pairwise, margin }): AssumedMeasure => {
    const { perQuestion } = covarianceOfMeans(contenders, measure);
    return {
      means: shrunkOf(contenders, measure, context).means,
      covariance: perQuestion,
      // The highest is decided when it stands out from all others: as if nothing might be lost.
      margin: "maximise" in objective ? 0 : margin,
      critical: decisionCritical(pairwise, choice.against),
      against: choice.against,
    };
  });
  const questions = contenders.benchmarks.reduce((total, one) => total + one.questions.length, 0);
  return questionsToDecide(measures, questions, context.seed);
}

function nameOf(contenders: Contenders, place: number | undefined): string | null {
  return place === undefined ? null : (contenders.names[place] ?? null);
}

/** What every point saves and can lose against the best, benchmark by benchmark. */
export function priceList(perBenchmark: readonly Contenders[]): Price[] {
  return perBenchmark.flatMap((contenders) => {
    const [one] = contenders.benchmarks;
    if (one === undefined || contenders.names.length < 2) return [];
    const all = contenders.names.map((_, i) => i);
    const losses = (measure: RateId): number[] | undefined =>
      contenders.measured.has(measure) ? losesAtMost(contenders.pairwise(measure), all) : undefined;
    const [accuracy, strict, format] = [losses("accuracy"), losses("accuracy_strict"), losses("format")];
    return contenders.names.map((point, i) => ({
      point,
      benchmark: one.benchmark,
      tokens: contenders.measured.has("tokens") ? ratioAgainst(one, contenders, i) : null,
      losesAtMost: {
        accuracy: accuracy?.[i] ?? null,
        accuracy_strict: strict?.[i] ?? null,
        format: format?.[i] ?? null,
      },
    }));
  });
}
