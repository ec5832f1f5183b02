import { pointScores, questionMeans } from "../../findings/point-scores.ts";
import { FINISH_REASONS } from "../../runs/finish-reasons.ts";
import type { StoredRun } from "../../runs/stored-run.ts";
import type { ScoreTable } from "../../runs/tables/score-table.ts";
import type { PageTexts, ShownAttempt } from "./page-data.ts";
import { attemptKey, attemptsOf, LONGEST, type ReadAttempt } from "./read-attempts.ts";

/** Bytes of texts in one page: with scores and programs, a page of a million completions stays under 20 MB. */
const MOST_BYTES = 10_000_000;

/** A question's attempt that a page shows. */
interface Chosen {
  readonly benchmark: string;
  readonly sample: string;
  readonly attempt: number;
}

/** Which texts a page wants, chosen by scores and lengths alone. */
export interface WantedTexts {
  readonly chosen: readonly Chosen[];
  /** How many attempts at questions there are. */
  readonly all: number;
  /** Bytes of the texts together, in UTF-8. */
  readonly mostBytes: number;
}

/** By point, then by `attemptKey`. */
export type AttemptsByPoint = ReadonlyMap<string, ReadonlyMap<string, ReadAttempt>>;

/** Strings, each once. */
export class StringTable {
  readonly strings: string[] = [];
  readonly #places = new Map<string, number>();

  has(text: string): boolean {
    return this.#places.has(text);
  }

  /** The place of a text; -1 for none. */
  place(text: string | null): number {
    if (text === null) return -1;
    const known = this.#places.get(text);
    if (known !== undefined) return known;
    this.#places.set(text, this.strings.length);
    return this.strings.push(text) - 1;
  }
}

/**
 * Texts for a page: all of them where they fit. Else those of first attempts before those of second ones, and questions that
 * points answer differently before those that all get right or all get wrong.
 */
export function wantTexts(run: StoredRun, mostBytes = MOST_BYTES): WantedTexts {
  const scores = pointScores(run);
  const benchmarks = run.manifest.benchmarks.flatMap(({ name }) => {
    const tables = scores.flatMap(({ benchmark, table }) => (benchmark.name === name ? [table] : []));
    return tables.length === 0 ? [] : [{ name, questions: questionsOf(tables) }];
  });
  const candidates = benchmarks
    .flatMap(({ name, questions }) =>
      questions.flatMap(({ sample, disagreement, lengths }) =>
        lengths.map((length, attempt) => ({ benchmark: name, sample, attempt, disagreement, length })),
      ),
    )
    .toSorted((a, b) => a.attempt - b.attempt || b.disagreement - a.disagreement);
  // Characters are known before any text is read; a character is at least a byte.
  let characters = 0;
  const chosen = candidates.filter(({ length }) => {
    if (characters > 0 && characters + length > mostBytes) return false;
    characters += length;
    return true;
  });
  return { chosen, all: candidates.length, mostBytes };
}

/** Reads the wanted texts of a run. */
export async function readTexts(run: StoredRun, { chosen }: WantedTexts): Promise<AttemptsByPoint> {
  const keys = new Set(chosen.map(attemptKey));
  const attempts = new Map<string, ReadonlyMap<string, ReadAttempt>>();
  for (const unit of run.evaluated) attempts.set(unit.point.name, await attemptsOf(unit, keys));
  return attempts;
}

/** The texts that were wanted, as far as they fit now that their bytes are known. */
export function placeTexts(
  { manifest }: StoredRun,
  { chosen, all, mostBytes }: WantedTexts,
  attempts: AttemptsByPoint,
  strings: StringTable,
): PageTexts {
  const points = manifest.points.map(({ name }) => attempts.get(name));
  const shown: Record<string, Record<string, (ShownAttempt | null)[][]>> = {};
  let [bytes, held] = [0, 0];
  for (const one of chosen) {
    const row = points.map((own) => own?.get(attemptKey(one)) ?? null);
    if (row.every((read) => read === null)) continue;
    bytes += row.reduce(
      (sum, read) => sum + (read === null || strings.has(read.text) ? 0 : Buffer.byteLength(read.text)),
      0,
    );
    // The first is shown however long it is: a page with no text shows nothing.
    if (held > 0 && bytes > mostBytes) break;
    const byQuestion = (shown[one.benchmark] ??= {});
    const byAttempt = (byQuestion[one.sample] ??= []);
    // JSON knows no holes.
    while (byAttempt.length < one.attempt) byAttempt.push([]);
    byAttempt[one.attempt] = row.map((read) => read && shownAttempt(read, strings));
    held++;
  }
  return {
    strings: strings.strings,
    shown,
    leftOut:
      held === 0 || held === all
        ? ""
        : `Texts of ${held} of ${all} attempts at questions are in this page, first attempts first, and first those at questions that points answer differently. All scores are here, and all texts in the run store.`,
  };
}

interface Question {
  readonly sample: string;
  /** 0 where all points are right or all wrong, 0.5 where half of them are right. */
  readonly disagreement: number;
  /** Characters of all points together, by attempt. */
  readonly lengths: readonly number[];
}

function questionsOf(tables: readonly ScoreTable[]): Question[] {
  const means = tables.map((table) => questionMeans(table, "accuracy_strict"));
  const found = new Map<string, { right: number; wrong: number; lengths: number[] }>();
  tables.forEach(({ samples, starts, columns }, t) => {
    samples.forEach((sample, q) => {
      const question = found.get(sample) ?? { right: 0, wrong: 0, lengths: [] };
      found.set(sample, question);
      const mean = means[t]?.[q] ?? Number.NaN;
      if (mean >= 0.5) question.right++;
      else question.wrong++;
      const [start, end] = [starts[q] ?? 0, starts[q + 1] ?? 0];
      for (let i = start; i < end; i++) {
        const length = columns.characters[i] ?? Number.NaN;
        question.lengths[i - start] =
          (question.lengths[i - start] ?? 0) + Math.min(LONGEST, Number.isNaN(length) ? LONGEST : length);
      }
    });
  });
  return Array.from(found, ([sample, { right, wrong, lengths }]) => ({
    sample,
    disagreement: Math.min(right, wrong) / (right + wrong),
    lengths,
  }));
}

function shownAttempt({ text, finishReason, score }: ReadAttempt, strings: StringTable): ShownAttempt {
  return [
    strings.place(text),
    FINISH_REASONS.indexOf(finishReason),
    strings.place(score.answer),
    strings.place(score.path),
    strings.place(score.rule),
    strings.place(score.normal_forms?.[0] ?? null),
    strings.place(score.normal_forms?.[1] ?? null),
  ];
}
