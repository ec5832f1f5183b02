import type { MeasureId } from "../../../findings/evidence.ts";
import { fittedAxis, type Mark, type Picture, type PictureKind, type Series } from "../picture.ts";
import { type ChartContext, captionOf, markChosen, subtitleOf } from "./chart-context.ts";
import { NEUTRAL_STYLE, verticalExtent } from "./chart-rows.ts";
import { horizontalAxis } from "./horizontal-axis.ts";

const NO_LIMITS = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };

/** How far each merge is above or below the straight line between the experts at the ends; nothing without such claims. */
export function chordPictures(context: ChartContext): Picture[] {
  return [
    ...chordPicture(context, {
      name: "chord",
      title: "What merging adds to mixing the experts",
      measures: { accuracy: "accuracy", accuracy_strict: "strict accuracy (boxed)", format: "format" },
      unit: "points above the straight line",
      factor: 100,
    }),
    ...chordPicture(context, {
      name: "chord-tokens",
      title: "What merging adds to the length",
      measures: { tokens: "mean tokens" },
      unit: "tokens above the straight line",
      factor: 1,
    }),
  ];
}

interface ChordRequest {
  readonly name: PictureKind;
  readonly title: string;
  readonly measures: Readonly<Partial<Record<MeasureId, string>>>;
  readonly unit: string;
  readonly factor: number;
}

function chordPicture(context: ChartContext, { name, title, measures, unit, factor }: ChordRequest): Picture[] {
  const { manifest, points, claims, benchmark } = context;
  if (manifest.axes.length !== 1) return [];
  const { axis, placeOf } = horizontalAxis(manifest, points);
  const series: Series[] = Object.entries(measures).map(([measure, label], style) => ({
    name: label,
    style,
    joined: true,
    bare: false,
    marks: claims
      .filter((claim) => claim.kind === "chord" && claim.measure === measure && !claim.shown)
      .flatMap((claim): Mark[] => {
        const row = points.find(({ point }) => point === claim.points[0]);
        if (row === undefined || claim.estimate === null) return [];
        const scale = (low: number | null | undefined, high: number | null | undefined): Mark["yInterval"] =>
          low === null || low === undefined || high === null || high === undefined
            ? null
            : { low: factor * low, high: factor * high };
        return [
          {
            x: placeOf(row),
            y: factor * claim.estimate,
            xInterval: null,
            yInterval: scale(claim.low, claim.high),
            band: scale(claim.band_low, claim.band_high),
            label: null,
            hollow: style > 0,
            point: row.point,
          },
        ];
      })
      .toSorted((a, b) => a.x - b.x),
  }));
  const marks = series.flatMap((one) => one.marks);
  if (marks.length === 0) return [];
  return [
    {
      name,
      kind: name,
      benchmark,
      title,
      subtitle: `${subtitleOf(context)}; 0 is what a mixture of the two ends would have`,
      caption: captionOf(
        context,
        "Whiskers: 95% intervals, each for itself; area: 95% band, for all points of a measure at once.",
      ),
      x: axis,
      y: fittedAxis(unit, [0, ...marks.flatMap(verticalExtent)], { limits: NO_LIMITS, leastSpan: 4 }),
      series: series.filter((one) => one.marks.length > 0),
      lines: [{ y: 0, label: "straight line", style: NEUTRAL_STYLE, dash: [] }],
      marked: markChosen(context, placeOf),
      places: points.map((row) => ({ point: row.point, x: placeOf(row) })),
    },
  ];
}
