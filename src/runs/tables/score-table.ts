/** What a score says of one attempt as a number. */
export type ScoreMeasure =
  | "accuracy"
  | "accuracy_strict"
  | "format"
  | "tokens"
  | "truncated"
  | "answered"
  | "thinking_tokens"
  | "answer_tokens"
  | "characters"
  | "words";

/** What became of an attempt, in the order in which pictures stack them. */
export const OUTCOMES = ["correct", "wrong", "unparsed", "no_answer", "truncated", "timeout", "unknown"] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** By the id of a question its stratum; a question that is not in it stands for itself. */
export type StrataOf = ReadonlyMap<string, number>;

/**
 * The scores of one point on one benchmark as columns: a million attempts are a hundred megabytes, where as many records would
 * be gigabytes. Questions are sorted by name, attempts by number: the order in which results happened to arrive never shows.
 */
export interface ScoreTable {
  readonly benchmark: string;
  /** The questions that were asked. */
  readonly samples: readonly string[];
  /** The attempts at question q are those from starts[q] up to starts[q + 1]. */
  readonly starts: Int32Array;
  /** A value an attempt; NaN where it is not known. Rates are 0 or 1. */
  readonly columns: Readonly<Record<ScoreMeasure, Float64Array>>;
  /** What became of each attempt: a place in OUTCOMES. */
  readonly outcomes: Uint8Array;
  /** Attempts at a question whose answers are equivalent share a number; -1 without an answer. */
  readonly answerClasses: Int32Array;
  /** Where a search asked samples of the questions: the stratum of each, of those that were not asked of this point, too. */
  readonly strata?: StrataOf | undefined;
  /** What each of `samples` stands for; undefined where each stands for itself. */
  readonly weights?: Float64Array | undefined;
  /** Means over the attempts that have one, by the weights of their questions. */
  readonly formatParts: Readonly<Record<string, number | null>>;
  readonly rewards: Readonly<Record<string, number | null>>;
}
