import { countOf } from "../../base/count-of.ts";
import type { Judgement } from "../../findings/judge.ts";
import { pointScores, sameAs } from "../../findings/point-scores.ts";
import type { Manifest, ProblemRecord } from "../../runs/schema.ts";
import type { StoredRun } from "../../runs/stored-run.ts";
import { OUTCOMES, type ScoreTable } from "../../runs/tables/score-table.ts";
import { type SummaryTable, summaryTable } from "../tables/summary-table.ts";
import { type AttemptsByPoint, placeTexts, StringTable, type WantedTexts } from "./choose-texts.ts";
import { describeRun, legendOf, recipeText, sectionsOf } from "./markdown.ts";
import type {
  LiveNews,
  PageBenchmark,
  PageClaims,
  PageData,
  PagePicture,
  PageQuestion,
  PageTable,
} from "./page-data.ts";
import { protocolFacts } from "./protocol.ts";
import { shorten } from "./read-attempts.ts";
import { encodeScore } from "./score-codes.ts";

/** What a page shows beside what is in the run and its judgement. */
export interface PageExtras {
  readonly pictures: readonly PagePicture[];
  readonly failures: readonly string[];
  readonly files: readonly string[];
  readonly live?: LiveNews | null;
  readonly texts: { readonly wanted: WantedTexts; readonly attempts: AttemptsByPoint };
}

/** All that a page shows. Equal runs give equal data. */
export function buildPageData(run: StoredRun, judgement: Judgement, extras: PageExtras): PageData {
  const { manifest } = run;
  const strings = new StringTable();
  const table = summaryTable(judgement.rows, judgement.averages);
  const problems = new Map((run.problems ?? []).map((record) => [`${record.benchmark}\n${record.sample}`, record]));
  const benchmarks = pageBenchmarks(run, (benchmark, sample) => problems.get(`${benchmark}\n${sample}`), strings);
  const evaluated = new Map(run.evaluated.map((unit) => [unit.point.name, unit]));
  return {
    version: manifest.mergesweep_version,
    sweep: manifest.sweep,
    decisions: judgement.decisions.map(({ benchmark, text, point, useful }) => ({
      benchmark,
      text,
      point: point ?? useful,
    })),
    run: describeRun(manifest),
    table: pageTable(table),
    legend: legendOf(manifest, table.note),
    pictures: extras.pictures,
    points: manifest.points.flatMap(({ name, kind }) => {
      const unit = evaluated.get(name);
      if (unit === undefined) return [];
      const { weights_sha256: weights } = unit.result;
      return [{ name, kind, weights, sameAs: sameAs(run, name) }];
    }),
    benchmarks,
    claims: pageClaims(manifest, judgement),
    protocol: protocolFacts(run, judgement),
    recipe: recipeText(manifest),
    texts: placeTexts(run, extras.texts.wanted, extras.texts.attempts, strings),
    failures: extras.failures,
    files: extras.files,
    live: extras.live ?? null,
  };
}

function pageBenchmarks(
  run: StoredRun,
  problemOf: (benchmark: string, sample: string) => ProblemRecord | undefined,
  strings: StringTable,
): PageBenchmark[] {
  const scores = pointScores(run);
  return run.manifest.benchmarks.flatMap(({ name, unit }) => {
    const own = scores.filter(({ benchmark }) => benchmark.name === name);
    if (own.length === 0) return [];
    // Of whole runs there is no answer to show.
    if (unit === "run") return [{ name, attempts: 1, questions: [], scores: {} }];
    const ids = [...new Set(own.flatMap(({ table }) => table.samples))].toSorted((a, b) => (a < b ? -1 : 1));
    const attempts = Math.max(...own.map(({ table }) => mostAttempts(table)));
    return [
      {
        name,
        attempts,
        questions: ids.map((id) => pageQuestion(id, problemOf(name, id), strings)),
        scores: Object.fromEntries(own.map(({ point, table }) => [point.name, pageScores(table, ids, attempts)])),
      },
    ];
  });
}

function pageQuestion(id: string, record: ProblemRecord | undefined, strings: StringTable): PageQuestion {
  return {
    id,
    problem: strings.place(record === undefined ? null : shorten(record.problem)),
    golds: (record?.golds ?? []).map((gold) => strings.place(gold)),
    labels: record?.labels ?? {},
  };
}

function mostAttempts({ starts, samples }: ScoreTable): number {
  return samples.reduce((most, _, q) => Math.max(most, (starts[q + 1] ?? 0) - (starts[q] ?? 0)), 0);
}

function pageScores(
  { samples, starts, columns, outcomes }: ScoreTable,
  ids: readonly string[],
  attempts: number,
): { codes: string; tokens: string } {
  const places = new Map(samples.map((sample, q) => [sample, q]));
  const codes: string[] = [];
  const tokens: string[] = [];
  for (const id of ids) {
    const q = places.get(id);
    const [start, end] = q === undefined ? [0, 0] : [starts[q] ?? 0, starts[q + 1] ?? 0];
    for (let attempt = 0; attempt < attempts; attempt++) {
      const i = start + attempt;
      const made = i < end;
      codes.push(
        encodeScore(
          made
            ? {
                outcome: OUTCOMES[outcomes[i] ?? 0] ?? "unknown",
                strict: bit(columns.accuracy_strict[i]),
                format: bit(columns.format[i]),
              }
            : null,
        ),
      );
      const count = columns.tokens[i] ?? Number.NaN;
      tokens.push(made && !Number.isNaN(count) ? String(count) : "");
    }
  }
  return { codes: codes.join(""), tokens: tokens.join(" ") };
}

function bit(value: number | undefined): boolean | null {
  return value === undefined || Number.isNaN(value) ? null : value >= 0.5;
}

function pageTable({ header, rows: texts, points, values, nameColumns }: SummaryTable): PageTable {
  return {
    header,
    nameColumns,
    rows: texts.map((cells, i) => ({
      point: points[i] ?? "",
      cells,
      keys: (values[i] ?? []).map((value) => (typeof value === "string" ? nameKey(value) : value)),
    })),
  };
}

/** Names of points on one axis are sorted by the number in them, so that w=10 comes after w=2. */
function nameKey(name: string): number | string {
  const digits = /^[^=]*=(-?[\d.]+)$/.exec(name)?.[1];
  return digits === undefined ? name : Number(digits);
}

function pageClaims({ benchmarks }: Manifest, { claims }: Judgement): PageClaims[] {
  const shown = claims.filter((claim) => claim.shown);
  const byRun = (name: string): boolean => {
    const own = benchmarks.filter((benchmark) => benchmark.name === name);
    return (own.length === 0 ? benchmarks : own).every(({ unit }) => unit === "run");
  };
  return sectionsOf(shown).map(({ heading, claims: own }) => ({
    heading,
    claims: own.map(({ text, questions }) => ({
      text,
      basis: questions === null ? "" : countOf(questions, byRun(heading) ? "run" : "question"),
    })),
  }));
}
