import { power } from "../../base/power.ts";
import type { PlannedBenchmark } from "../../runs/schema.ts";
import type { EvaluatedPoint, StoredRun } from "../../runs/stored-run.ts";
import type { ScoreTable } from "../../runs/tables/score-table.ts";
import { contrastSums, RATE_BOUND, testContrast } from "../../stats/contrast.ts";
import { type EquivalenceTest, type MeasuredDifference, testEquivalence } from "../../stats/equivalence.ts";
import type { Interval } from "../../stats/interval.ts";
import { groupBy } from "../../stats/mean.ts";
import { rateInterval } from "../../stats/rate.ts";
import { completionsForVerdict } from "./completions-for-verdict.ts";
import { type OwnRate, ownRate, pairedDifference } from "./own-rate.ts";
import type { PublishedBenchmark, PublishedNumbers, PublishedScore } from "./published-numbers.ts";

type ReproductionVerdict = "reproduced" | "not reproduced" | "cannot be told";

/** One published number, and ours. All in 0..1. */
export interface ReproductionRow {
  readonly point: string;
  readonly benchmark: string;
  readonly published: number;
  /** Standard error of the published mean over other seeds (a bound, where one run was published); null of pairs. */
  readonly publishedError: number | null;
  /** The most that other questions may add to it: the root of p (1 - p) / n. */
  readonly betweenQuestions: number;
  readonly own: number;
  /** 95%, over questions. */
  readonly ownInterval: Interval | null;
  readonly difference: number;
  /** Standard error of the difference, and its degrees of freedom; infinite where the error is a bound. */
  readonly error: number;
  readonly degrees: number;
  readonly test: EquivalenceTest;
  readonly verdict: ReproductionVerdict;
  /** What was compared: question by question, over the same questions, or over others of the kind. */
  readonly basis: "pairs" | "same questions" | "other questions";
  /** Completions of ours that would give a verdict if the difference stays; null where none would. Undefined with a verdict. */
  readonly completionsNeeded?: number | null | undefined;
  readonly completions: number;
}

export interface Reproduction {
  readonly verdict: ReproductionVerdict;
  /** In points of a percentage. */
  readonly margin: number;
  readonly rows: readonly ReproductionRow[];
  /** The mean over the benchmarks of each point that has several, each counting the same; tested on its own. */
  readonly averages: readonly ReproductionRow[];
  /** Published numbers that the run has nothing to hold against. */
  readonly missing: readonly string[];
}

/**
 * Holds a run against published numbers: an equivalence test a number, adjusted over the benchmarks of its point.
 *
 * @param margin in points
 * @param questions the names of all questions of a benchmark, in its order: published answers are known by their place
 */
export function judgeReproduction(
  run: StoredRun,
  published: PublishedNumbers,
  margin: number,
  questions: ReadonlyMap<string, readonly string[]>,
): Reproduction {
  const missing: string[] = [];
  const rows = Object.entries(published.points).flatMap(([point, scores]) => {
    const evaluated = run.evaluated.find((one) => one.point.name === point);
    const found = Object.entries(scores).flatMap(([benchmark, score]) => {
      const table = evaluated?.tables.find((one) => one.benchmark === benchmark);
      const planned = run.manifest.benchmarks.find(({ name }) => name === benchmark);
      if (table !== undefined && planned !== undefined) return [{ benchmark, score, table, planned }];
      missing.push(`${point} on ${benchmark}`);
      return [];
    });
    return found.map((one) =>
      judgeScore(point, one, { run, published, margin: margin / 100, tests: found.length, questions }),
    );
  });
  const averages = [...groupBy(rows, ({ point }) => point).values()].flatMap((own) =>
    own.length < 2 ? [] : [averageOf(own, margin / 100)],
  );
  return { verdict: together(rows, missing), margin, rows, averages, missing };
}

function averageOf(rows: readonly ReproductionRow[], margin: number): ReproductionRow {
  const mean = (value: (row: ReproductionRow) => number): number =>
    rows.reduce((sum, row) => sum + value(row), 0) / rows.length;
  const errorOf = (error: (row: ReproductionRow) => number): number =>
    Math.sqrt(rows.reduce((sum, row) => sum + error(row) ** 2, 0)) / rows.length;
  const difference = mean((row) => row.difference);
  const error = errorOf((row) => row.error);
  const uncertain = rows.reduce((sum, row) => sum + power(row.error / rows.length, 4) / row.degrees, 0);
  const degrees = uncertain === 0 ? Number.POSITIVE_INFINITY : power(error, 4) / uncertain;
  const test = testEquivalence({ difference, error, degrees }, margin, 1);
  const [first] = rows;
  const alike = rows.every(({ basis }) => basis === first?.basis);
  return {
    point: first?.point ?? "",
    benchmark: `mean of ${rows.length}`,
    published: mean((row) => row.published),
    publishedError: errorOf((row) => row.publishedError ?? 0),
    betweenQuestions: errorOf((row) => row.betweenQuestions),
    own: mean((row) => row.own),
    ownInterval: null,
    difference,
    error,
    degrees,
    test,
    verdict: VERDICTS[test.verdict],
    basis: alike && first !== undefined ? first.basis : "other questions",
    completions: rows.reduce((sum, row) => sum + row.completions, 0),
  };
}

function together(rows: readonly ReproductionRow[], missing: readonly string[]): ReproductionVerdict {
  if (rows.some(({ verdict }) => verdict === "not reproduced")) return "not reproduced";
  const all = rows.length > 0 && missing.length === 0 && rows.every(({ verdict }) => verdict === "reproduced");
  return all ? "reproduced" : "cannot be told";
}

interface Context {
  readonly run: StoredRun;
  readonly published: PublishedNumbers;
  readonly margin: number;
  readonly tests: number;
  readonly questions: ReadonlyMap<string, readonly string[]>;
}

function judgeScore(
  point: EvaluatedPoint["point"]["name"],
  found: { benchmark: string; score: PublishedScore; table: ScoreTable; planned: PlannedBenchmark },
  { run, published, margin, tests, questions: names }: Context,
): ReproductionRow {
  const { benchmark, score, table, planned } = found;
  const asked = published.benchmarks[benchmark];
  const own = ownRate(table, run.manifest);
  const { right } = score;
  const isPaired = right !== undefined && hasSameData(asked, planned);
  const pairs = isPaired ? pairedDifference(table, right, names.get(benchmark) ?? []) : undefined;
  const same = asked !== undefined && asksTheSame(asked, planned);
  const basis = pairs !== undefined ? "pairs" : same ? "same questions" : "other questions";
  const questions = asked?.questions ?? planned.samples;
  const p = score.accuracy;
  const between = Math.sqrt((p * (1 - p)) / questions);
  // Over the seeds of one run the variance of a mean over fixed questions is at most that of independent answers.
  const seeds = score.deviation === null ? between / Math.sqrt(score.runs) : score.deviation / Math.sqrt(score.runs);
  const measuredWith = (completions: number): MeasuredDifference =>
    pairs === undefined
      ? apart(withCompletions(own, completions), score, { seeds, between: same ? 0 : between })
      : withMorePairs(fromPairs(pairs), pairs.differences.length, completions / own.completions);
  const measured = measuredWith(own.completions);
  const test = testEquivalence(measured, margin, tests);
  const verdict = VERDICTS[test.verdict];
  // Answers of theirs that ours can be paired with: more would tell no more.
  const most =
    pairs === undefined
      ? Number.POSITIVE_INFINITY
      : Math.floor((own.completions * (right?.length ?? 0)) / pairs.differences.length);
  return {
    point,
    benchmark,
    published: pairs === undefined ? p : pairs.published,
    publishedError: pairs === undefined ? seeds : null,
    betweenQuestions: between,
    own: pairs === undefined ? own.mean : pairs.own,
    ownInterval: rateInterval({ rates: own.rates, attempts: own.attempts }),
    ...measured,
    test,
    verdict,
    basis,
    completionsNeeded:
      verdict === "cannot be told"
        ? completionsForVerdict(measuredWith, { margin, tests, completions: own.completions, most })
        : undefined,
    completions: own.completions,
  };
}

const VERDICTS = { within: "reproduced", beyond: "not reproduced", open: "cannot be told" } as const;

/** Whether the questions are those of the published number: then only seeds make a difference. */
function asksTheSame(asked: PublishedBenchmark, planned: PlannedBenchmark): boolean {
  return asked.questions === planned.samples && hasSameData(asked, planned);
}

/** Whether nothing says that the published number is of other data. */
function hasSameData(asked: PublishedBenchmark | undefined, { data_sha256: own }: PlannedBenchmark): boolean {
  return asked?.dataSha256 === undefined || asked.dataSha256 === own;
}

function apart(
  own: OwnRate,
  { accuracy, runs, deviation }: PublishedScore,
  { seeds, between }: { readonly seeds: number; readonly between: number },
): MeasuredDifference {
  const parts = [
    { variance: seeds ** 2, degrees: deviation === null ? Number.POSITIVE_INFINITY : runs - 1 },
    { variance: own.seedVariance, degrees: own.seedDegrees },
    { variance: between ** 2, degrees: Number.POSITIVE_INFINITY },
    { variance: between === 0 ? 0 : own.questionVariance, degrees: own.rates.length - 1 },
  ];
  const variance = parts.reduce((sum, part) => sum + part.variance, 0);
  // Satterthwaite's degrees of freedom.
  const uncertain = parts.reduce((sum, part) => sum + part.variance ** 2 / Math.max(1, part.degrees), 0);
  return {
    difference: own.mean - accuracy,
    error: Math.sqrt(variance),
    degrees: uncertain === 0 ? Number.POSITIVE_INFINITY : variance ** 2 / uncertain,
  };
}

/** The same accuracy, from more attempts at the same questions. */
function withCompletions(own: OwnRate, completions: number): OwnRate {
  if (completions === own.completions || own.seedVariance === 0) return own;
  const seedVariance = (own.seedVariance * own.completions) / completions;
  return { ...own, completions, seedVariance, seedDegrees: completions - own.rates.length };
}

function fromPairs({ differences }: { readonly differences: Float64Array }): MeasuredDifference {
  const sums = contrastSums(differences, RATE_BOUND);
  const { centre, error, questions } = testContrast(sums, RATE_BOUND);
  // No less than one answer of all: a single pair has no spread, and shows nothing.
  return { difference: centre, error: Math.max(error, 1 / questions), degrees: Math.max(1, questions - 1) };
}

/** The same difference, from more questions of the same kind. */
function withMorePairs(
  { difference, error }: MeasuredDifference,
  questions: number,
  times: number,
): MeasuredDifference {
  return { difference, error: error / Math.sqrt(times), degrees: Math.max(1, questions * times - 1) };
}
