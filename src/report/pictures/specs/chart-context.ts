import { countOf } from "../../../base/count-of.ts";
import type { Claim } from "../../../findings/claims.ts";
import type { Decision } from "../../../findings/decision/decision.ts";
import type { Bands, Judgement } from "../../../findings/judge.ts";
import { pointScores } from "../../../findings/point-scores.ts";
import type { SummaryRow } from "../../../findings/summarize.ts";
import type { Manifest } from "../../../runs/schema.ts";
import type { StoredRun } from "../../../runs/stored-run.ts";
import type { ScoreTable } from "../../../runs/tables/score-table.ts";
import type { MarkedPlace } from "../picture.ts";

/** All that the pictures of one benchmark are made from. */
export interface ChartContext {
  readonly manifest: Manifest;
  readonly benchmark: string;
  /** Of this benchmark, in the manifest's order. */
  readonly rows: readonly SummaryRow[];
  readonly points: readonly SummaryRow[];
  readonly references: readonly SummaryRow[];
  readonly bands: ReadonlyMap<string, Bands>;
  readonly claims: readonly Claim[];
  readonly tables: ReadonlyMap<string, ScoreTable>;
  readonly decision: Decision | undefined;
  /** What the report is called in captions: the first digits of the digest of report.json; empty while there is none. */
  readonly digest: string;
}

/** A context for each benchmark that anything was measured on. */
export function chartContexts(run: StoredRun, judgement: Judgement, digest: string): ChartContext[] {
  const { manifest } = run;
  const scores = pointScores(run);
  return manifest.benchmarks.flatMap(({ name }) => {
    const rows = judgement.rows.filter(({ benchmark }) => benchmark === name);
    if (rows.length === 0) return [];
    return [
      {
        manifest,
        benchmark: name,
        rows,
        points: rows.filter(({ kind }) => kind === "point"),
        references: rows.filter(({ kind }) => kind === "reference"),
        bands: judgement.bands.get(name) ?? new Map<string, Bands>(),
        claims: judgement.claims.filter(({ benchmark }) => benchmark === name),
        tables: new Map(
          scores.flatMap(({ point, benchmark, table }) => (benchmark.name === name ? [[point.name, table]] : [])),
        ),
        decision: judgement.decisions.find(({ benchmark }) => benchmark === name) ?? judgement.decisions[0],
        digest,
      },
    ];
  });
}

/** The point that the decision names: chosen, or the one to look at while nothing is decided. */
export function chosenPoint({ decision }: ChartContext): { name: string; text: string } | undefined {
  const name = decision?.point ?? decision?.useful;
  if (decision === undefined || name === null || name === undefined) return undefined;
  return { name, text: decision.confident ? `${name}: chosen` : `${name}: first in the race, not decided` };
}

/** The chosen point as a line across a picture whose x shows the points. */
export function markChosen(context: ChartContext, placeOf: (row: SummaryRow) => number): MarkedPlace[] {
  const chosen = chosenPoint(context);
  const row = context.points.find(({ point }) => point === chosen?.name);
  return chosen === undefined || row === undefined ? [] : [{ x: placeOf(row), label: chosen.text }];
}

/** `pocket: pocket-math`. */
export function subtitleOf({ manifest, benchmark }: ChartContext): string {
  return `${manifest.sweep}: ${benchmark}`;
}

/** What a picture rests on: questions, attempts, what the intervals are, and the report it belongs to. */
export function captionOf({ rows, digest, manifest, benchmark }: ChartContext, intervals: string): string {
  const known = rows.flatMap(({ samples }) => samples ?? []);
  const [least, most] = [Math.min(...known), Math.max(...known)];
  const byRun = manifest.benchmarks.some(({ name, unit }) => name === benchmark && unit === "run");
  const asked = least === most ? countOf(most, "question") : `${least} to ${most} questions`;
  const attempts = Math.max(...rows.map((row) => row.attempts));
  return [
    `n = ${known.length === 0 ? "unknown" : asked}, k = ${byRun ? countOf(attempts, "run") : `${countOf(attempts, "attempt")} each`}.`,
    ...(rows.some(({ standsFor }) => standsFor !== undefined) ? ["Samples of questions, weighted by stratum."] : []),
    ...(intervals === "" ? [] : [intervals]),
    digest === "" ? "The run goes on." : `report.json\u00a0${digest}`,
  ].join(" ");
}
