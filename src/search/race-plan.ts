import type { RateId } from "../findings/evidence.ts";

/** A rate that the objective keeps, and what may be lost of it as a part of 1; 0 where the highest is looked for. */
export interface RaceMeasure {
  readonly measure: RateId;
  readonly margin: number;
}

/** What a race does to spend less than the grid; each can be switched off. */
export interface Levers {
  /** How many times the gaps of the coarse grid may be halved; 0 begins with every point. */
  readonly refine: number;
  /** Asks fewer of the questions that the outermost points answer alike. */
  readonly strata: boolean;
  /** Drops points that are out for sure. */
  readonly elimination: boolean;
  /** Stops where the questions that there are will hardly decide. */
  readonly futility: boolean;
}

/** All four levers. */
export const ALL_LEVERS: Levers = { refine: 2, strata: true, elimination: true, futility: true };

/** A benchmark, and how many questions it has. */
interface RacedBenchmark {
  readonly name: string;
  readonly questions: number;
}

/** What a race may spend. */
type Budget = { readonly tokens: number } | { readonly share: number };

/** What a race is run over. It decides from this and from answers alone. */
export interface RacePlan {
  /** Positions along the axis in rising order, the ends first and last; undefined where there is no one axis. */
  readonly positions: readonly number[] | undefined;
  /** Where points lie on several axes, each in 0..1; undefined where there is one axis, or values that are no numbers. */
  readonly places?: readonly (readonly number[])[] | undefined;
  /** How many points there are. */
  readonly points: number;
  readonly benchmarks: readonly RacedBenchmark[];
  /** At least one. */
  readonly measures: readonly RaceMeasure[];
  /** Whether the cheapest point that qualifies is looked for; else the one with the highest rate. */
  readonly cheapest: boolean;
  /** The point that the others are held against; undefined for the best of them. */
  readonly against: number | undefined;
  readonly levers: Levers;
  /** Tokens of completions that may be asked for; as a part of those of the whole grid, as far as these can be seen. */
  readonly budget: Budget;
  /** Of each of the two promises: no decision that is wrong, no point dropped that qualifies. */
  readonly confidence: number;
  /** Names the inputs: same inputs, same draws. */
  readonly seed: string;
}

/** Questions that a point is asked next, by their place in the order of the benchmark. */
export interface Ask {
  readonly point: number;
  readonly benchmark: number;
  readonly questions: readonly number[];
}

/** What a race waits for. */
export interface RaceStep {
  readonly asks: readonly Ask[];
  /** By benchmark: the strata so far of which points are asked samples, as places of questions. */
  readonly strata: DrawnStrata;
}

/** By benchmark, stratum by stratum: questions of which only some are asked of points between the outermost ones. */
export type DrawnStrata = readonly (readonly (readonly number[])[])[];

/** A question's mean over its attempts: a value a measure of the plan; and the tokens of all its attempts. */
export interface RaceAnswer {
  readonly rates: readonly number[];
  readonly tokens: number;
}

/** Where the answers are that a race asked for. */
export type AnswerLookup = (point: number, benchmark: number, question: number) => RaceAnswer;
