import type { RateId } from "../../../findings/evidence.ts";
import { decimal } from "../../../findings/numbers.ts";
import type { Estimate, SummaryRow } from "../../../findings/summarize.ts";
import type { Manifest } from "../../../runs/schema.ts";
import type { Interval } from "../../../stats/interval.ts";
import { groupBy } from "../../../stats/mean.ts";
import type { Mark } from "../picture.ts";
import type { ChartContext } from "./chart-context.ts";

export const PERCENT: Interval = { low: 0, high: 100 };
export const COUNT: Interval = { low: 0, high: Number.POSITIVE_INFINITY };

/** The style of what belongs to no series. */
export const NEUTRAL_STYLE = -1;

export interface Unit {
  readonly title: string;
  readonly limits: Interval;
  readonly leastSpan: number;
  readonly fromZero: boolean;
  readonly write: (value: number) => string;
}

export const RATE: Unit = {
  title: "% of the questions",
  limits: PERCENT,
  leastSpan: 20,
  fromZero: false,
  write: (value) => `${decimal(value)}%`,
};
export const TOKENS: Unit = {
  title: "mean tokens a completion",
  limits: COUNT,
  leastSpan: 10,
  fromZero: true,
  write: (value) => decimal(value, value < 1000 ? 1 : 0),
};

/** One thing that a picture shows of every point. */
export interface Measured {
  readonly name: string;
  readonly shown: (row: SummaryRow) => Estimate;
  /** Holds for all points at once; null where there is none. */
  readonly band: (row: SummaryRow) => Interval | null;
}

/** The measures of a benchmark that pictures show. */
export function measuresOf({ bands }: ChartContext): Record<RateId | "tokens", Measured> {
  const rate = (name: string, id: RateId, of: (row: SummaryRow) => Estimate): Measured => ({
    name,
    shown: (row) => scaled(of(row)),
    band: (row) => inPercent(bands.get(row.point)?.[id] ?? null),
  });
  return {
    accuracy: rate("accuracy", "accuracy", (row) => row.accuracy),
    accuracy_strict: rate("strict accuracy (boxed)", "accuracy_strict", (row) => row.accuracyStrict),
    format: rate("format", "format", (row) => row.format),
    tokens: { name: "mean tokens", shown: (row) => row.tokens, band: () => null },
  };
}

/** A rate as percent. */
export function scaled({ value, interval }: Estimate): Estimate {
  return { value: value === null ? null : 100 * value, interval: inPercent(interval) };
}

function inPercent(interval: Interval | null): Interval | null {
  return interval && { low: 100 * interval.low, high: 100 * interval.high };
}

/** The points of one line: those that agree in all axes but the first. */
export function seriesOf(manifest: Manifest, points: readonly SummaryRow[]): { name: string; rows: SummaryRow[] }[] {
  const others = manifest.axes.slice(1);
  const nameOf = (row: SummaryRow): string => others.map((axis) => `${axis}=${row.axes[axis] ?? "?"}`).join(", ");
  return [...groupBy(points, nameOf)].map(([name, rows]) => ({ name, rows }));
}

export function verticalExtent({ y, yInterval, band }: Mark): number[] {
  return [y, ...(yInterval === null ? [] : [yInterval.low, yInterval.high]), ...(band ? [band.low, band.high] : [])];
}
