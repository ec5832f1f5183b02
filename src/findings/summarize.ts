import type { ScoreRecord, StoredRun } from "../runs/schema.ts";
import { type Interval, rateInterval, studentInterval } from "../stats/interval.ts";
import { mean } from "../stats/mean.ts";
import { majorityAtK, passAtK, passPowerK } from "../stats/pass-at-k.ts";
import { median, quantile } from "../stats/quantile.ts";
import { type Measure, type PointScores, pointScores, type Question, questionMeans, sameAs } from "./point-scores.ts";

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
  readonly samples: number;
  /** Attempts a question. */
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
  /** Accuracy of the attempts that were not cut off. */
  readonly accuracyCompleted: number | null;
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
  readonly maxTokens: number;
  readonly weightsSha256: string;
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

function summarizePoint(run: StoredRun, { point, result, benchmark, questions }: PointScores): SummaryRow {
  const { manifest } = run;
  const all = questions.flatMap(({ attempts }) => attempts);
  const correct = all.filter((score) => score.accuracy === 1);
  const attempts = Math.max(...questions.map((question) => question.attempts.length));
  const rate = (measure: Measure): Estimate => rateEstimate(questions, attempts, measure);
  return {
    sweep: manifest.sweep,
    point: point.name,
    kind: point.kind,
    axes: point.axes,
    benchmark: benchmark.name,
    benchmarkVersion: benchmark.version,
    samples: questions.length,
    attempts,
    accuracy: rate((score) => score.accuracy),
    accuracyStrict: rate((score) => score.accuracy_strict),
    format: rate((score) => score.format),
    tokens: meanEstimate(questionMeans(questions, (score) => score.tokens)),
    tokensMedian: median(all.map((score) => score.tokens)),
    tokensP90: quantile(
      all.map((score) => score.tokens),
      0.9,
    ),
    truncated: mean(all.map((score) => score.truncated)),
    noAnswer: mean(all.map((score) => (score.answer === null ? 1 : 0))),
    accuracyCompleted: mean(all.filter((score) => score.truncated === 0).map((score) => score.accuracy)),
    tokensPerCorrect:
      correct.length === 0 ? null : all.reduce((total, score) => total + score.tokens, 0) / correct.length,
    tokensCorrect: mean(correct.map((score) => score.tokens)),
    tokensWrong: mean(all.filter((score) => score.accuracy === 0).map((score) => score.tokens)),
    thinkingTokens: meanKnown(all.map((score) => score.thinking_tokens)),
    answerTokens: meanKnown(all.map((score) => score.answer_tokens)),
    characters: mean(all.map((score) => score.characters)),
    words: mean(all.map((score) => score.words)),
    ...severalAttempts(questions, attempts),
    formatParts: meansByName(all, (score) => score.format_parts),
    rewards: meansByName(all, (score) => score.rewards),
    maxTokens: manifest.max_tokens,
    weightsSha256: result.weights_sha256,
    ggufType: result.gguf_type,
    runtime: result.runtime,
    scorer: `${manifest.scoring.profile} v${result.scorer_version}`,
    sameAs: sameAs(manifest, result),
  };
}

function rateEstimate(questions: readonly Question[], attempts: number, measure: Measure): Estimate {
  const rates = questionMeans(questions, measure);
  return { value: mean(rates), interval: rateInterval(rates, attempts) };
}

/** Of counts: no interval reaches below 0. */
function meanEstimate(values: readonly number[]): Estimate {
  const interval = studentInterval(values);
  return { value: mean(values), interval: interval && { ...interval, low: Math.max(0, interval.low) } };
}

function severalAttempts(
  questions: readonly Question[],
  k: number,
): Pick<SummaryRow, "passAtK" | "passPowerK" | "majorityAtK"> {
  if (k < 2) return { passAtK: null, passPowerK: null, majorityAtK: null };
  const rights = questions.map(({ attempts }) => ({
    n: attempts.length,
    c: attempts.filter((score) => score.accuracy === 1).length,
  }));
  const majority = questions.map(({ attempts }) =>
    majorityAtK(
      attempts.map((score) => ({ answerClass: score.answer_class, correct: score.accuracy === 1 })),
      k,
    ),
  );
  // A question with fewer attempts has no value: it is left out, never counted as 0.
  const estimate = (values: readonly (number | null)[]): Estimate => {
    const known = values.filter((value) => value !== null);
    // Whole numbers are as good as one attempt a question; ties in a vote are not.
    return { value: mean(known), interval: rateInterval(known, known.every(Number.isInteger) ? 1 : k) };
  };
  return {
    passAtK: estimate(rights.map(({ n, c }) => passAtK(n, c, k))),
    passPowerK: estimate(rights.map(({ n, c }) => passPowerK(n, c, k))),
    majorityAtK: estimate(majority),
  };
}

/** The mean of the values that are known: a score that is undefined for an attempt is left out, never counted as 0. */
function meanKnown(values: readonly (number | null)[]): number | null {
  return mean(values.filter((value) => value !== null));
}

function meansByName(
  scores: readonly ScoreRecord[],
  partsOf: (score: ScoreRecord) => Readonly<Record<string, number | null>>,
): Record<string, number | null> {
  const names = [...new Set(scores.flatMap((score) => Object.keys(partsOf(score))))].toSorted();
  return Object.fromEntries(
    names.map((name) => [name, meanKnown(scores.map((score) => partsOf(score)[name] ?? null))]),
  );
}
