import type { Estimate, SummaryRow } from "../../findings/summarize.ts";
import type { Manifest } from "../../runs/schema.ts";
import type { Measured } from "./chart-rows.ts";
import { seriesOf, subtitleOf, type Unit, verticalExtent } from "./chart-rows.ts";
import { endNames } from "./end-names.ts";
import { type Axis, fittedAxis, type Mark, type Picture, type Series } from "./picture.ts";
import { referenceLines } from "./reference-lines.ts";

export interface MeasureRequest {
  readonly manifest: Manifest;
  readonly rows: readonly SummaryRow[];
  readonly name: string;
  readonly title: string;
  readonly measures: readonly Measured[];
  readonly unit: Unit;
}

/** A measure against the first axis: a series a value of the other axes, or a series a measure. */
export function measurePicture({ manifest, rows, name, title, measures, unit }: MeasureRequest): Picture {
  const points = rows.filter((row) => row.kind === "point");
  const { axis, placeOf } = horizontalAxis(manifest, points);
  const groups = seriesOf(manifest, points);
  const series: Series[] = groups.flatMap((group, g) =>
    measures.map((measure, m) => ({
      name: groups.length > 1 ? group.name : measure.name,
      style: g * measures.length + m,
      marks: group.rows.flatMap((row) => markOf(placeOf(row), measure.shown(row), m > 0)).toSorted((a, b) => a.x - b.x),
      joined: true,
      bare: false,
    })),
  );
  const lines = referenceLines(manifest, rows, measures, unit);
  const values = [...series.flatMap(({ marks }) => marks.flatMap(verticalExtent)), ...lines.map(({ y }) => y)];
  return {
    name,
    title: manifest.axes.length === 0 ? title : `${title} against ${manifest.axes[0]}`,
    subtitle: subtitleOf(manifest, rows),
    x: axis,
    y: fittedAxis(unit.title, unit.fromZero ? [0, ...values] : wholeIfWide(values), unit),
    series,
    lines,
  };
}

/** Rates that cover much of 0 to 100 are shown on all of it. */
function wholeIfWide(values: readonly number[]): readonly number[] {
  return Math.max(...values) - Math.min(...values) > 50 ? [0, 100, ...values] : values;
}

function markOf(x: number, { value, interval }: Estimate, hollow: boolean): Mark[] {
  if (value === null) return [];
  return [{ x, y: value, xInterval: null, yInterval: interval, label: null, hollow }];
}

/** The first axis: numbers at their places; anything else, or no axis at all, evenly spaced in the order of the points. */
function horizontalAxis(
  manifest: Manifest,
  points: readonly SummaryRow[],
): { axis: Axis; placeOf: (row: SummaryRow) => number } {
  const [name] = manifest.axes;
  const textOf = (row: SummaryRow): string => (name === undefined ? row.point : (row.axes[name] ?? row.point));
  const texts = [...new Set(points.map(textOf))];
  const numeric = texts.every((text) => text.trim() !== "" && Number.isFinite(Number(text)));
  const valueOf = (text: string): number => (numeric ? Number(text) : texts.indexOf(text));
  const places = texts.map((text) => ({ text, value: valueOf(text) })).toSorted((a, b) => a.value - b.value);
  const low = places[0]?.value ?? 0;
  const high = places.at(-1)?.value ?? 1;
  const room = high === low ? 1 : (high - low) * 0.04;
  const ends = endNames(manifest);
  const ticks = withRoom(places, (high - low) / 14).map(({ text, value }) => {
    const end = ends.get(value);
    return { value, label: end === undefined ? [text] : [text, `all ${end}`] };
  });
  return {
    axis: { title: name ?? "", min: low - room, max: high + room, ticks },
    placeOf: (row) => valueOf(textOf(row)),
  };
}

/** The places whose labels do not touch: both ends, and between them what is a gap away from the last one kept. */
function withRoom<Place extends { readonly value: number }>(places: readonly Place[], gap: number): Place[] {
  const last = places.at(-1);
  const kept: Place[] = [];
  for (const place of places) {
    const before = kept.at(-1);
    const room = (before === undefined || place.value - before.value >= gap) && last !== undefined;
    if (place === last || (room && (before === undefined || last.value - place.value >= gap))) kept.push(place);
  }
  return kept;
}
