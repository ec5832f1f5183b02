import type { Manifest } from "../runs/schema.ts";
import type { Interval } from "../stats/interval.ts";
import { groupBy } from "../stats/mean.ts";
import { paretoFront } from "../stats/pareto.ts";
import { endNames } from "./end-names.ts";
import { decimal } from "./numbers.ts";
import { type Axis, fittedAxis, type Mark, type Picture, type ReferenceLine, type Series } from "./picture.ts";
import type { Estimate, SummaryRow } from "./summarize.ts";

const PERCENT: Interval = { low: 0, high: 100 };
const COUNT: Interval = { low: 0, high: Number.POSITIVE_INFINITY };

/** The pictures of one benchmark, and the name of the one that shows them all. */
export interface PictureSet {
  readonly overview: string;
  readonly pictures: readonly Picture[];
}

/** All the pictures of a report: a set for every benchmark. A pure function of the summary. */
export function chartSpecs(manifest: Manifest, rows: readonly SummaryRow[]): PictureSet[] {
  const benchmarks = [...groupBy(rows, (row) => row.benchmark)];
  return benchmarks.map(([benchmark, own]) => {
    const suffix = benchmarks.length > 1 ? `-${benchmark}` : "";
    const pictures = benchmarkPictures(manifest, own);
    return {
      overview: `overview${suffix}`,
      pictures: pictures.map((picture) => ({ ...picture, name: `${picture.name}${suffix}` })),
    };
  });
}

function benchmarkPictures(manifest: Manifest, rows: readonly SummaryRow[]): Picture[] {
  const points = rows.filter((row) => row.kind === "point");
  const several = seriesOf(manifest, points).length > 1;
  const accuracy = { name: "accuracy", shown: (row: SummaryRow) => scaled(row.accuracy) };
  const strict = { name: "strict accuracy (boxed)", shown: (row: SummaryRow) => scaled(row.accuracyStrict) };
  const pictures: Picture[] = [];
  if (points.length > 0) {
    const draw = (name: string, title: string, measures: readonly Measured[], unit: Unit): Picture =>
      measurePicture({ manifest, rows, name, title, measures, unit });
    if (several) {
      pictures.push(
        draw("accuracy", "Accuracy", [accuracy], RATE),
        draw("accuracy-strict", "Strict accuracy (boxed answer only)", [strict], RATE),
      );
    } else pictures.push(draw("accuracy", "Accuracy", [accuracy, strict], RATE));
    pictures.push(
      draw("format", "Format", [{ name: "format", shown: (row) => scaled(row.format) }], RATE),
      draw("tokens", "Length of the completions", [{ name: "mean tokens", shown: (row) => row.tokens }], TOKENS),
    );
  }
  return [...pictures, ...frontPicture(manifest, rows)];
}

/** A rate as percent. */
function scaled({ value, interval }: Estimate): Estimate {
  return {
    value: value === null ? null : 100 * value,
    interval: interval && { low: 100 * interval.low, high: 100 * interval.high },
  };
}

interface Unit {
  readonly title: string;
  readonly limits: Interval;
  readonly leastSpan: number;
  readonly fromZero: boolean;
  readonly write: (value: number) => string;
}

const RATE: Unit = {
  title: "% of the questions",
  limits: PERCENT,
  leastSpan: 20,
  fromZero: false,
  write: (value) => `${decimal(value)}%`,
};
const TOKENS: Unit = {
  title: "mean tokens a completion",
  limits: COUNT,
  leastSpan: 10,
  fromZero: true,
  write: (value) => decimal(value, value < 1000 ? 1 : 0),
};

interface Measured {
  readonly name: string;
  readonly shown: (row: SummaryRow) => Estimate;
}

interface MeasureRequest {
  readonly manifest: Manifest;
  readonly rows: readonly SummaryRow[];
  readonly name: string;
  readonly title: string;
  readonly measures: readonly Measured[];
  readonly unit: Unit;
}

/** A measure against the first axis: a series a value of the other axes, or a series a measure. */
function measurePicture({ manifest, rows, name, title, measures, unit }: MeasureRequest): Picture {
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
  const lines = rows
    .filter((row) => row.kind === "reference")
    .flatMap((row) => measures.flatMap((measure, m) => referenceLine(row, measure, m, groups.length, measures, unit)));
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

function referenceLine(
  row: SummaryRow,
  measure: Measured,
  m: number,
  groups: number,
  measures: readonly Measured[],
  unit: Unit,
): ReferenceLine[] {
  const { value } = measure.shown(row);
  if (value === null) return [];
  const name = row.point.length > 14 ? `${row.point.slice(0, 13)}…` : row.point;
  const which = measures.length > 1 && m > 0 ? `${name}, strict` : name;
  // A line has the colour of the series that it is to be compared with; with several series it belongs to none.
  return [{ y: value, label: `${which} ${unit.write(value)}`, style: groups > 1 ? NEUTRAL_STYLE : m }];
}

/** The style of what belongs to no series. */
const NEUTRAL_STYLE = -1;

function markOf(x: number, { value, interval }: Estimate, hollow: boolean): Mark[] {
  if (value === null) return [];
  return [{ x, y: value, xInterval: null, yInterval: interval, label: null, hollow }];
}

function verticalExtent({ y, yInterval }: Mark): number[] {
  return yInterval === null ? [y] : [y, yInterval.low, yInterval.high];
}

function subtitleOf(manifest: Manifest, rows: readonly SummaryRow[]): string {
  const [row] = rows;
  if (row === undefined) return manifest.sweep;
  const attempts = row.attempts > 1 ? ` × ${row.attempts} attempts` : "";
  return `${manifest.sweep}: ${row.benchmark}, ${row.samples} questions${attempts}, 95% intervals`;
}

/** The points of one line: those that agree in all axes but the first. */
function seriesOf(manifest: Manifest, points: readonly SummaryRow[]): { name: string; rows: SummaryRow[] }[] {
  const others = manifest.axes.slice(1);
  const nameOf = (row: SummaryRow): string => others.map((axis) => `${axis}=${row.axes[axis] ?? "?"}`).join(", ");
  return [...groupBy(points, nameOf)].map(([name, rows]) => ({ name, rows }));
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

/** Accuracy against length, the Pareto front drawn, every point named. */
function frontPicture(manifest: Manifest, rows: readonly SummaryRow[]): Picture[] {
  const choices = rows.flatMap((row) =>
    row.accuracy.value === null || row.tokens.value === null
      ? []
      : [{ row, gain: 100 * row.accuracy.value, cost: row.tokens.value }],
  );
  if (choices.length < 2) return [];
  const front = paretoFront(choices);
  const onFront = new Set(front.map(({ row }) => row));
  const markFor = (row: SummaryRow): Mark[] => {
    const { value, interval } = scaled(row.accuracy);
    if (value === null || row.tokens.value === null) return [];
    const [first] = manifest.axes;
    const label = row.kind === "point" && first !== undefined ? (row.axes[first] ?? row.point) : row.point;
    return [
      {
        x: row.tokens.value,
        y: value,
        xInterval: row.tokens.interval,
        yInterval: interval,
        label,
        hollow: !onFront.has(row),
      },
    ];
  };
  const groups = seriesOf(
    manifest,
    rows.filter((row) => row.kind === "point"),
  );
  const references = rows.filter((row) => row.kind === "reference");
  const [axis] = manifest.axes;
  const series: Series[] = [
    {
      name: "Pareto front",
      style: NEUTRAL_STYLE,
      marks: front.map(({ cost, gain }) => ({
        x: cost,
        y: gain,
        xInterval: null,
        yInterval: null,
        label: null,
        hollow: false,
      })),
      joined: true,
      bare: true,
    },
    ...groups.map(({ name, rows: own }, style) => ({
      name: name === "" ? (axis === undefined ? "points" : `points, labelled with ${axis}`) : name,
      style,
      marks: own.flatMap(markFor),
      joined: false,
      bare: false,
    })),
    ...references.map((row, i) => ({
      name: row.point,
      style: groups.length + 1 + i,
      marks: markFor(row),
      joined: false,
      bare: false,
    })),
  ];
  const marks = series.flatMap((one) => one.marks);
  const across = marks.flatMap(({ x, xInterval }) => (xInterval === null ? [x] : [x, xInterval.low, xInterval.high]));
  return [
    {
      name: "front",
      title: "Accuracy against length",
      subtitle: `${subtitleOf(manifest, rows)}; filled: on the front`,
      x: fittedAxis("mean tokens a completion (fewer is better)", across, { limits: COUNT, leastSpan: 10, count: 8 }),
      y: fittedAxis("accuracy, % of the questions", marks.flatMap(verticalExtent), { limits: PERCENT, leastSpan: 10 }),
      series,
      lines: [],
    },
  ];
}

/** What a picture shows, in words, for those who do not see it. */
export function describePicture({ title, series }: Picture): string {
  const parts = series
    .filter(({ bare, marks }) => !bare && marks.length > 0)
    .map(({ name, marks }) => {
      const values = marks.map(({ y }) => y);
      return `${name} between ${decimal(Math.min(...values))} and ${decimal(Math.max(...values))}`;
    });
  return `${title}: ${parts.join("; ")}`;
}
