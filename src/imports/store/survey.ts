import type { ImportedStore } from "../../runs/imported-store.ts";
import { matchBenchmark, type OwnBenchmark } from "./match-benchmark.ts";
import { readStoredRuns, type StoredAnswer, type StoredImport } from "./stored-rows.ts";

/** What all runs of one task of one program have in common. */
export interface SurveyedTask {
  /** As reports call it. */
  readonly name: string;
  readonly harness: string;
  readonly scores: readonly string[];
  /** Whether any run has scores of single answers; else only whole runs are known. */
  readonly byQuestion: boolean;
  /** How many questions each run asked, where all say the same. */
  readonly questions: number | null;
  readonly own: OwnBenchmark | undefined;
  /** One answer to each question, without its text. */
  readonly asked: readonly StoredAnswer[];
  /** Whether all accepted answers are letters. */
  readonly isChoice: boolean;
}

/** What a store of imported results holds, all models together. */
export interface Survey {
  /** By `taskKey`. */
  readonly tasks: ReadonlyMap<string, SurveyedTask>;
  readonly harnesses: readonly string[];
  /** Of each model: values of axes that its source has. */
  readonly axes: ReadonlyMap<string, Readonly<Record<string, string>>>;
  readonly maxTokens: number | null;
  readonly temperature: number | null;
  /** What the sources say that a reader has to know. */
  readonly notes: readonly string[];
}

interface Draft {
  readonly task: string;
  readonly shots: number | null;
  readonly harness: string;
  readonly scores: Set<string>;
  byQuestion: boolean;
  isChoice: boolean;
  readonly questions: Map<string, StoredAnswer>;
  readonly sizes: Set<number | null>;
}

/** The program without its version. */
function familyOf(harness: string): string {
  return harness.split(" ")[0] ?? harness;
}

/** Tells the tasks of all programs apart. */
export function taskKey({ task, shots, harness }: Pick<StoredImport, "task" | "shots" | "harness">): string {
  return JSON.stringify([task, shots, familyOf(harness)]);
}

/** Looks through all that a store holds, a run at a time. @param root where our benchmarks are found */
export async function surveyStore(
  store: ImportedStore,
  units: ReadonlyMap<string, string>,
  rescore: boolean,
  root: string,
): Promise<Survey> {
  const drafts = new Map<string, Draft>();
  const harnesses = new Set<string>();
  const axes = new Map<string, Readonly<Record<string, string>>>();
  const limits = new Set<number | null>();
  const temperatures = new Set<number | null>();
  const notes = new Map<string, string[]>();
  for (const [model, unit] of units) {
    for await (const run of readStoredRuns(store.unitFile(unit))) {
      const draft = drafts.get(taskKey(run)) ?? newDraft(run);
      drafts.set(taskKey(run), draft);
      lookAt(run, draft, rescore);
      harnesses.add(run.harness);
      axes.set(model, { ...axes.get(model), ...run.axes });
      limits.add(run.maxTokens);
      temperatures.add(run.temperature);
      for (const note of run.notes) notes.set(note, [...(notes.get(note) ?? []), `${run.model} on ${run.task}`]);
    }
  }
  const all = [...drafts.values()];
  const tasks = new Map<string, SurveyedTask>();
  const matched = new Map<string, OwnBenchmark>();
  const fewestShots = new Map<string, number>();
  for (const [key, { task, shots, questions }] of drafts) {
    const own = await matchBenchmark(task, questions.values(), root);
    if (own === undefined) continue;
    const { name } = own.benchmark;
    matched.set(key, own);
    fewestShots.set(name, Math.min(fewestShots.get(name) ?? Number.POSITIVE_INFINITY, shots ?? 0));
  }
  for (const [key, draft] of drafts) {
    const { harness, byQuestion, isChoice, shots } = draft;
    const found = matched.get(key);
    // The same questions with more examples are asked otherwise: a benchmark of its own.
    const own = found !== undefined && (shots ?? 0) === fewestShots.get(found.benchmark.name) ? found : undefined;
    tasks.set(key, {
      name:
        found === undefined ? nameOf(draft, all) : `${found.benchmark.name}${own === undefined ? `-${shots}shot` : ""}`,
      harness: familyOf(harness),
      scores: [...draft.scores],
      byQuestion,
      questions: onlyOne(draft.sizes),
      asked: [...draft.questions.values()],
      own,
      isChoice,
    });
  }
  return {
    tasks,
    harnesses: [...harnesses].toSorted(),
    axes,
    maxTokens: onlyOne(limits),
    temperature: onlyOne(temperatures),
    notes: groupedNotes(notes),
  };
}

function newDraft({ task, shots, harness }: StoredImport): Draft {
  return {
    task,
    shots,
    harness,
    scores: new Set(),
    byQuestion: false,
    isChoice: true,
    questions: new Map(),
    sizes: new Set(),
  };
}

function lookAt(run: StoredImport, draft: Draft, rescore: boolean): void {
  for (const name of run.scoreNames) draft.scores.add(name);
  draft.sizes.add(run.questions);
  for (const answer of run.answers) {
    const scored = Object.keys(answer.scores).length > 0;
    draft.byQuestion ||= scored || (rescore && answer.completion !== null && answer.golds.length > 0);
    draft.isChoice &&= answer.golds.every((gold) => /^[A-J]$/.test(gold));
    if (!draft.questions.has(answer.sample)) draft.questions.set(answer.sample, { ...answer, completion: null });
  }
}

/** With the number of examples where a task was asked with several. */
function nameOf({ task, shots }: Draft, all: readonly Draft[]): string {
  const several = new Set(all.filter((other) => other.task === task).map((other) => other.shots)).size > 1;
  return several && shots !== null ? `${task}-${shots}shot` : task;
}

/** At most so many are named. */
const NAMED = 5;

/** One line a note, with whom it is about. */
export function groupedNotes(notes: ReadonlyMap<string, readonly string[]>): string[] {
  return [...notes]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([note, about]) => {
      const names = [...new Set(about)];
      const more = names.length > NAMED ? `; and ${names.length - NAMED} more` : "";
      return `${note} (${names.slice(0, NAMED).join("; ")}${more})`;
    });
}

function onlyOne(values: ReadonlySet<number | null>): number | null {
  const [first = null] = values;
  return values.size === 1 ? first : null;
}
