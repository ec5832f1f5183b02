import { percent } from "../../../findings/numbers.ts";
import { attemptWeights } from "../../../findings/summarize.ts";
import { OUTCOMES, type Outcome, type ScoreTable } from "../../../runs/tables/score-table.ts";
import type { EdgeLabel, Picture, Tile } from "../picture.ts";
import { type ChartContext, captionOf, markChosen, subtitleOf } from "./chart-context.ts";
import { seriesOf } from "./chart-rows.ts";
import { horizontalAxis } from "./horizontal-axis.ts";

const OUTCOME_NAMES: Readonly<Record<Outcome, string>> = {
  correct: "correct",
  wrong: "wrong",
  unparsed: "unreadable",
  no_answer: "no answer",
  truncated: "cut off",
  timeout: "not graded in time",
  unknown: "not known",
};

/** Of the colours, in an order in which neighbours differ in lightness as well. */
const STYLES: Readonly<Record<Outcome, number>> = {
  correct: 0,
  wrong: 5,
  unparsed: 2,
  no_answer: 4,
  truncated: 1,
  timeout: 6,
  unknown: -1,
};

/** What became of the completions of each point, as bars of 100%. */
export function outcomePicture(context: ChartContext): Picture[] {
  const { manifest, points, tables, benchmark } = context;
  if (points.length < 2 || seriesOf(manifest, points).length !== 1) return [];
  const { axis, placeOf, step } = horizontalAxis(manifest, points);
  const shares = points.map((row) => ({ row, shares: outcomeShares(tables.get(row.point)) }));
  // Of whole runs nothing is known of single answers.
  if (shares.every(({ shares: own }) => own.unknown === 1)) return [];
  const cap = manifest.max_tokens === null ? "" : ` (${manifest.max_tokens})`;
  const half = 0.4 * step;
  const tiles = shares.flatMap(({ row, shares: own }) => {
    let below = 0;
    return OUTCOMES.flatMap((outcome): Tile[] => {
      const share = own[outcome];
      if (share === 0) return [];
      const bottom = below;
      below += 100 * share;
      return [
        {
          name: OUTCOME_NAMES[outcome],
          point: row.point,
          left: placeOf(row) - half,
          right: placeOf(row) + half,
          bottom,
          top: below,
          fill: { style: STYLES[outcome] },
          label: null,
          value: 100 * share,
          interval: null,
        },
      ];
    });
  });
  const [low, high] = [
    Math.min(axis.min, ...tiles.map(({ left }) => left)),
    Math.max(axis.max, ...tiles.map(({ right }) => right)),
  ];
  return [
    {
      name: "outcomes",
      kind: "outcomes",
      benchmark,
      title:
        manifest.axes.length === 0
          ? "What became of the answers"
          : `What became of the answers, by ${manifest.axes[0]}`,
      subtitle: `${subtitleOf(context)}; cut off: stopped by max_tokens${cap}`,
      caption: captionOf(context, "Shares of all completions of a point."),
      x: { ...axis, min: low, max: high, grid: false },
      y: {
        title: "% of the completions",
        min: 0,
        max: 100,
        ticks: [0, 20, 40, 60, 80, 100].map((value) => ({ value, label: [String(value)] })),
      },
      series: [],
      lines: [],
      tiles,
      edges: outcomeEdges(shares.map((one) => one.shares)),
      marked: markChosen(context, placeOf),
      places: points.map((row) => ({ point: row.point, x: placeOf(row) })),
    },
  ];
}

function outcomeShares(table: ScoreTable | undefined): Record<Outcome, number> {
  const counts: Record<Outcome, number> = {
    correct: 0,
    wrong: 0,
    unparsed: 0,
    no_answer: 0,
    truncated: 0,
    timeout: 0,
    unknown: 0,
  };
  const weights = table && attemptWeights(table);
  let total = 0;
  table?.outcomes.forEach((outcome, i) => {
    const weight = weights?.[i] ?? 1;
    counts[OUTCOMES[outcome] ?? "correct"] += weight;
    total += weight;
  });
  for (const outcome of OUTCOMES) counts[outcome] /= Math.max(1, total);
  return counts;
}

/** Each outcome that occurs at all is named beside the last bar, with its share there. */
function outcomeEdges(shares: readonly Readonly<Record<Outcome, number>>[]): EdgeLabel[] {
  const last = shares.at(-1);
  let below = 0;
  return OUTCOMES.flatMap((outcome) => {
    if (last === undefined || shares.every((one) => one[outcome] === 0)) return [];
    const share = 100 * last[outcome];
    below += share;
    const name = OUTCOME_NAMES[outcome];
    return [{ y: below - share / 2, label: `${name} ${percent(last[outcome])}%`, name, style: STYLES[outcome] }];
  });
}
