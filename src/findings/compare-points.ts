import { tOfNormal } from "../stats/contrast.ts";
import { detectableDifference } from "../stats/detectable.ts";
import type { Interval } from "../stats/interval.ts";
import type { Ratio } from "../stats/lengths.ts";
import type { Judged } from "./claims.ts";
import { acrossRuns } from "./contrasts.ts";
import { meanOf } from "./decision/contenders.ts";
import { pairedRatio } from "./decision/decision.ts";
import type { Evidence, MeasureId } from "./evidence.ts";
import { turn } from "./shape.ts";

/** The difference of a measure between two points on the same questions. */
export interface PairedDifference {
  /** Mean over questions of point minus baseline; of lengths the ratio, question by question. */
  readonly difference: number;
  readonly interval: Interval | null;
  /** Of this pair alone. Null of fewer than two questions. */
  readonly p: number | null;
  /** Over all that the report claims. */
  readonly pAdjusted: number | null;
}

/** One point against one baseline on one benchmark. */
export interface Comparison {
  readonly benchmark: string;
  readonly point: string;
  readonly baseline: string;
  /** Questions that both answered. */
  readonly samples: number;
  /** Questions where the point did better, and worse, in accuracy. */
  readonly wins: number;
  readonly losses: number;
  readonly accuracy: PairedDifference | null;
  readonly accuracyStrict: PairedDifference | null;
  readonly format: PairedDifference | null;
  /** Question by question, geometric. */
  readonly tokens: PairedDifference | null;
  /**
   * The smallest difference in accuracy that these questions would show in four of five repetitions, at the level of the whole
   * family; null where they would show none.
   */
  readonly detectable: number | null;
  /** Mean over mean: what the point costs. */
  readonly cost: Ratio | null;
}

/** What pairs of names come to, from a family that was judged already. */
export function comparisonsOf(
  evidence: Evidence,
  pairs: readonly (readonly [point: string, baseline: string])[],
  judged: readonly Judged[],
  criticalZ: number,
): Comparison[] {
  const own = judged.filter(({ benchmark, tested }) => benchmark === evidence.benchmark && tested !== null);
  return pairs.flatMap(([point, baseline]) => {
    const [a, b] = [evidence.place(point), evidence.place(baseline)];
    if (a === undefined || b === undefined || a === b) return [];
    const find = (measure: MeasureId): PairedDifference | null => differenceOf(own, measure, a, b);
    const [x, y] = [a, b].map((place) => evidence.columns.accuracy.columns[place] ?? new Float64Array());
    const better = (sign: number): number =>
      x?.reduce((count, value, q) => count + (sign * (value - (y?.[q] ?? Number.NaN)) > 1e-12 ? 1 : 0), 0) ?? 0;
    return [
      {
        benchmark: evidence.benchmark,
        point,
        baseline,
        samples: sharedQuestions(evidence, a, b),
        wins: better(1),
        losses: better(-1),
        accuracy: find("accuracy"),
        accuracyStrict: find("accuracy_strict"),
        format: find("format"),
        tokens: find("tokens"),
        detectable: detectableOf(own, evidence, a, b, criticalZ),
        cost: pairedRatio(evidence.columns.tokens, a, b),
      },
    ];
  });
}

function sharedQuestions({ attempts }: Evidence, a: number, b: number): number {
  return attempts[a]?.reduce((count, k, q) => count + (k > 0 && (attempts[b]?.[q] ?? 0) > 0 ? 1 : 0), 0) ?? 0;
}

function detectableOf(
  own: readonly Judged[],
  { columns, unit }: Evidence,
  a: number,
  b: number,
  criticalZ: number,
): number | null {
  const claim = claimOf(own, "accuracy", a, b);
  const test = claim?.tested?.found.test;
  if (test === undefined || unit === "run") return null;
  const rates = [a, b].map((place) => meanOf(columns.accuracy, place));
  return detectableDifference(test, [rates[0] ?? 0, rates[1] ?? 0], tOfNormal(criticalZ, test.questions - 1));
}

/** The claim about two places, turned so that the first is the point. */
function differenceOf(own: readonly Judged[], measure: MeasureId, a: number, b: number): PairedDifference | null {
  const claim = claimOf(own, measure, a, b);
  if (claim === undefined) return null;
  const { points = [], coefficients = [] } = claim.tested?.contrast ?? {};
  const straight = (coefficients[points.indexOf(a)] ?? 0) > 0;
  const { estimate, low, high, p, p_adjusted: pAdjusted } = straight ? claim : turn(claim);
  if (estimate === null) return null;
  return { difference: estimate, interval: low === null || high === null ? null : { low, high }, p, pAdjusted };
}

function claimOf(own: readonly Judged[], measure: MeasureId, a: number, b: number): Judged | undefined {
  return own.find(({ measure: about, tested }) => {
    if (about !== measure || tested === null || tested.scale === "tokens") return false;
    const { points, coefficients } = tested.contrast;
    return (
      points.length === 2 && points.includes(a) && points.includes(b) && coefficients.every((c) => Math.abs(c) === 1)
    );
  });
}

/** The pairs that comparisons.csv shows: every point and reference against each baseline. */
export function baselinePairs(evidence: Evidence, names: readonly string[], axes: number): [string, string][] {
  const kinds = new Map(evidence.points.map(({ point }) => [point.name, point.kind]));
  const own = evidence.points.filter(({ point }) => point.kind === "point").map(({ point }) => point.name);
  const references = evidence.points.filter(({ point }) => point.kind === "reference").map(({ point }) => point.name);
  const ends = axes === 1 ? [own[0], own.at(-1)] : [own[0]];
  const baselines = [...new Set([...ends, ...references])].filter((name) => name !== undefined && kinds.has(name));
  const points = evidence.points.map(({ point }) => point);
  const paired = acrossRuns(points).map(([a, b]): [string, string] => [points[a]?.name ?? "", points[b]?.name ?? ""]);
  const chosen = baselines.flatMap((baseline) =>
    names.filter((name) => name !== baseline).map((name): [string, string] => [name, baseline ?? ""]),
  );
  return [...chosen, ...paired.filter(([, baseline]) => !baselines.includes(baseline))];
}
