import { digestOf } from "../../base/digest.ts";
import { InputError } from "../../base/errors.ts";
import { isRecord } from "../../base/is-record.ts";
import type { ImportedStore } from "../../runs/imported-store.ts";
import { MANIFEST_VERSION, type ProblemRecord, type ScoreRecord } from "../../runs/schema.ts";
import { SCORER_VERSION } from "../../scorers/version.ts";
import { chooseScores, countsSeveral } from "./choose-score.ts";
import { type Placement, placeModels } from "./place-models.ts";
import type { Grading } from "./score-answers.ts";
import { scoreUnit } from "./score-unit.ts";
import { readStoredRuns, type StoredImport } from "./stored-rows.ts";
import { groupedNotes, type Survey, type SurveyedTask, surveyStore } from "./survey.ts";
import { Tally } from "./tally.ts";

/** What an import keeps for those that add to it. */
export interface ImportSettings {
  readonly filter?: string | undefined;
  readonly metric?: string | undefined;
  readonly rescore: boolean;
  readonly placement: Placement;
}

/** What a store holds after an import. */
export interface WrittenStore {
  readonly models: number;
  readonly benchmarks: readonly string[];
  /** Answers, or whole runs where only those are known. */
  readonly attempts: number;
  /** What the report says of where these results come from. */
  readonly notes: readonly string[];
}

interface Context {
  readonly root: string;
  readonly version: string;
  readonly sweep: string;
  /** Models whose runs are all the same. */
  readonly equal: readonly (readonly string[])[];
}

/** Writes scores, results and manifest anew from what was imported. @throws InputError if nothing of it has a score */
export async function writeStore(
  store: ImportedStore,
  units: ReadonlyMap<string, string>,
  settings: ImportSettings,
  context: Context,
): Promise<WrittenStore> {
  const equal = mergedGroups(storedGroups(store), context.equal);
  const survey = await surveyStore(store, units, settings.rescore, context.root);
  const gradings = gradingsOf(survey, settings);
  const models = [...units].map(([model, unit]) => ({ model, unit, axes: survey.axes.get(model) ?? {} }));
  const { axes, points } = placeModels(models, settings.placement);
  const tally = new Tally();
  const scoreNames = new Map([...gradings.values()].map(({ benchmark, score }) => [benchmark, score]));
  const leftOut = new Map<string, string[]>();
  const digests: string[] = [];
  for (const { name, unit } of points) {
    const runs: StoredImport[] = [];
    for await (const run of readStoredRuns(store.unitFile(unit))) runs.push(run);
    const scored = scoreUnit(runs, survey.tasks, (key) => gradings.get(key));
    await store.writeCompletions(unit, scored.completions);
    tally.add(name, scored.records, scoreNames);
    for (const { why, run } of scored.leftOut) leftOut.set(why, [...(leftOut.get(why) ?? []), run]);
    digests.push(await writeUnit(store, unit, scored.records, runs, settings));
  }
  const notes = groupedNotes(leftOut);
  if (tally.total === 0) {
    throw new InputError(
      `Expected scores in what was imported, found none${notes.map((note) => `\n  ${note}`).join("")}`,
      {
        hint: "Where there are texts and accepted answers, --rescore grades them.",
      },
    );
  }
  await store.writeProblems([...survey.tasks.values()].flatMap(problemsOf));
  const allNotes = [
    ...originNotes(survey, gradings, settings),
    ...tally.notes(settings.rescore),
    ...survey.notes,
    ...notes,
    ...equal.map(equalNote),
  ];
  await store.writeManifest({
    manifest_version: MANIFEST_VERSION,
    ragged: true,
    mergesweep_version: context.version,
    sweep: context.sweep,
    axes,
    points,
    benchmarks: tally.benchmarks(survey.tasks),
    max_tokens: survey.maxTokens,
    scoring: { profile: settings.rescore ? "default" : "imported", formats: {} },
    ...(store.manifest?.objective === undefined ? {} : { objective: store.manifest.objective }),
    plan: {
      imported: { from: survey.harnesses, models: [...units.keys()], settings, equal },
      ...(survey.temperature === null ? {} : { generation: { temperature: survey.temperature } }),
    },
    notes: allNotes,
    plan_digest: digestOf([points, digests, settings]),
  });
  return { models: units.size, benchmarks: tally.names, attempts: tally.total, notes: allNotes };
}

/** Where ours has the questions, as ours has them. */
function problemsOf({ name, own, asked, byQuestion }: SurveyedTask): ProblemRecord[] {
  if (!byQuestion) return [];
  return asked.flatMap(({ sample, question, golds }): ProblemRecord[] => {
    const known = own?.samples.get(sample);
    if (known !== undefined) {
      return [
        {
          benchmark: name,
          sample: known.id,
          problem: known.problem,
          golds: [...known.golds],
          labels: { ...known.labels },
        },
      ];
    }
    return question === null ? [] : [{ benchmark: name, sample, problem: question, golds: [...golds], labels: {} }];
  });
}

async function writeUnit(
  store: ImportedStore,
  unit: string,
  records: readonly ScoreRecord[],
  runs: readonly StoredImport[],
  { rescore }: ImportSettings,
): Promise<string> {
  const own = store.unit(unit);
  const identity = digestOf(
    records.map((record) => [
      record.benchmark,
      record.sample,
      record.attempt,
      record.accuracy,
      record.tokens,
      record.characters,
    ]),
  );
  await own.writeScores(records);
  await own.writeResult({
    unit,
    weights_sha256: null,
    identity,
    same_as: null,
    runtime: [...new Set(runs.map(({ harness }) => harness))].toSorted().join(", "),
    gguf_type: "",
    attempts: records.length,
    scorer_version: rescore ? SCORER_VERSION : 0,
    scoring_digest: "",
  });
  return identity;
}

function gradingsOf({ tasks }: Survey, { filter, metric, rescore }: ImportSettings): Map<string, Grading> {
  const keyed = [...tasks];
  const chosen = chooseScores(
    keyed.map(([key, { name, scores }]) => ({ key, name, scores })),
    { filter, metric },
  );
  return new Map(
    keyed.map(([key, task]) => [
      key,
      {
        benchmark: task.name,
        score: chosen.get(key),
        samples: task.own?.samples,
        kind: task.own?.benchmark.answer ?? (task.isChoice ? "choice" : "math"),
        rescore: rescore && task.byQuestion,
      },
    ]),
  );
}

/** Where the results come from, and which of their scores counts. */
function originNotes(survey: Survey, gradings: ReadonlyMap<string, Grading>, { rescore }: ImportSettings): string[] {
  const keyed = [...survey.tasks].map(([key, task]) => ({ task, grading: gradings.get(key) }));
  const byRun = keyed.filter(({ task }) => !task.byQuestion).map(({ task }) => task.name);
  const own = [...new Set(keyed.flatMap(({ task }) => (task.own === undefined ? [] : [task.name])))];
  return [
    `These results were imported from ${survey.harnesses.join(", ")}. ${
      rescore
        ? "Answers were graded again by mergesweep where there are texts and accepted answers."
        : "Scores are those of that program: what it accepts as an answer may not be what mergesweep accepts."
    }`,
    ...scoreNotes(keyed.map(({ task, grading }) => ({ task, score: grading?.score }))),
    ...(byRun.length === 0
      ? []
      : [
          `Of ${byRun.length === survey.tasks.size ? "all benchmarks" : byRun.join(", ")} only the accuracies of whole runs are known. Intervals and tests rest on how these differ from run to run (seeds): they say how the same questions come out with other seeds. How other questions would come out cannot be known from them: which questions were answered is not in the data.`,
        ]),
    ...(own.length === 0
      ? []
      : [
          `The questions of ${own.join(", ")} are those of the benchmark of this name here: runs of mergesweep can be compared with these, question by question.`,
        ]),
  ];
}

/** One sentence for all benchmarks that have the same scores. */
function scoreNotes(scored: readonly { readonly task: SurveyedTask; readonly score: string | undefined }[]): string[] {
  const groups = new Map<string, { names: string[]; score: string; others: string[] }>();
  for (const { task, score } of scored) {
    if (score === undefined) continue;
    const others = task.scores.filter((one) => one !== score);
    const key = JSON.stringify([score, others]);
    const group = groups.get(key) ?? { names: [], score, others };
    group.names.push(task.name);
    groups.set(key, group);
  }
  return [...groups.values()].flatMap(({ names, score, others }) => {
    const several = countsSeveral(score)
      ? " It counts several attempts as one, and is not the accuracy of an answer."
      : "";
    const rest =
      others.length === 0
        ? ""
        : ` Not taken: ${others.map((one) => `"${one}"`).join(", ")} (--metric and --filter choose).`;
    return others.length === 0 && several === ""
      ? []
      : [`Accuracy on ${names.join(", ")} is "${score}".${rest}${several}`];
  });
}

function equalNote(models: readonly string[]): string {
  return `The same numbers in every run, so that they are copies of one another or the same weights evaluated again: ${models.join(", ")}.`;
}

/** What earlier imports found. */
function storedGroups({ manifest }: ImportedStore): string[][] {
  const equal = isRecord(manifest?.plan.imported) ? manifest.plan.imported.equal : undefined;
  const groups: readonly unknown[] = Array.isArray(equal) ? equal : [];
  return groups.map((group) => (Array.isArray(group) ? group.filter((model) => typeof model === "string") : []));
}

function mergedGroups(...all: readonly (readonly (readonly string[])[])[]): string[][] {
  const groups = all.flat();
  const known = groups.filter(
    (group, i) =>
      !groups.some(
        (other, j) =>
          i !== j && group.every((model) => other.includes(model)) && (other.length > group.length || j < i),
      ),
  );
  return known.map((group) => [...group]);
}
