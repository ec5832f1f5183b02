import type { StoredRun } from "../runs/stored-run.ts";
import type { ScoreMeasure, ScoreTable } from "../runs/tables/score-table.ts";
import type { Interval } from "../stats/interval.ts";
import { lengthInterval } from "../stats/lengths.ts";
import { mean } from "../stats/mean.ts";
import { majorityAtK, passAtK, passPowerK } from "../stats/pass-at-k.ts";
import { quantile } from "../stats/quantile.ts";
import { rateInterval, runsInterval } from "../stats/rate.ts";
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
  const { columns } = table;
  const attempts = attemptsOf(table);
  const most = Math.max(...attempts);
  const byRun = benchmark.unit === "run";
  const rate = (measure: ScoreMeasure): Estimate => rateEstimate(questionMeans(table, measure), attempts);
  const correct = where(columns.tokens, columns.accuracy, 1);
  const bought = total(known(columns.accuracy.filter((_, i) => !Number.isNaN(columns.tokens[i] ?? Number.NaN))));
  const lengths = known(columns.tokens).toSorted((a, b) => a - b);
  return {
    sweep: manifest.sweep,
    point: point.name,
    kind: point.kind,
    axes: point.axes,
    benchmark: benchmark.name,
    benchmarkVersion: benchmark.version,
    samples: byRun ? (benchmark.questions ?? null) : table.samples.length,
    attempts: byRun ? table.samples.length : most,
    accuracy: byRun ? runsEstimate(questionMeans(table, "accuracy"), runSize(benchmark.questions)) : rate("accuracy"),
    accuracyStrict: rate("accuracy_strict"),
    format: rate("format"),
    tokens: lengthEstimate(known(questionMeans(table, "tokens"))),
    tokensMedian: quantile(lengths, 0.5),
    tokensP90: quantile(lengths, 0.9),
    truncated: meanKnown(columns.truncated),
    noAnswer: complement(meanKnown(columns.answered)),
    accuracyCompleted: completedAccuracy(table),
    tokensPerCorrect: bought === 0 || lengths.length === 0 ? null : total(lengths) / bought,
    tokensCorrect: meanKnown(correct),
    tokensWrong: meanKnown(where(columns.tokens, columns.accuracy, 0)),
    thinkingTokens: meanKnown(columns.thinking_tokens),
    answerTokens: meanKnown(columns.answer_tokens),
    characters: meanKnown(columns.characters),
    words: meanKnown(columns.words),
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

/** @param rates of the questions; NaN where one has none */
function rateEstimate(rates: Float64Array, attempts: ArrayLike<number> | number): Estimate {
  return { value: meanKnown(rates), interval: rateInterval({ rates, attempts }) };
}

/** @param rates of whole runs */
function runsEstimate(rates: Float64Array, questions: number): Estimate {
  return { value: meanKnown(rates), interval: runsInterval(rates, questions) };
}

function lengthEstimate(values: readonly number[]): Estimate {
  return { value: mean(values), interval: lengthInterval(values) };
}

/** Questions of which an attempt was not cut off, by those attempts. */
function completedAccuracy({ samples, starts, columns }: ScoreTable): Estimate {
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
  const ended = where(columns.accuracy, columns.truncated, 0);
  return { value: meanKnown(ended), interval: rateInterval({ rates, attempts: completed }) };
}

function severalAttempts(
  { samples, starts, columns, answerClasses }: ScoreTable,
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
    const c = Math.round(total(Array.from(correct)) * 1e6) / 1e6;
    const voted = correct.every((value) => value === 0 || value === 1);
    const answered = columns.answered.subarray(from, to).every((value) => !Number.isNaN(value));
    return { n: Number.isInteger(c) ? to - from : 0, c, answers: voted && answered ? answers : [] };
  });
  return {
    passAtK: votesEstimate(questions.map(({ n, c }) => passAtK(n, c, k))),
    passPowerK: votesEstimate(questions.map(({ n, c }) => passPowerK(n, c, k))),
    majorityAtK: votesEstimate(questions.map(({ answers }) => majorityAtK(answers, k))),
  };
}

/**
 * What is voted on or tried k times is one answer a question. A question with fewer attempts has no value: it is left out,
 * never counted as 0.
 */
function votesEstimate(values: readonly (number | null)[]): Estimate {
  return rateEstimate(
    Float64Array.from(values, (value) => value ?? Number.NaN),
    1,
  );
}

/** The mean of the values that are known: what is undefined for an attempt is left out, never counted as 0. */
function meanKnown(values: ArrayLike<number>): number | null {
  return mean(known(values));
}

function known(values: ArrayLike<number>): number[] {
  return Array.from(values).filter((value) => !Number.isNaN(value));
}

function where(values: Float64Array, chosen: Float64Array, is: number): number[] {
  return known(values.filter((_, i) => chosen[i] === is));
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function complement(share: number | null): number | null {
  return share === null ? null : 1 - share;
}
