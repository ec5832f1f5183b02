import type { Estimate, SummaryRow } from "../../findings/summarize.ts";
import type { Manifest } from "../../runs/schema.ts";
import { paretoFront } from "../../stats/pareto.ts";
import { COUNT, NEUTRAL_STYLE, PERCENT, scaled, seriesOf, subtitleOf, verticalExtent } from "./chart-rows.ts";
import { fittedAxis, type Mark, type Picture, type Series } from "./picture.ts";

/**
 * Accuracy against length, every point named. The front is a staircase: what is to be had for so many tokens is the best point
 * that costs no more, and nothing between two points was measured. Strict accuracy where it is known, as in the decision.
 */
export function frontPicture(manifest: Manifest, rows: readonly SummaryRow[]): Picture[] {
  const strict = rows.every((row) => row.accuracyStrict.value !== null);
  const rateOf = (row: SummaryRow): Estimate => (strict ? row.accuracyStrict : row.accuracy);
  const choices = rows.flatMap((row) => {
    const { value } = rateOf(row);
    return value === null || row.tokens.value === null ? [] : [{ row, gain: 100 * value, cost: row.tokens.value }];
  });
  if (choices.length < 2) return [];
  const front = paretoFront(choices);
  const onFront = new Set(front.map(({ row }) => row));
  const markFor = (row: SummaryRow): Mark[] => {
    const { value, interval } = scaled(rateOf(row));
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
      marks: staircase(front),
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
      title: strict ? "Strict accuracy against length" : "Accuracy against length",
      subtitle: `${subtitleOf(manifest, rows)}; filled: not beaten in both`,
      x: fittedAxis("mean tokens a completion (fewer is better)", across, { limits: COUNT, leastSpan: 10, count: 8 }),
      y: fittedAxis(`${strict ? "strict accuracy" : "accuracy"}, % of the questions`, marks.flatMap(verticalExtent), {
        limits: PERCENT,
        leastSpan: 10,
      }),
      series,
      lines: [],
    },
  ];
}

/** From each point to the right at its height, and up where the next one begins. */
function staircase(front: readonly { readonly cost: number; readonly gain: number }[]): Mark[] {
  return front.flatMap(({ cost, gain }, i) => {
    const before = front[i - 1];
    return before === undefined ? [corner(cost, gain)] : [corner(cost, before.gain), corner(cost, gain)];
  });
}

function corner(x: number, y: number): Mark {
  return { x, y, xInterval: null, yInterval: null, label: null, hollow: false };
}
