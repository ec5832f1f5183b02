import type { Estimate, SummaryRow } from "../../../findings/summarize.ts";
import { paretoFront } from "../../../stats/choice/pareto.ts";
import { fittedAxis, type Mark, type Picture, type Series } from "../picture.ts";
import { type ChartContext, captionOf, chosenPoint, subtitleOf } from "./chart-context.ts";
import { COUNT, NEUTRAL_STYLE, PERCENT, scaled, seriesOf, verticalExtent } from "./chart-rows.ts";
import { shortNames } from "./short-names.ts";

/** Points above this number are named only where there is room. */
const MANY = 15;

/**
 * Accuracy against length, points named. The front is a staircase: what is to be had for so many tokens is the best point that
 * costs no more, and nothing between two points was measured. Strict accuracy where it is known, as in the decision.
 */
export function frontPicture(context: ChartContext): Picture[] {
  const { manifest, rows, points, references, benchmark } = context;
  const strict = rows.every((row) => row.accuracyStrict.value !== null);
  const rateOf = (row: SummaryRow): Estimate => (strict ? row.accuracyStrict : row.accuracy);
  const choices = rows.flatMap((row) => {
    const { value } = rateOf(row);
    return value === null || row.tokens.value === null ? [] : [{ row, gain: 100 * value, cost: row.tokens.value }];
  });
  if (choices.length < 2) return [];
  const front = paretoFront(choices);
  const onFront = new Set(front.map(({ row }) => row));
  const chosen = chosenPoint(context);
  const [axis] = manifest.axes;
  const names = shortNames(references.map(({ point }) => point));
  const markFor = (row: SummaryRow): Mark[] => {
    const { value, interval } = scaled(rateOf(row));
    if (value === null || row.tokens.value === null) return [];
    const place = row.kind === "point" && axis !== undefined ? row.axes[axis] : undefined;
    return [
      {
        x: row.tokens.value,
        y: value,
        xInterval: row.tokens.interval,
        yInterval: interval,
        label: place ?? names.get(row.point) ?? row.point,
        hollow: !onFront.has(row),
        ringed: row.point === chosen?.name,
        point: row.point,
      },
    ];
  };
  const groups = seriesOf(manifest, points);
  const series: Series[] = [
    { name: "Pareto front", style: NEUTRAL_STYLE, marks: staircase(front), joined: true, bare: true },
    ...groups.map(({ name, rows: own }, style) => ({
      name: name === "" ? (axis === undefined ? "points" : `points, labelled with ${axis}`) : name,
      style,
      marks: own.flatMap(markFor),
      joined: false,
      bare: false,
    })),
    ...references.map((row, i) => ({
      name: names.get(row.point) ?? row.point,
      style: groups.length + 1 + i,
      marks: markFor(row),
      joined: false,
      bare: false,
    })),
  ];
  const marks = series.flatMap((one) => one.marks);
  const across = marks.flatMap(({ x, xInterval }) => (xInterval === null ? [x] : [x, xInterval.low, xInterval.high]));
  const ring = chosen === undefined ? "" : `; ring: ${chosen.text}`;
  return [
    {
      name: "front",
      kind: "front",
      benchmark,
      title: strict ? "Strict accuracy against length" : "Accuracy against length",
      subtitle: `${subtitleOf(context)}; filled: not beaten in both${ring}`,
      caption: captionOf(
        context,
        `Whiskers: 95% intervals, each for itself.${points.length > MANY ? " Named where there is room." : ""}`,
      ),
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
