import { powerOfTen } from "../../base/power.ts";
import type { Interval } from "../../stats/interval.ts";

/** What a picture, or a sheet of several, shows; a run has those that its data allow. */
export const PICTURE_KINDS = [
  "accuracy",
  "accuracy-strict",
  "format",
  "tokens",
  "front",
  "chord",
  "chord-tokens",
  "outcomes",
  "lengths",
  "grid-accuracy",
  "grid-accuracy-strict",
  "grid-format",
  "grid-tokens",
  "bars",
  "bars-tokens",
  "benchmarks",
  "overview",
  "multiples",
] as const;
export type PictureKind = (typeof PICTURE_KINDS)[number];

/** A chart as plain data, in the units of its axes; `chart-configuration.ts` says how it is drawn, here and in a browser. */
export interface Picture {
  /** File name without ending: `accuracy`, or `accuracy-math500` where there are several benchmarks. */
  readonly name: string;
  /** What it shows: `accuracy` for `accuracy-math500`, too. Chosen with `--pictures`. */
  readonly kind: PictureKind;
  /** Undefined for a picture of several benchmarks. */
  readonly benchmark?: string;
  readonly title: string;
  readonly subtitle: string;
  /** Below the picture: what the numbers rest on. */
  readonly caption: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
  /** Height, as a multiple of the usual one. @default 1 */
  readonly tall?: number;
  /** Horizontal lines with their label at the right edge. */
  readonly lines: readonly ReferenceLine[];
  /** Areas between two heights along x, behind everything else. */
  readonly ribbons?: readonly Ribbon[];
  /** Filled rectangles: bars, or the cells of a heat map. */
  readonly tiles?: readonly Tile[];
  /** Lines from top to bottom with a label above. */
  readonly marked?: readonly MarkedPlace[];
  /** Lines of equal height over the cells of a heat map. */
  readonly contours?: readonly Contour[];
  /** Labels at the right edge, with a thin line to the height that they name. */
  readonly edges?: readonly EdgeLabel[];
  /** Where each point is along x, if that is what x shows. */
  readonly places?: readonly { readonly point: string; readonly x: number }[];
}

/** An axis with every tick spelled out: nothing is left to a locale. */
export interface Axis {
  readonly title: string;
  readonly min: number;
  readonly max: number;
  readonly ticks: readonly Tick[];
  /** Whether lines are drawn across the plot at the ticks. @default true */
  readonly grid?: boolean;
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
  /** Holds for all marks of the series at once; drawn as an area. */
  readonly band?: Interval | null;
  /** Written beside the mark, out of the way of others. */
  readonly label: string | null;
  /** Drawn as an outline. */
  readonly hollow: boolean;
  /** Drawn with a ring around it, and labelled first. */
  readonly ringed?: boolean;
  /** The point that it stands for. */
  readonly point?: string;
}

export interface ReferenceLine {
  readonly y: number;
  readonly label: string;
  readonly style: number;
  /** Pixels drawn and left out, by turns. */
  readonly dash: readonly number[];
}

export interface Ribbon {
  readonly name: string;
  readonly style: number;
  /** Of its colour, 0 to 1. */
  readonly opacity: number;
  readonly corners: readonly { readonly x: number; readonly low: number; readonly high: number }[];
}

export interface Tile {
  /** What of the point it shows: an outcome, a measure, a benchmark. */
  readonly name: string;
  readonly point: string;
  readonly left: number;
  readonly right: number;
  readonly bottom: number;
  readonly top: number;
  /** A style number, or a place from 0 to 1 on the scale of heat. */
  readonly fill: { readonly style: number } | { readonly heat: number };
  readonly label: string | null;
  /** The number that it shows, and its interval, for the table beside the picture. */
  readonly value: number | null;
  readonly interval: Interval | null;
  /** Whether the value is along x: a horizontal bar. @default false */
  readonly lies?: boolean;
  /** Drawn with a frame. */
  readonly ringed?: boolean;
}

export interface MarkedPlace {
  readonly x: number;
  readonly label: string;
}

export interface Contour {
  readonly level: number;
  readonly lines: readonly (readonly [x1: number, y1: number, x2: number, y2: number])[];
}

export interface EdgeLabel {
  readonly y: number;
  readonly label: string;
  /** What is labelled, without its value at the edge: for a key below the picture. @default the label */
  readonly name?: string;
  readonly style: number;
}

/** Round numbers inside a range, about `count` of them, 1, 2 or 5 times a power of ten apart. */
export function roundTicks(low: number, high: number, count = 6): number[] {
  const span = high - low;
  if (!(span > 0)) return [low];
  const rough = span / count;
  const power = powerOfTen(Math.floor(Math.log10(rough)));
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

/** The places along an axis whose labels do not touch: both ends, and between them what is a gap away from the last one kept. */
export function withRoom<Place extends { readonly value: number }>(places: readonly Place[], gap: number): Place[] {
  const last = places.at(-1);
  const kept: Place[] = [];
  for (const place of places) {
    const before = kept.at(-1);
    const room = (before === undefined || place.value - before.value >= gap) && last !== undefined;
    if (place === last || (room && (before === undefined || last.value - place.value >= gap))) kept.push(place);
  }
  return kept;
}
