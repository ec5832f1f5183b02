import { UsageError } from "../../base/errors.ts";
import type { SampleRecord, ScoreRecord } from "../../runs/schema.ts";
import { groupBy } from "../../stats/mean.ts";
import { completionOf, type Grading, type NumberedAnswer, ourScores, runScore, theirScore } from "./score-answers.ts";
import { runKey, type StoredImport } from "./stored-rows.ts";
import { type SurveyedTask, taskKey } from "./survey.ts";

/** The scores of one model, and what of it could not be used. */
export interface ScoredUnit {
  readonly records: readonly ScoreRecord[];
  /** The texts that were scored. */
  readonly completions: readonly SampleRecord[];
  /** Runs that are left out: why, and which. */
  readonly leftOut: readonly { readonly why: string; readonly run: string }[];
}

/**
 * Scores all runs of one model. Runs over the same questions are further attempts, in the order of their seeds and dates.
 *
 * @param gradingOf how the answers of a task are scored
 * @throws UsageError for a score outside 0 to 1, which is no accuracy
 */
export function scoreUnit(
  runs: readonly StoredImport[],
  tasks: ReadonlyMap<string, SurveyedTask>,
  gradingOf: (key: string) => Grading | undefined,
): ScoredUnit {
  const records: ScoreRecord[] = [];
  const completions: SampleRecord[] = [];
  const leftOut: { why: string; run: string }[] = [];
  const byName = groupBy(runs, (run) => tasks.get(taskKey(run))?.name ?? "");
  for (const name of [...byName.keys()].toSorted((a, b) => (a < b ? -1 : 1))) {
    const own = (byName.get(name) ?? []).toSorted(inOrder);
    const byQuestion = own.some((run) => tasks.get(taskKey(run))?.byQuestion === true);
    if (byQuestion) {
      const numbered = numberAnswers(own, gradingOf, leftOut);
      for (const record of scoreAnswers(numbered)) records.push(record);
      for (const one of numbered) completions.push(...completionOf(one));
    } else records.push(...scoreRuns(own, gradingOf, leftOut));
  }
  const beyond = records.find(({ accuracy }) => accuracy !== null && !(accuracy >= 0 && accuracy <= 1));
  if (beyond !== undefined) {
    throw new UsageError(
      `${runs[0]?.model} on ${beyond.benchmark}: expected a score between 0 and 1 as accuracy, found ${beyond.accuracy} in "${beyond.rule}"`,
      { hint: "Choose another score with --metric." },
    );
  }
  return { records, completions, leftOut };
}

/** An answer with its place among all attempts, how it is scored, and the run that it is of. */
interface PlacedAnswer {
  readonly one: NumberedAnswer;
  readonly grading: Grading;
  readonly seed: number | null;
}

function numberAnswers(
  runs: readonly StoredImport[],
  gradingOf: (key: string) => Grading | undefined,
  leftOut: { why: string; run: string }[],
): PlacedAnswer[] {
  const counts = new Map<string, number>();
  const numbered: PlacedAnswer[] = [];
  const answered = new Set(runs.filter(({ answers }) => answers.length > 0).map(runKey));
  for (const run of runs) {
    const grading = gradingOf(taskKey(run));
    // The means of a run whose answers came later, from another file.
    const hasAnswers = run.answers.length === 0 && answered.has(runKey(run));
    if (grading === undefined || hasAnswers) continue;
    const scored = run.answers.filter(
      ({ scores, completion, golds }) =>
        Object.keys(scores).length > 0 || (grading.rescore && completion !== null && golds.length > 0),
    );
    if (scored.length === 0) {
      leftOut.push({
        why:
          run.answers.length === 0
            ? "Left out: only the accuracy of the whole run is known."
            : "Left out: its answers have no scores; --rescore grades them.",
        run: `${run.model} on ${grading.benchmark}`,
      });
      continue;
    }
    const before = new Map(counts);
    for (const answer of scored) {
      const attempt = (before.get(answer.sample) ?? 0) + answer.attempt;
      counts.set(answer.sample, Math.max(counts.get(answer.sample) ?? 0, attempt + 1));
      numbered.push({ one: { answer, attempt }, grading, seed: run.seed });
    }
  }
  return numbered;
}

function scoreAnswers(numbered: readonly PlacedAnswer[]): ScoreRecord[] {
  const byQuestion = groupBy(numbered, ({ one }) => one.answer.sample);
  const records = [...byQuestion.values()].flatMap((attempts) => {
    const [first] = attempts;
    if (first === undefined) return [];
    const ones = attempts.map(({ one }) => one);
    return first.grading.rescore
      ? ourScores(ones, first.grading)
      : attempts.map(({ one, grading }) => theirScore(one, grading));
  });
  return records.toSorted((a, b) => (a.sample === b.sample ? a.attempt - b.attempt : a.sample < b.sample ? -1 : 1));
}

function scoreRuns(
  runs: readonly StoredImport[],
  gradingOf: (key: string) => Grading | undefined,
  leftOut: { why: string; run: string }[],
): ScoreRecord[] {
  const seen = new Set<string>();
  // What several files say of a run is one run.
  const records = [...groupBy(runs, runKey).values()].flatMap((parts, i) => {
    const [run] = parts;
    const grading = run === undefined ? undefined : gradingOf(taskKey(run));
    if (run === undefined || grading === undefined) return [];
    const means: Record<string, number> = Object.assign({}, ...parts.map((part) => part.means));
    if (Object.keys(means).length === 0) {
      const why = parts.every(({ answers }) => answers.length === 0)
        ? "Left out: the file has neither answers nor an accuracy."
        : "Left out: its answers have no scores; --rescore grades them.";
      leftOut.push({ why, run: `${run.model} on ${grading.benchmark}` });
      return [];
    }
    const seed = run.seed === null ? `run ${i + 1}` : `seed ${run.seed}`;
    const name = seen.has(seed) ? `${seed} (${i + 1})` : seed;
    seen.add(name);
    return [runScore(name, means, grading)];
  });
  return records.toSorted((a, b) => (a.sample < b.sample ? -1 : 1));
}

function inOrder(a: StoredImport, b: StoredImport): number {
  const seeds = (a.seed ?? Number.MAX_SAFE_INTEGER) - (b.seed ?? Number.MAX_SAFE_INTEGER);
  if (seeds !== 0) return seeds;
  const [x, y] = [a, b].map(({ date, run }) => `${date ?? ""} ${run}`);
  return x === y ? 0 : (x ?? "") < (y ?? "") ? -1 : 1;
}
