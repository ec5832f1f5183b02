import { StoreError } from "../../base/errors.ts";
import { suggestion } from "../../base/suggest.ts";
import { judgeFamily } from "../../findings/claims.ts";
import { type Comparison, comparisonsOf, type PairedDifference } from "../../findings/compare-points.ts";
import { pairsAsked } from "../../findings/contrasts.ts";
import { type Evidence, evidenceOf } from "../../findings/evidence.ts";
import { decimal, percent, pText } from "../../findings/numbers.ts";
import { type PointScores, pointScores } from "../../findings/point-scores.ts";
import type { NamedRun } from "../../runs/comparable.ts";
import type { TextTable } from "./summary-table.ts";

/**
 * Compares points of two runs (or of one run with itself) on the problems that both answered. Chosen points are compared with
 * each other; without a choice, the only point of each run, or else the points of the same name.
 *
 * @param baseline the run that differences are taken from: they are `other` minus `baseline`
 * @param points names of a point of `baseline` and of one of `other`
 * @returns the comparisons, adjusted for how many there are on a benchmark
 * @throws StoreError if there is nothing to pair, or the two asked different problems under one benchmark's name
 */
export function compareRuns(baseline: NamedRun, other: NamedRun, points?: readonly [string, string]): Comparison[] {
  const sides = [baseline, other].map(({ run }) => pointScores(run));
  const [first = [], second = []] = points === undefined ? sides : choose(baseline, other, points);
  const alone = [first, second].every((rows) => new Set(rows.map(({ point }) => point.name)).size === 1);
  const pairs = second.flatMap((point): Pair[] => {
    const match = first.find(
      (row) => row.benchmark.name === point.benchmark.name && (alone || row.point.name === point.point.name),
    );
    return match === undefined ? [] : [{ point, baseline: match }];
  });
  if (pairs.length === 0) {
    const names = [first, second].map((rows) => [...new Set(rows.map(({ point }) => point.name))].join(", ") || "none");
    throw new StoreError(
      `Expected finished points of the same name and benchmark in both, found ${names[0]} and ${names[1]}`,
      { hint: "Choose one of each: --points A B" },
    );
  }
  for (const pair of pairs) refuseOtherProblems(pair);
  const named = pairs.map(({ point, baseline: to }) =>
    baseline.run === other.run
      ? { point, baseline: to }
      : { point: nameByRun(point, other.name), baseline: nameByRun(to, baseline.name) },
  );
  return judgePairs(named);
}

/** Two points on the same benchmark. */
interface Pair {
  readonly point: PointScores;
  readonly baseline: PointScores;
}

/** A family of its own: p-values are adjusted over all measures and benchmarks of these pairs. */
function judgePairs(pairs: readonly Pair[]): Comparison[] {
  const sides = new Set(pairs.flatMap(({ point, baseline }) => [baseline, point]));
  const evidence = evidenceOf([...sides], ({ point }) => point.name);
  const chosen = (one: Evidence): [string, string][] =>
    pairs
      .filter(({ point }) => point.benchmark.name === one.benchmark)
      .map(({ point, baseline }) => [point.point.name, baseline.point.name]);
  const { judged, criticalZ } = judgeFamily(evidence, (one) =>
    pairsAsked(
      one,
      chosen(one).map(([a, b]) => [one.place(a) ?? 0, one.place(b) ?? 0] as const),
    ),
  );
  return evidence.flatMap((one) => comparisonsOf(one, chosen(one), judged, criticalZ));
}

function choose(baseline: NamedRun, other: NamedRun, [a, b]: readonly [string, string]): PointScores[][] {
  return [[baseline, a] as const, [other, b] as const].map(([{ name, run }, wanted]) => {
    const rows = pointScores(run);
    const chosen = rows.filter(({ point }) => point.name === wanted);
    if (chosen.length > 0) return chosen;
    throw new StoreError(`${name} has no finished point "${wanted}"`, {
      hint: suggestion(wanted, new Set(rows.map(({ point }) => point.name))),
    });
  });
}

function refuseOtherProblems({ point, baseline }: Pair): void {
  if (point.benchmark.data_sha256 === baseline.benchmark.data_sha256) return;
  throw new StoreError(
    `The runs asked different problems as ${point.benchmark.name}: data ${baseline.benchmark.data_sha256.slice(0, 12)} and ${point.benchmark.data_sha256.slice(0, 12)}`,
    { hint: "Only answers to the same problems can be paired." },
  );
}

/** Two runs may have points of the same name; then the run's name tells them apart. */
function nameByRun(scores: PointScores, run: string): PointScores {
  return { ...scores, point: { ...scores.point, name: `${run}:${scores.point.name}` } };
}

/** The comparisons for a person: differences in percentage points, with 95% intervals. */
export function comparisonTable(comparisons: readonly Comparison[]): TextTable {
  return {
    header: [
      "point",
      "against",
      "benchmark",
      "problems",
      "accuracy, points",
      "better : worse",
      "p",
      "strict, points",
      "format, points",
      "tokens, ratio",
    ],
    rows: comparisons.map((row) => [
      row.point,
      row.baseline,
      row.benchmark,
      String(row.samples),
      difference(row.accuracy),
      `${row.wins} : ${row.losses}`,
      adjusted(row.accuracy),
      difference(row.accuracyStrict),
      difference(row.format),
      row.tokens === null
        ? "-"
        : withRange(decimal(row.tokens.difference, 2), row.tokens.interval, (value) => decimal(value, 2)),
    ]),
    nameColumns: 3,
  };
}

function adjusted(found: PairedDifference | null): string {
  const p = found?.pAdjusted ?? null;
  return p === null ? "-" : pText(p).replace("p = ", "");
}

function difference(found: PairedDifference | null): string {
  return found === null ? "-" : withRange(percent(found.difference), found.interval, percent);
}

function withRange(
  value: string,
  interval: { readonly low: number; readonly high: number } | null,
  write: (value: number) => string,
): string {
  return interval === null ? value : `${value} [${write(interval.low)}, ${write(interval.high)}]`;
}
