import type { SummaryRow } from "../../../findings/summarize.ts";
import { fittedAxis, type Mark, type Picture, type PictureKind, type Series } from "../picture.ts";
import { type ChartContext, captionOf, markChosen, subtitleOf } from "./chart-context.ts";
import { type Measured, seriesOf, type Unit, verticalExtent } from "./chart-rows.ts";
import { horizontalAxis } from "./horizontal-axis.ts";
import { referenceLines } from "./reference-lines.ts";

interface MeasureRequest {
  readonly name: PictureKind;
  readonly title: string;
  readonly measures: readonly Measured[];
  readonly unit: Unit;
}

/** A measure against the first axis: a series a value of the other axes, or a series a measure. */
export function measurePicture(context: ChartContext, { name, title, measures, unit }: MeasureRequest): Picture[] {
  const { manifest, points, benchmark } = context;
  const { axis, placeOf } = horizontalAxis(manifest, points);
  const groups = seriesOf(manifest, points);
  const series: Series[] = groups.flatMap((group, g) =>
    measures.map((measure, m) => ({
      name: groups.length > 1 ? group.name : measure.name,
      style: g * measures.length + m,
      marks: group.rows
        .flatMap((row) => markOf(row, placeOf(row), measure, { hollow: m > 0, banded: groups.length === 1 }))
        .toSorted((a, b) => a.x - b.x),
      joined: true,
      bare: false,
    })),
  );
  const marks = series.flatMap((one) => one.marks);
  if (marks.length === 0) return [];
  const lines = referenceLines(context, measures, unit);
  const values = [...marks.flatMap(verticalExtent), ...lines.map(({ y }) => y)];
  const banded = marks.some(({ band }) => band);
  return [
    {
      name,
      kind: name,
      benchmark,
      title: manifest.axes.length === 0 ? title : `${title} against ${manifest.axes[0]}`,
      subtitle: subtitleOf(context),
      caption: captionOf(
        context,
        `Whiskers: 95% intervals, each for itself${banded ? "; area: 95% band, for all points at once" : ""}.`,
      ),
      x: axis,
      y: fittedAxis(unit.title, unit.fromZero ? [0, ...values] : wholeIfWide(values), unit),
      // What was not measured has no place in the legend.
      series: series.filter((one) => one.marks.length > 0),
      lines,
      marked: groups.length === 1 ? markChosen(context, placeOf) : [],
      places: points.map((row) => ({ point: row.point, x: placeOf(row) })),
    },
  ];
}

/** Rates that cover much of 0 to 100 are shown on all of it. */
function wholeIfWide(values: readonly number[]): readonly number[] {
  return Math.max(...values) - Math.min(...values) > 50 ? [0, 100, ...values] : values;
}

function markOf(
  row: SummaryRow,
  x: number,
  measure: Measured,
  { hollow, banded }: { hollow: boolean; banded: boolean },
): Mark[] {
  const { value, interval } = measure.shown(row);
  if (value === null) return [];
  const band = banded ? measure.band(row) : null;
  return [{ x, y: value, xInterval: null, yInterval: interval, band, label: null, hollow, point: row.point }];
}
