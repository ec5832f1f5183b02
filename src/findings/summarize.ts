import type { StoredRun } from "../runs/stored-run.ts";
import type { ScoreMeasure, ScoreTable } from "../runs/tables/score-table.ts";
import type { Interval } from "../stats/interval.ts";
import { lengthInterval } from "../stats/lengths.ts";
import { mean } from "../stats/mean.ts";
import { majorityAtK, passAtK, passPowerK } from "../stats/pass-at-k.ts";
import { quantile } from "../stats/quantile.ts";
import { rateInterval, runsInterval } from "../stats/rate.ts";
import { weightedMean } from "../stats/weights.ts";
import { runSize } from "./evidence.ts";
import { attemptsOf, type PointScores, pointScores, questionMeans, sameAs } from "./point-scores.ts";

/** A mean with its 95% interval; null where there is nothing to average or no spread to judge by. */
export interface Estimate {
  readonly value: number | null;
  readonly interval: Interval | null;
}

/** One point on one benchmark: a row of summary.csv and a mark in every chart. Rates are fractions in 0..1. */
export interface SummaryRow {
  readonly sweep: string;
  readonly point: string;
  readonly kind: "point" | "reference";
  readonly axes: Readonly<Record<string, string>>;
  readonly benchmark: string;
  readonly benchmarkVersion: number;
  /** Questions that were asked; null where a source does not say. */
  readonly samples: number | null;
  /** Where a search asked samples of the questions: how many these stand for; all else of the row is weighted by stratum. */
  readonly standsFor?: number;
  /** Attempts a question: the most that any has. Of whole runs, how many there are. */
  readonly attempts: number;
  readonly accuracy: Estimate;
  readonly accuracyStrict: Estimate;
  readonly format: Estimate;
  /** Completion tokens. */
  readonly tokens: Estimate;
  readonly tokensMedian: number | null;
  readonly tokensP90: number | null;
  /** Of the attempts: stopped by max_tokens. */
  readonly truncated: number | null;
  /** Of the attempts: gave no answer, cut off or not. */
  readonly noAnswer: number | null;
  /** Accuracy of the attempts that were not cut off: a selection, easier questions among them. */
  readonly accuracyCompleted: Estimate;
  /** All the tokens spent over the right answers they bought; null without a right answer. */
  readonly tokensPerCorrect: number | null;
  readonly tokensCorrect: number | null;
  readonly tokensWrong: number | null;
  readonly thinkingTokens: number | null;
  readonly answerTokens: number | null;
  /** Of the attempts: the thinking was ended at max_thinking_tokens. Only where there is a limit. */
  readonly thinkingCut?: number | null;
  readonly characters: number | null;
  readonly words: number | null;
  /** pass@k, pass^k and maj@k with k = attempts; null with one attempt. */
  readonly passAtK: Estimate | null;
  readonly passPowerK: Estimate | null;
  readonly majorityAtK: Estimate | null;
  readonly formatParts: Readonly<Record<string, number | null>>;
  readonly rewards: Readonly<Record<string, number | null>>;
  readonly maxTokens: number | null;
  readonly weightsSha256: string | null;
  readonly ggufType: string;
  readonly runtime: string;
  /** Extraction profile and scorer version: rates of different scorers are not comparable. */
  readonly scorer: string;
  /** The point that has the same weights and was evaluated instead. */
  readonly sameAs: string | null;
}

/** A row for every finished point and benchmark, in the manifest's order. */
export function summarize(run: StoredRun): SummaryRow[] {
  return pointScores(run).map((scores) => summarizePoint(run, scores));
}

function summarizePoint(run: StoredRun, { point, result, benchmark, table }: PointScores): SummaryRow {
  const { manifest } = run;
  const { max_thinking_tokens: thinkingLimit } = manifest;
  const { columns } = table;
  const attempts = attemptsOf(table);
  const most = Math.max(...attempts);
  const { weights } = table;
  const each = attemptWeights(table);
  const byRun = benchmark.unit === "run";
  const rate = (measure: ScoreMeasure): Estimate => rateEstimate(questionMeans(table, measure), attempts, weights);
  const average = (values: Float64Array): number | null => meanKnown(values, each);
  const bought = total(
    where(columns.accuracy, columns.tokens, (tokens) => !Number.isNaN(tokens)),
    each,
  );
  const lengths = known(columns.tokens, each);
  return {
    sweep: manifest.sweep,
    point: point.name,
    kind: point.kind,
    axes: point.axes,
    benchmark: benchmark.name,
    benchmarkVersion: benchmark.version,
    samples: byRun ? (benchmark.questions ?? null) : table.samples.length,
    ...(weights === undefined ? {} : { standsFor: weights.reduce((sum, weight) => sum + weight, 0) }),
    attempts: byRun ? table.samples.length : most,
    accuracy: byRun ? runsEstimate(questionMeans(table, "accuracy"), runSize(benchmark.questions)) : rate("accuracy"),
    accuracyStrict: rate("accuracy_strict"),
    format: rate("format"),
    tokens: lengthEstimate(known(questionMeans(table, "tokens"), weights)),
    tokensMedian: quantile(lengths.values, 0.5, lengths.weights),
    tokensP90: quantile(lengths.values, 0.9, lengths.weights),
    truncated: average(columns.truncated),
    noAnswer: complement(average(columns.answered)),
    accuracyCompleted: completedAccuracy(table),
    tokensPerCorrect: bought === 0 || lengths.values.length === 0 ? null : total(columns.tokens, each) / bought,
    tokensCorrect: average(where(columns.tokens, columns.accuracy, (right) => right === 1)),
    tokensWrong: average(where(columns.tokens, columns.accuracy, (right) => right === 0)),
    thinkingTokens: average(columns.thinking_tokens),
    answerTokens: average(columns.answer_tokens),
    ...(thinkingLimit === undefined ? {} : { thinkingCut: average(endedAt(columns.thinking_tokens, thinkingLimit)) }),
    characters: average(columns.characters),
    words: average(columns.words),
    ...severalAttempts(table, most),
    formatParts: table.formatParts,
    rewards: table.rewards,
    maxTokens: manifest.max_tokens,
    weightsSha256: result.weights_sha256,
    ggufType: result.gguf_type,
    runtime: result.runtime,
    scorer: `${manifest.scoring.profile} v${result.scorer_version}`,
    sameAs: sameAs(run, point.name),
  };
}

/**
 * 1 where the thinking was ended at its limit: the tokens that close it then come on top. Thinking that ends by itself, or
 * has no end because `max_tokens` came first, is within it.
 *
 * @param tokens of thinking, a number an attempt; NaN where a completion has none
 */
function endedAt(tokens: Float64Array, limit: number): Float64Array {
  return tokens.map((count) => (count > limit ? 1 : 0));
}

/** @param rates of the questions; NaN where one has none */
function rateEstimate(
  rates: Float64Array,
  attempts: ArrayLike<number> | number,
  weights: Float64Array | undefined,
): Estimate {
  return { value: meanKnown(rates, weights), interval: rateInterval({ rates, attempts, weights }) };
}

/** @param rates of whole runs */
function runsEstimate(rates: Float64Array, questions: number): Estimate {
  return { value: meanKnown(rates), interval: runsInterval(rates, questions) };
}

function lengthEstimate({ values, weights }: Known): Estimate {
  return { value: weightedOr(values, weights), interval: lengthInterval(values, { weights }) };
}

/** Questions of which an attempt was not cut off, by those attempts. */
function completedAccuracy(table: ScoreTable): Estimate {
  const { samples, starts, columns, weights } = table;
  const completed = new Int32Array(samples.length);
  const rates = Float64Array.from(samples, (_, q) => {
    let [right, ended] = [0, 0];
    for (let i = starts[q] ?? 0; i < (starts[q + 1] ?? 0); i++) {
      if (columns.truncated[i] !== 0 || Number.isNaN(columns.accuracy[i] ?? Number.NaN)) continue;
      right += columns.accuracy[i] ?? 0;
      ended++;
    }
    completed[q] = ended;
    return ended === 0 ? Number.NaN : right / ended;
  });
  const ended = where(columns.accuracy, columns.truncated, (truncated) => truncated === 0);
  return {
    value: meanKnown(ended, attemptWeights(table)),
    interval: rateInterval({ rates, attempts: completed, weights }),
  };
}

function severalAttempts(
  { samples, starts, columns, answerClasses, weights }: ScoreTable,
  k: number,
): Pick<SummaryRow, "passAtK" | "passPowerK" | "majorityAtK"> {
  if (k < 2) return { passAtK: null, passPowerK: null, majorityAtK: null };
  const questions = samples.map((_, q) => {
    const [from, to] = [starts[q] ?? 0, starts[q + 1] ?? 0];
    const correct = columns.accuracy.subarray(from, to);
    const answers = Array.from(answerClasses.subarray(from, to), (answerClass, i) => ({
      answerClass: answerClass < 0 ? null : answerClass,
      correct: correct[i] === 1,
    }));
    // Sources that give only the mean over the attempts still say how many were right, but not which.
    const c = Math.round(total(correct, undefined) * 1e6) / 1e6;
    const voted = correct.every((value) => value === 0 || value === 1);
    const answered = columns.answered.subarray(from, to).every((value) => !Number.isNaN(value));
    return { n: Number.isInteger(c) ? to - from : 0, c, answers: voted && answered ? answers : [] };
  });
  return {
    passAtK: votesEstimate(
      questions.map(({ n, c }) => passAtK(n, c, k)),
      weights,
    ),
    passPowerK: votesEstimate(
      questions.map(({ n, c }) => passPowerK(n, c, k)),
      weights,
    ),
    majorityAtK: votesEstimate(
      questions.map(({ answers }) => majorityAtK(answers, k)),
      weights,
    ),
  };
}

/**
 * What is voted on or tried k times is one answer a question. A question with fewer attempts has no value: it is left out,
 * never counted as 0.
 */
function votesEstimate(values: readonly (number | null)[], weights: Float64Array | undefined): Estimate {
  return rateEstimate(
    Float64Array.from(values, (value) => value ?? Number.NaN),
    1,
    weights,
  );
}

/** What each attempt stands for, as its question does; undefined where each stands for itself. */
export function attemptWeights({ samples, starts, weights, outcomes }: ScoreTable): Float64Array | undefined {
  if (weights === undefined) return undefined;
  const each = new Float64Array(outcomes.length);
  samples.forEach((_, q) => each.fill(weights[q] ?? 1, starts[q], starts[q + 1]));
  return each;
}

/** Values that are known, and what each stands for. */
interface Known {
  readonly values: readonly number[];
  readonly weights: readonly number[] | undefined;
}

/** The mean of the values that are known: what is undefined for an attempt is left out, never counted as 0. */
function meanKnown(values: Float64Array, weights?: Float64Array): number | null {
  const found = known(values, weights);
  return weightedOr(found.values, found.weights);
}

/** The mean by weights; the exact one where there are none. */
function weightedOr(values: readonly number[], weights: readonly number[] | undefined): number | null {
  return weights === undefined || values.length === 0 ? mean(values) : weightedMean(values, weights);
}

/** @param weights of all values */
export function known(values: Float64Array, weights: Float64Array | undefined): Known {
  const isKnown = (_: number, i: number): boolean => !Number.isNaN(values[i] ?? Number.NaN);
  return { values: Array.from(values.filter(isKnown)), weights: weights && Array.from(weights.filter(isKnown)) };
}

/** Values where another column is as is said; NaN elsewhere. */
function where(values: Float64Array, other: Float64Array, is: (value: number) => boolean): Float64Array {
  return values.map((value, i) => (is(other[i] ?? Number.NaN) ? value : Number.NaN));
}

function total(values: Float64Array, weights: Float64Array | undefined): number {
  return values.reduce((sum, value, i) => sum + (Number.isNaN(value) ? 0 : value * (weights?.[i] ?? 1)), 0);
}

function complement(share: number | null): number | null {
  return share === null ? null : 1 - share;
}
