import { comparePairwise, type Pairwise } from "../../stats/choice/best.ts";
import { RATE_BOUND, runBound } from "../../stats/contrast.ts";
import { type MeasureColumns, weightsOfValues } from "../../stats/family.ts";
import { questionCovariance } from "../../stats/needed.ts";
import { weightedMean } from "../../stats/weights.ts";
import { type Evidence, isMeasured, MEASURE_IDS, type MeasureId, measureOf, type RateId } from "../evidence.ts";

/** The points that a decision is about, on one benchmark or on the mean of several. */
export interface Contenders {
  readonly benchmarks: readonly Evidence[];
  /** Points of the sweep that every benchmark has, of different weights. */
  readonly names: readonly string[];
  /** References that every benchmark has: they are compared with, never chosen. */
  readonly references: readonly string[];
  readonly measured: ReadonlySet<MeasureId>;
  /** Columns of the points, then of the references. */
  readonly columns: (evidence: Evidence, measure: MeasureId) => MeasureColumns;
  /** Means over benchmarks of the points' means, then the references'. */
  readonly means: (measure: MeasureId) => number[];
  readonly pairwise: (measure: RateId) => Pairwise;
}

/** Gathers what a decision looks at; pairwise comparisons are made when they are asked for, once. */
export function gatherContenders(benchmarks: readonly Evidence[]): Contenders {
  const everywhere = (kind: "point" | "reference"): string[] =>
    (benchmarks[0]?.points ?? [])
      .filter(({ point }) => point.kind === kind)
      .map(({ point }) => point.name)
      .filter((name) => benchmarks.every((one) => one.place(name) !== undefined));
  const [names, references] = [everywhere("point"), everywhere("reference")];
  const all = [...names, ...references];
  const places = new Map(benchmarks.map((one) => [one, all.map((name) => one.place(name) ?? 0)]));
  const columns = (evidence: Evidence, measure: MeasureId): MeasureColumns =>
    measureOf(evidence, measure, places.get(evidence) ?? []);
  const known = new Map<RateId, Pairwise>();
  return {
    benchmarks,
    names,
    references,
    measured: new Set(
      MEASURE_IDS.filter((measure) =>
        benchmarks.every((one) => (places.get(one) ?? []).every((place) => isMeasured(one, measure, place))),
      ),
    ),
    columns,
    means: (measure) => all.map((_, i) => average(benchmarks.map((one) => meanOf(columns(one, measure), i)))),
    pairwise: (measure) => {
      const found =
        known.get(measure) ??
        comparePairwise(
          benchmarks.map((one) => ({ measure: columns(one, measure), flips: one.flips })),
          names.length,
          benchmarks.every(({ unit }) => unit === "run")
            ? runBound(Math.max(...benchmarks.map(({ runSize }) => runSize)))
            : RATE_BOUND,
        );
      known.set(measure, found);
      return found;
    },
  };
}

/** The covariance of the points' means over all benchmarks, for one question in all. */
export function covarianceOfMeans(
  { benchmarks, columns, names }: Contenders,
  measure: MeasureId,
): {
  readonly perQuestion: Float64Array[];
  readonly questions: number;
} {
  const questions = benchmarks.reduce((total, one) => total + one.questions.length, 0);
  const size = names.length;
  const perQuestion = Array.from({ length: size }, () => new Float64Array(size));
  for (const one of benchmarks) {
    const { columns: all, strata } = columns(one, measure);
    const own = questionCovariance({ columns: all.slice(0, size), strata });
    const factor = questions / one.questions.length / benchmarks.length ** 2;
    own.forEach((row, i) => {
      row.forEach((value, j) => {
        const target = perQuestion[i];
        if (target !== undefined) target[j] = (target[j] ?? 0) + value * factor;
      });
    });
  }
  return { perQuestion, questions };
}

/** The mean of a point in a measure; NaN where it was asked nothing. */
export function meanOf(measure: MeasureColumns, point: number): number {
  const column = measure.columns[point] ?? new Float64Array();
  return weightedMean(column, weightsOfValues(measure, column));
}

function average(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0) / values.length;
}
