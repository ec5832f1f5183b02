import type { PlannedPoint, ScoreRecord } from "../../runs/schema.ts";
import { csvText } from "./csv-text.ts";
import type { TextTable } from "./summary-table.ts";

/** The scores of one point under one way of scoring. */
export interface ScoredPoint {
  readonly point: PlannedPoint;
  readonly scores: readonly ScoreRecord[];
}

/** One completion that two ways of scoring judge differently. */
export interface Disagreement {
  readonly point: string;
  readonly first: ScoreRecord;
  readonly second: ScoreRecord;
}

/** The completions whose accuracy or strict accuracy differs between two scorings of the same run, in the run's order. */
export function findDisagreements(first: readonly ScoredPoint[], second: readonly ScoredPoint[]): Disagreement[] {
  return first.flatMap(({ point, scores }, p) =>
    scores.flatMap((score, s) => {
      const other = second[p]?.scores[s];
      const same =
        other === undefined || (score.accuracy === other.accuracy && score.accuracy_strict === other.accuracy_strict);
      return same ? [] : [{ point: point.name, first: score, second: other }];
    }),
  );
}

/** Per point: how many completions there are, and whom only one of the two calls right. */
export function disagreementTable(
  points: readonly ScoredPoint[],
  found: readonly Disagreement[],
  [first, second]: readonly [string, string],
): TextTable {
  const header = [
    "point",
    "completions",
    `only ${first}`,
    `only ${second}`,
    `strict: only ${first}`,
    `strict: only ${second}`,
  ];
  const rows = points.map(({ point, scores }) => {
    const own = found.filter((disagreement) => disagreement.point === point.name);
    const only = (measure: "accuracy" | "accuracy_strict", side: "first" | "second"): string => {
      const other = side === "first" ? "second" : "first";
      return String(own.filter((row) => (row[side][measure] ?? 0) > (row[other][measure] ?? 0)).length);
    };
    return [
      point.name,
      String(scores.length),
      only("accuracy", "first"),
      only("accuracy", "second"),
      only("accuracy_strict", "first"),
      only("accuracy_strict", "second"),
    ];
  });
  return { header, rows, nameColumns: 1 };
}

/** disagreements.csv: a row a completion that the two judge differently, with what each found and why. */
export function disagreementsCsv(found: readonly Disagreement[], names: readonly [string, string]): string {
  const sides = ["first", "second"] as const;
  const parts = ["accuracy", "accuracy_strict", "status", "answer", "path", "rule"] as const;
  const header = [
    "point",
    "benchmark",
    "sample",
    "attempt",
    "gold",
    ...names.flatMap((name) => parts.map((part) => `${part}_${name}`)),
  ];
  const rows = found.map((row) => [
    row.point,
    row.first.benchmark,
    row.first.sample,
    row.first.attempt,
    row.first.gold,
    ...sides.flatMap((side) => parts.map((part) => row[side][part] ?? "")),
  ]);
  return csvText([header, ...rows]);
}
