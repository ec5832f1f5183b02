import { countOf } from "../base/count-of.ts";
import type { StoredRun } from "../runs/schema.ts";
import { groupBy } from "../stats/mean.ts";
import { paretoFront } from "../stats/pareto.ts";
import { trendTest } from "../stats/trend.ts";
import type { Comparison } from "./compare-points.ts";
import type { Front } from "./fronts.ts";
import { decimal, percent, pText } from "./numbers.ts";
import { type Measure, missingPoints, type PointScores, pointScores, questionMeans } from "./point-scores.ts";
import type { SummaryRow } from "./summarize.ts";

/** A result of a permutation test that is smaller than this is called a change; as the 95% intervals. */
const SIGNIFICANT = 0.05;

/** What the numbers of one benchmark say, in sentences for a person. */
export interface Findings {
  readonly benchmark: string;
  readonly sentences: readonly string[];
}

/** What concerns the run as a whole: unfinished points, points with the same weights. */
export function runNotes(run: StoredRun, rows: readonly SummaryRow[]): string[] {
  const notes: string[] = [];
  const missing = missingPoints(run);
  if (missing.length > 0) {
    notes.push(
      `Not finished, and left out here: ${missing.join(", ")} (${missing.length} of ${run.manifest.points.length}).`,
    );
  }
  for (const { point, message, earlier } of run.failed) {
    notes.push([`${point} failed: ${message}`, ...earlier.map((death) => `Before: ${death}`)].join("\n"));
  }
  const twins = new Map(rows.flatMap((row) => (row.sameAs === null ? [] : [[row.point, row.sameAs] as const])));
  for (const [point, original] of twins) {
    notes.push(`${point} has the same weights as ${original}: evaluated once, shown twice.`);
  }
  const { profile, formats } = run.manifest.scoring;
  if (profile !== "default") notes.push(`Answers were extracted by the profile "${profile}".`);
  for (const [name, pattern] of Object.entries(formats)) notes.push(`format_${name} is 1 where ${pattern} matches.`);
  const { max_tokens: maxTokens } = run.manifest;
  const repeated = run.evaluated.flatMap(({ result }) => result.repeated ?? []);
  if (repeated.length > 0) {
    const [asked, same] = [repeated.map((one) => one.asked), repeated.map((one) => one.same)].map((counts) =>
      counts.reduce((total, count) => total + count, 0),
    );
    notes.push(
      `This runtime need not give the same text for the same seed: ${same} of ${countOf(asked ?? 0, "completion that was", "completions that were")} asked for twice came out the same.`,
    );
  }
  notes.push(`Completions were cut off at ${countOf(maxTokens, "token")}; see the column "cut off".`);
  const early = run.evaluated
    .flatMap(({ scores }) => scores)
    .filter(({ truncated, tokens }) => truncated === 1 && tokens < maxTokens).length;
  if (early > 0) notes.push(`${early} of them earlier: the context ended.`);
  return notes;
}

/** For every benchmark: does each measure depend on the axis, which points differ from the ends, and which are worth having. */
export function findings(
  run: StoredRun,
  rows: readonly SummaryRow[],
  comparisons: readonly Comparison[],
  fronts: readonly Front[],
): Findings[] {
  return [...groupBy(pointScores(run), (scores) => scores.benchmark.name)].map(([benchmark, scores]) => {
    const own = rows.filter((row) => row.benchmark === benchmark);
    const compared = comparisons.filter((comparison) => comparison.benchmark === benchmark);
    return {
      benchmark,
      sentences: [
        ...run.manifest.axes.flatMap((axis) => axisSentences(axis, scores, compared)),
        ...differenceSentences(compared, scores),
        ...frontSentence(
          own,
          fronts.find((front) => front.benchmark === benchmark),
        ),
        ...truncationSentence(own),
      ],
    };
  });
}

interface NamedMeasure {
  readonly name: string;
  readonly measure: Measure;
  readonly write: (value: number) => string;
}

const inPercent = (value: number): string => `${percent(value)}%`;

const ACCURACY: NamedMeasure = { name: "Accuracy", measure: (score) => score.accuracy, write: inPercent };
const MEASURES: readonly NamedMeasure[] = [
  ACCURACY,
  { name: "Strict accuracy", measure: (score) => score.accuracy_strict, write: inPercent },
  { name: "Format", measure: (score) => score.format, write: inPercent },
  { name: "Mean length in tokens", measure: (score) => score.tokens, write: (value) => decimal(value) },
];

interface Level {
  readonly value: number;
  readonly label: string;
  readonly points: readonly PointScores[];
}

function axisSentences(axis: string, scores: readonly PointScores[], compared: readonly Comparison[]): string[] {
  const points = scores.filter(({ point }) => point.kind === "point" && Number.isFinite(Number(point.axes[axis])));
  const levels: Level[] = [...groupBy(points, ({ point }) => Number(point.axes[axis]))]
    .map(([value, group]) => ({ value, label: `${axis}=${group[0]?.point.axes[axis] ?? value}`, points: group }))
    .toSorted((a, b) => a.value - b.value);
  // With two levels the paired comparison says it all; a trend needs three.
  if (levels.length < 3) return [];
  return MEASURES.map((named) => trendSentence(axis, levels, named, compared));
}

function trendSentence(
  axis: string,
  levels: readonly Level[],
  { name, measure, write }: NamedMeasure,
  compared: readonly Comparison[],
): string {
  const table = questionByLevel(levels, measure);
  const { spearman, trendP, anyP } = trendTest(
    table,
    levels.map((level) => level.value),
  );
  const means = levels.map((_, i) => table.reduce((total, row) => total + (row[i] ?? 0), 0) / table.length);
  const [first, last] = [means[0] ?? 0, means.at(-1) ?? 0];
  const ends = `${write(first)} at ${levels[0]?.label}, ${write(last)} at ${levels.at(-1)?.label}`;
  const range = `${write(Math.min(...means))} to ${write(Math.max(...means))}`;
  if (trendP < SIGNIFICANT) {
    const rho = spearman === null ? "" : `, Spearman ${spearman.toFixed(2)}`;
    const direction = (spearman ?? last - first) > 0 ? "rises" : "falls";
    return `${name} ${direction} with ${axis}: ${ends} (range ${range}${rho}, ${pText(trendP)}).`;
  }
  if (anyP < SIGNIFICANT) {
    return `${name} changes with ${axis}, but not in one direction: ${ends} (range ${range}, ${pText(anyP)}).`;
  }
  const unseen = measure === ACCURACY.measure ? detectable(levels, compared) : "";
  return `${name} does not change with ${axis} beyond noise: ${ends} (range ${range}, ${pText(anyP)} for any change, ${pText(trendP)} for a trend)${unseen}.`;
}

/** Questions that every point answered, by level: where several points share a level (other axes), their mean. */
function questionByLevel(levels: readonly Level[], measure: Measure): number[][] {
  const perPoint = levels.map(({ points }) =>
    points.map(({ questions }) => {
      const means = questionMeans(questions, measure);
      return new Map(questions.map(({ sample }, i) => [sample, means[i] ?? 0]));
    }),
  );
  const samples = [...(perPoint[0]?.[0]?.keys() ?? [])];
  return samples
    .filter((sample) => perPoint.every((group) => group.every((answers) => answers.has(sample))))
    .map((sample) =>
      perPoint.map((group) => group.reduce((total, answers) => total + (answers.get(sample) ?? 0), 0) / group.length),
    );
}

/** What a difference would have had to be, the median over the points against the first. */
function detectable(levels: readonly Level[], compared: readonly Comparison[]): string {
  const baseline = levels[0]?.points[0]?.point.name;
  const known = compared
    .filter((comparison) => comparison.baseline === baseline)
    .flatMap(({ accuracy }) => (accuracy.minimumDetectable === null ? [] : [accuracy.minimumDetectable]))
    .toSorted((a, b) => a - b);
  const middle = known[Math.floor(known.length / 2)];
  return middle === undefined ? "" : `; a true difference under about ${decimal(100 * middle)} points would go unseen`;
}

function differenceSentences(compared: readonly Comparison[], scores: readonly PointScores[]): string[] {
  const sweep = new Set(scores.filter(({ point }) => point.kind === "point").map(({ point }) => point.name));
  const own = compared.filter(({ point }) => sweep.has(point));
  return [...groupBy(own, ({ baseline }) => baseline)].map(([baseline, family]) => {
    const found = family.filter(({ accuracyHolm }) => (accuracyHolm ?? 1) < SIGNIFICANT);
    const mdds = family.flatMap(({ accuracy }) => accuracy.minimumDetectable ?? []);
    if (found.length > 0) {
      const parts = found.map(({ point, accuracy }) => `${point} (${signedPoints(accuracy.difference)})`);
      return `Against ${baseline}, accuracy differs at ${parts.join(", ")} points (paired, Holm-adjusted p < 0.05).`;
    }
    const limit = mdds.length === 0 ? "" : `; minimum detectable difference ${decimal(100 * Math.max(...mdds))} points`;
    return `Against ${baseline}, no point's accuracy differs (paired, Holm-adjusted p >= 0.05${limit}).`;
  });
}

function signedPoints(value: number): string {
  return `${value > 0 ? "+" : ""}${decimal(100 * value)}`;
}

function frontSentence(rows: readonly SummaryRow[], front: Front | undefined): string[] {
  const choices = rows.flatMap(({ point, accuracy, tokens }) =>
    accuracy.value === null || tokens.value === null ? [] : [{ point, gain: accuracy.value, cost: tokens.value }],
  );
  if (choices.length < 2) return [];
  const parts = paretoFront(choices).map(
    ({ point, gain, cost }) =>
      `${point} (${percent(gain)}% in ${decimal(cost)} tokens; ${percent(front?.probability[point] ?? null, 0)}%)`,
  );
  return [
    `Not beaten in both accuracy and tokens (last number: how often so when other questions are drawn): ${parts.join(", ")}.`,
  ];
}

function truncationSentence(rows: readonly SummaryRow[]): string[] {
  const worst = rows.reduce<SummaryRow | undefined>(
    (most, row) => ((row.truncated ?? 0) > (most?.truncated ?? 0) ? row : most),
    undefined,
  );
  if (worst === undefined) return [];
  const others =
    worst.accuracyCompleted === null ? "" : `; accuracy of its others is ${percent(worst.accuracyCompleted)}%`;
  return [`Up to ${percent(worst.truncated)}% of the completions were cut off (${worst.point})${others}.`];
}
