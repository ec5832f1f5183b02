import type { Interval } from "../../stats/interval.ts";

/** A chart as plain data, in the units of its axes; `render-chart.ts` draws it. */
export interface Picture {
  /** File name without ending: `accuracy`, or `accuracy-math500` where there are several benchmarks. */
  readonly name: string;
  readonly title: string;
  readonly subtitle: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
  /** Horizontal lines with their label at the right edge. */
  readonly lines: readonly ReferenceLine[];
}

/** An axis with every tick spelled out: nothing is left to a locale. */
export interface Axis {
  readonly title: string;
  readonly min: number;
  readonly max: number;
  readonly ticks: readonly Tick[];
}

/** A place on an axis; several lines of label stand below one another. */
interface Tick {
  readonly value: number;
  readonly label: readonly string[];
}

/** Marks that belong together. Style numbers choose colour, marker and dash together: never colour alone. */
export interface Series {
  readonly name: string;
  readonly style: number;
  readonly marks: readonly Mark[];
  readonly joined: boolean;
  /** A bare line: no markers, no legend marker of its own. */
  readonly bare: boolean;
}

export interface Mark {
  readonly x: number;
  readonly y: number;
  /** Whiskers. */
  readonly xInterval: Interval | null;
  readonly yInterval: Interval | null;
  /** Written beside the mark, out of the way of others. */
  readonly label: string | null;
  /** Drawn as an outline. */
  readonly hollow: boolean;
}

export interface ReferenceLine {
  readonly y: number;
  readonly label: string;
  readonly style: number;
  /** Pixels drawn and left out, by turns. */
  readonly dash: readonly number[];
}

/** Round numbers inside a range, about `count` of them, 1, 2 or 5 times a power of ten apart. */
export function roundTicks(low: number, high: number, count = 6): number[] {
  const span = high - low;
  if (!(span > 0)) return [low];
  const rough = span / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough * 0.999) ?? rough;
  const ticks: number[] = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) {
    // Multiplying by a step of 0.1 gives 0.30000000000000004; 12 digits are enough for any tick.
    ticks.push(Number((i * step).toPrecision(12)));
  }
  return ticks;
}

/**
 * An axis that shows all of the values with some room, so that whiskers and markers at the ends are whole.
 *
 * @param limits where values cannot be beyond (0 and 100 for percent): room may go past them, ticks do not
 * @param leastSpan so that noise is not blown up to fill the picture
 */
export function fittedAxis(
  title: string,
  values: readonly number[],
  { limits, leastSpan, count }: { limits: Interval; leastSpan: number; count?: number },
): Axis {
  let low = Math.min(...values);
  let high = Math.max(...values);
  const missing = Math.max(0, leastSpan - (high - low)) / 2;
  low = Math.max(limits.low, low - missing);
  high = Math.min(limits.high, high + missing);
  const room = (high - low) * 0.04;
  const [min, max] = [low - room, high + room];
  const ticks = roundTicks(Math.max(limits.low, min), Math.min(limits.high, max), count);
  return { title, min, max, ticks: ticks.map((value) => ({ value, label: [String(value)] })) };
}
