import { csvRate } from "../../findings/numbers.ts";
import { pointScores } from "../../findings/point-scores.ts";
import type { ScoreRecord } from "../../runs/schema.ts";
import type { EvaluatedPoint, StoredRun } from "../../runs/stored-run.ts";
import { compareRecords } from "../../runs/tables/build-score-tables.ts";
import { axisColumns, type Columns, namesOf, toCsv, toCsvRows } from "./csv-table.ts";
import type { CsvStyle } from "./csv-text.ts";

/** What decides the columns of samples.csv: plain data, as a thread is given it. */
export interface SamplesLayout {
  readonly sweep: string;
  readonly axes: readonly string[];
  readonly formatParts: readonly string[];
  readonly rewards: readonly string[];
  /** Whether any point was asked samples of the questions. */
  readonly weighted: boolean;
  readonly style: CsvStyle;
}

/** A unit's place in samples.csv. */
export interface SamplesUnit {
  readonly point: string;
  readonly axes: Readonly<Record<string, string>>;
  /** In the plan's order. */
  readonly benchmarks: readonly string[];
  /** Whether the records lie as the table has them: by benchmark, question and attempt. */
  readonly inOrder: boolean;
  /** What questions stand for that do not stand for themselves, by benchmark and question. */
  readonly weights: ReadonlyMap<string, ReadonlyMap<string, number>>;
}

interface AttemptRow {
  readonly unit: SamplesUnit;
  readonly score: ScoreRecord;
}

export function samplesLayout(run: StoredRun, style: CsvStyle = {}): SamplesLayout {
  const tables = pointScores(run).map(({ table }) => table);
  return {
    sweep: run.manifest.sweep,
    axes: run.manifest.axes,
    formatParts: namesOf(tables, (table) => table.formatParts),
    rewards: namesOf(tables, (table) => table.rewards),
    weighted: tables.some(({ weights }) => weights !== undefined),
    style,
  };
}

export function samplesUnit({ manifest }: StoredRun, { point, tables, inOrder }: EvaluatedPoint): SamplesUnit {
  const benchmarks = manifest.benchmarks.map(({ name }) => name);
  const places = tables.map(({ benchmark }) => benchmarks.indexOf(benchmark));
  return {
    point: point.name,
    axes: point.axes,
    benchmarks,
    inOrder: inOrder && places.every((place, i) => place > (places[i - 1] ?? -1)),
    weights: new Map(
      tables.flatMap(({ benchmark, samples, weights }) =>
        weights === undefined
          ? []
          : [[benchmark, new Map(samples.map((sample, q) => [sample, weights[q] ?? 1]))] as const],
      ),
    ),
  };
}

/** The first line of samples.csv: a row an attempt, so that any other statistic can be computed elsewhere. */
export function samplesHeader(layout: SamplesLayout): string {
  return toCsv([], columnsOf(layout), layout.style);
}

/** Its rows for one unit, in pieces. @param records all that are asked */
export async function* samplesRows(
  layout: SamplesLayout,
  unit: SamplesUnit,
  records: AsyncIterable<readonly ScoreRecord[]>,
): AsyncGenerator<string> {
  const columns = columnsOf(layout);
  for await (const scores of sorted(unit, records)) {
    yield toCsvRows(
      scores.map((score) => ({ unit, score })),
      columns,
      layout.style,
    );
  }
}

/** As they lie where they are in order; else all of the unit's, sorted. */
async function* sorted(
  { benchmarks, inOrder }: SamplesUnit,
  records: AsyncIterable<readonly ScoreRecord[]>,
): AsyncGenerator<readonly ScoreRecord[]> {
  if (inOrder) {
    yield* records;
    return;
  }
  const all: ScoreRecord[] = [];
  for await (const piece of records) all.push(...piece);
  for (const name of benchmarks) {
    yield all.filter(({ benchmark }) => benchmark === name).toSorted(compareRecords);
  }
}

function columnsOf({ sweep, axes, formatParts, rewards, weighted }: SamplesLayout): Columns<AttemptRow> {
  return [
    ["sweep", () => sweep],
    ["point", ({ unit }) => unit.point],
    ...axisColumns<AttemptRow>(axes, ({ unit }) => unit.axes),
    ["benchmark", ({ score }) => score.benchmark],
    ["sample", ({ score }) => score.sample],
    ["attempt", ({ score }) => score.attempt],
    ...(weighted
      ? [
          [
            "stands_for",
            ({ unit, score }: AttemptRow) => shortest(unit.weights.get(score.benchmark)?.get(score.sample) ?? 1),
          ] as const,
        ]
      : []),
    ["gold", ({ score }) => score.gold],
    ["answer", ({ score }) => score.answer],
    ["status", ({ score }) => score.status],
    ["accuracy", ({ score }) => score.accuracy],
    ["accuracy_strict", ({ score }) => score.accuracy_strict],
    ["format", ({ score }) => score.format],
    ["tokens", ({ score }) => score.tokens],
    ["truncated", ({ score }) => score.truncated],
    ["path", ({ score }) => score.path],
    ["rule", ({ score }) => score.rule],
    ["answer_class", ({ score }) => score.answer_class],
    ["thinking_tokens", ({ score }) => score.thinking_tokens],
    ["answer_tokens", ({ score }) => score.answer_tokens],
    ["characters", ({ score }) => score.characters],
    ["thinking_characters", ({ score }) => score.thinking_characters],
    ["answer_characters", ({ score }) => score.answer_characters],
    ["words", ({ score }) => score.words],
    ...formatParts.map(
      (name) => [`format_${name}`, ({ score }: AttemptRow) => shortest(score.format_parts[name])] as const,
    ),
    ...rewards.map((name) => [`reward_${name}`, ({ score }: AttemptRow) => csvRate(score.rewards[name])] as const),
  ];
}

/** 0, 1, 0.5 as they are: format components are short fractions. */
function shortest(value: number | undefined): string {
  return value === undefined ? "" : String(Number(value.toFixed(6)));
}
