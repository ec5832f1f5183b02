import type { StoredRun } from "../runs/schema.ts";
import { type Interval, studentInterval } from "../stats/interval.ts";
import { groupBy, mean } from "../stats/mean.ts";
import { holm } from "../stats/multiple-comparisons.ts";
import {
  mcnemarExact,
  minimumDetectableDifference,
  type PairedRatio,
  pairedRateInterval,
  pairedRatio,
  signFlipTest,
} from "../stats/paired.ts";
import { type Measure, type PointScores, pointScores, type Question, questionMeans } from "./point-scores.ts";

/** The difference of a rate between two points on the same questions. */
interface PairedDifference {
  /** Mean over questions of point minus baseline. */
  readonly difference: number;
  readonly interval: Interval | null;
  /** Questions where the point did better, and worse. */
  readonly wins: number;
  readonly losses: number;
  readonly p: number;
  /** What these questions could have shown: 80% power, two-sided 5%. Null if no question differs. */
  readonly minimumDetectable: number | null;
}

/** One point against one baseline on one benchmark. */
export interface Comparison {
  readonly benchmark: string;
  readonly point: string;
  readonly baseline: string;
  /** Questions that both answered. */
  readonly samples: number;
  readonly test: "mcnemar-exact" | "sign-flip";
  readonly accuracy: PairedDifference;
  /** Adjusted over all the comparisons of its family: in a report, those with the same baseline on the same benchmark. */
  readonly accuracyHolm: number | null;
  readonly accuracyStrict: PairedDifference;
  readonly format: PairedDifference;
  /** Tokens of the point over tokens of the baseline, question by question, geometric. */
  readonly tokens: PairedRatio | null;
}

/**
 * Every point and reference against each baseline on the same questions. Baselines are the first point of the sweep, the
 * last (where there is one axis: the other end of the line between two experts), and each reference.
 */
export function comparePoints(run: StoredRun): Comparison[] {
  const comparisons: Comparison[] = [];
  for (const rows of groupBy(pointScores(run), (row) => row.benchmark.name).values()) {
    for (const baseline of baselinesOf(rows, run.manifest.axes.length)) {
      const others = rows.filter((row) => row !== baseline);
      comparisons.push(...compareFamily(others.map((point) => ({ point, baseline }))));
    }
  }
  return comparisons;
}

/** Two points on the same benchmark. */
export interface Pair {
  readonly point: PointScores;
  readonly baseline: PointScores;
}

/** Compares pairs, and adjusts the p-values of accuracy for how many there are. */
export function compareFamily(pairs: readonly Pair[]): Comparison[] {
  const family = pairs.map(({ point, baseline }) => compare(point, baseline));
  const adjusted = holm(family.map((comparison) => comparison.accuracy.p));
  return family.map((comparison, i) => ({ ...comparison, accuracyHolm: adjusted[i] ?? null }));
}

function baselinesOf(rows: readonly PointScores[], axes: number): PointScores[] {
  const points = rows.filter((row) => row.point.kind === "point");
  const ends = axes === 1 ? [points[0], points.at(-1)] : [points[0]];
  const references = rows.filter((row) => row.point.kind === "reference");
  return [...new Set([...ends, ...references])].filter((row) => row !== undefined);
}

const tokensOf: Measure = (score) => score.tokens;

function compare(point: PointScores, baseline: PointScores): Comparison {
  const others = new Map(baseline.questions.map((question) => [question.sample, question]));
  const pairs = point.questions.flatMap((question) => {
    const other = others.get(question.sample);
    return other === undefined ? [] : [{ question, other }];
  });
  const questions = pairs.map(({ question }) => question);
  const baselineQuestions = pairs.map(({ other }) => other);
  const once = [...questions, ...baselineQuestions].every(({ attempts }) => attempts.length === 1);
  const difference = (measure: Measure): PairedDifference =>
    pairedDifference(questions, baselineQuestions, measure, once);
  return {
    benchmark: point.benchmark.name,
    point: point.point.name,
    baseline: baseline.point.name,
    samples: pairs.length,
    test: once ? "mcnemar-exact" : "sign-flip",
    accuracy: difference((score) => score.accuracy),
    accuracyHolm: null,
    accuracyStrict: difference((score) => score.accuracy_strict),
    format: difference((score) => score.format),
    tokens: pairedRatio(questionMeans(questions, tokensOf), questionMeans(baselineQuestions, tokensOf)),
  };
}

function pairedDifference(
  questions: readonly Question[],
  baseline: readonly Question[],
  measure: Measure,
  once: boolean,
): PairedDifference {
  const ours = questionMeans(questions, measure);
  const theirs = questionMeans(baseline, measure);
  const differences = ours.map((value, i) => value - (theirs[i] ?? 0));
  const wins = differences.filter((value) => value > 0).length;
  const losses = differences.filter((value) => value < 0).length;
  const alike = wins + losses === 0;
  return {
    difference: mean(differences) ?? 0,
    // Where no question differs a t interval would have no width; the pseudo-questions of the other keep it honest.
    interval: once || alike ? pairedRateInterval(wins, losses, differences.length) : studentInterval(differences),
    wins,
    losses,
    p: once ? mcnemarExact(wins, losses) : signFlipTest(differences),
    minimumDetectable: minimumDetectableDifference(differences),
  };
}
