import { attemptWeights, known } from "../../../findings/summarize.ts";
import { quantile } from "../../../stats/quantile.ts";
import { fittedAxis, type Mark, type Picture, type Series } from "../picture.ts";
import { type ChartContext, captionOf, markChosen, subtitleOf } from "./chart-context.ts";
import { COUNT, seriesOf } from "./chart-rows.ts";
import { horizontalAxis } from "./horizontal-axis.ts";

/** From the outer area to the inner one: the middle 90 and the middle 50 percent. */
const AREAS = [
  { name: "middle 90%", low: 0.05, high: 0.95, opacity: 0.16 },
  { name: "middle 50%", low: 0.25, high: 0.75, opacity: 0.3 },
] as const;

/** How long the completions are at each point: quantiles of their tokens, and where they were cut off. */
export function lengthPicture(context: ChartContext): Picture[] {
  const { manifest, points, tables, benchmark } = context;
  if (seriesOf(manifest, points).length !== 1) return [];
  const { axis, placeOf } = horizontalAxis(manifest, points);
  const lengths = points
    .flatMap((row) => {
      const table = tables.get(row.point);
      if (table === undefined) return [];
      const { values, weights } = known(table.columns.tokens, attemptWeights(table));
      return values.length === 0
        ? []
        : [{ row, x: placeOf(row), at: (p: number) => quantile(values, p, weights) ?? 0 }];
    })
    .toSorted((a, b) => a.x - b.x);
  if (lengths.length < 2) return [];
  const seriesAt = (name: string, style: number, at: number): Series => ({
    name,
    style,
    joined: true,
    bare: false,
    marks: lengths.map(
      ({ row, x, at: quantileAt }): Mark => ({
        x,
        y: quantileAt(at),
        xInterval: null,
        yInterval: null,
        label: null,
        hollow: false,
        point: row.point,
      }),
    ),
  });
  const ribbons = AREAS.map(({ name, low, high, opacity }) => ({
    name,
    style: 0,
    opacity,
    corners: lengths.map(({ x, at }) => ({ x, low: at(low), high: at(high) })),
  }));
  const drawn = ribbons.flatMap(({ corners }) => corners.flatMap(({ low, high }) => [low, high]));
  const last = lengths.at(-1);
  const edge = (at: number, label: string): { y: number; label: string; style: number } => ({
    y: last?.at(at) ?? 0,
    label,
    style: 0,
  });
  return [
    {
      name: "lengths",
      kind: "lengths",
      benchmark,
      title: manifest.axes.length === 0 ? "How long answers are" : `How long answers are, by ${manifest.axes[0]}`,
      subtitle: `${subtitleOf(context)}; areas: the middle 90% and 50% of the completions`,
      caption: captionOf(context, "Quantiles of all completions of a point, cut off ones with the tokens they had."),
      x: axis,
      y: fittedAxis("tokens of a completion", [0, ...drawn], { limits: COUNT, leastSpan: 10 }),
      series: [seriesAt("median", 0, 0.5)],
      lines: [],
      ribbons,
      edges: [edge(0.95, "95%"), edge(0.75, "75%"), edge(0.5, "median"), edge(0.25, "25%"), edge(0.05, "5%")],
      marked: markChosen(context, placeOf),
      places: points.map((row) => ({ point: row.point, x: placeOf(row) })),
    },
  ];
}
