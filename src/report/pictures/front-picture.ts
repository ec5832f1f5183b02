import type { SummaryRow } from "../../findings/summarize.ts";
import type { Manifest } from "../../runs/schema.ts";
import { paretoFront } from "../../stats/pareto.ts";
import { COUNT, NEUTRAL_STYLE, PERCENT, scaled, seriesOf, subtitleOf, verticalExtent } from "./chart-rows.ts";
import { fittedAxis, type Mark, type Picture, type Series } from "./picture.ts";

/** Accuracy against length, the Pareto front drawn, every point named. */
export function frontPicture(manifest: Manifest, rows: readonly SummaryRow[]): Picture[] {
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
