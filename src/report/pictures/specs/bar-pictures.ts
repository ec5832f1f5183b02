import { decimal } from "../../../findings/numbers.ts";
import { type EdgeLabel, fittedAxis, type Mark, type Picture, type PictureKind } from "../picture.ts";
import { type ChartContext, captionOf, subtitleOf } from "./chart-context.ts";
import { COUNT, type Measured, measuresOf, PERCENT } from "./chart-rows.ts";
import { shortNames } from "./short-names.ts";

/** The style that is seen on bars of any colour. */
const BLACK = 6;

/** Bars for one point, or for references alone: nothing varies that a line could go along. */
export function barPictures(context: ChartContext): Picture[] {
  const { accuracy, accuracy_strict: strict, format, tokens } = measuresOf(context);
  return [
    ...barPicture(context, {
      name: "bars",
      title: "Accuracy and format",
      measures: [accuracy, strict, format],
      unit: "% of the questions",
    }),
    ...barPicture(context, {
      name: "bars-tokens",
      title: "Length",
      measures: [tokens],
      unit: "mean tokens a completion",
    }),
  ];
}

interface BarRequest {
  readonly name: PictureKind;
  readonly title: string;
  readonly measures: readonly Measured[];
  readonly unit: string;
}

function barPicture(context: ChartContext, { name, title, measures, unit }: BarRequest): Picture[] {
  const { rows, benchmark } = context;
  const rates = measures.length > 1;
  const names = shortNames(rows.map(({ point }) => point));
  const bars = measures
    .flatMap((measure, style) => rows.map((row) => ({ row, style, measure: measure.name, ...measure.shown(row) })))
    .flatMap(({ value, ...bar }) => (value === null ? [] : [{ ...bar, value }]))
    .toReversed();
  if (bars.length === 0) return [];
  const values = bars.flatMap(({ value, interval }) => [value, interval?.high ?? value]);
  const limits = rates ? PERCENT : COUNT;
  const axis = fittedAxis(unit, rates ? [0, 100] : [0, ...values], { limits, leastSpan: 1 });
  return [
    {
      name,
      kind: name,
      benchmark,
      title,
      subtitle: subtitleOf(context),
      caption: captionOf(context, "Whiskers and brackets: 95% intervals, each for itself."),
      x: { ...axis, min: 0 },
      y: {
        title: "",
        min: -0.7,
        max: bars.length - 0.3,
        grid: false,
        ticks: bars.map(({ row, measure }, value) => ({
          value,
          label: [
            rates
              ? `${names.get(row.point) ?? row.point}, ${measure.replace(" (boxed)", "")}`
              : (names.get(row.point) ?? row.point),
          ],
        })),
      },
      tall: Math.max(0.6, Math.min(4, bars.length / 10)),
      series: [
        {
          name: "",
          style: BLACK,
          joined: false,
          bare: true,
          marks: bars.map(
            ({ row, value, interval }, y): Mark => ({
              x: value,
              y,
              xInterval: interval,
              yInterval: null,
              label: null,
              hollow: false,
              point: row.point,
            }),
          ),
        },
      ],
      lines: [],
      tiles: bars.map(({ row, measure, style, value, interval }, y) => ({
        name: measure,
        point: row.point,
        lies: true,
        left: 0,
        right: value,
        bottom: y - 0.36,
        top: y + 0.36,
        fill: { style },
        label: null,
        value,
        interval,
      })),
      edges: bars.map(
        ({ value, interval, style }, y): EdgeLabel => ({
          y,
          label: `${decimal(value)}${interval === null ? "" : ` [${decimal(interval.low)}, ${decimal(interval.high)}]`}`,
          style,
        }),
      ),
    },
  ];
}
