import { readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { InputError } from "../../base/errors.ts";
import { type OnBroken, unlessBroken } from "../broken.ts";
import { byPreference } from "../fields.ts";
import { parseRowsText, readText } from "../files/read-json.ts";
import type { ImportedRun } from "../imported-run.ts";
import { parseResults, type RunResults, type TaskResults } from "./results.ts";
import { parseSamples, type ReadSamples } from "./samples.ts";

/** What usually is the accuracy, where a task has several metrics. */
const METRICS = [/^exact_match,/, /^acc,/, /^em,/, /^pass@1\b/, /^(acc|em|exact_match)$/];

/** Whether a row is a sample of lm-evaluation-harness. */
export function isLmEvalSample(row: unknown): boolean {
  return typeof row === "object" && row !== null && "doc_id" in row && "resps" in row;
}

/**
 * Reads a run of lm-evaluation-harness: its results file and the samples beside it, which bear the same date. Tasks without
 * samples give their means only.
 *
 * @param consumed takes the samples files that belong to it
 * @param onBroken takes tasks whose samples cannot be read
 */
export async function* readLmEval(
  value: unknown,
  path: string,
  consumed: Set<string>,
  onBroken: OnBroken,
): AsyncGenerator<ImportedRun> {
  const results = parseResults(value, path);
  if (results.tasks.length === 0) {
    throw new InputError(`${path}: expected results of at least one task that is no group, found none`);
  }
  const files = await samplesFiles(path, results);
  for (const file of [...files.values()].flat()) consumed.add(file);
  for (const task of results.tasks) {
    const own = files.get(task.task) ?? [];
    const run = await unlessBroken(own[0] ?? path, onBroken, () => readTask(results, task, own, path));
    if (run !== undefined) yield run;
  }
}

async function readTask(
  results: RunResults,
  task: TaskResults,
  [file, ...others]: readonly string[],
  path: string,
): Promise<ImportedRun> {
  if (file !== undefined) {
    if (others.length > 0) {
      const found = [file, ...others].map((one) => basename(one)).join(" and ");
      throw new InputError(`${path}: expected one file of samples of ${task.task}, found ${found}`);
    }
    return runOf(results, task, parseSamples(parseRowsText(await readText(file), file), file, task), file);
  }
  const embedded = results.embedded[task.task];
  if (!Array.isArray(embedded)) return runOf(results, task, undefined, path);
  const where = `${path}: samples.${task.task}`;
  return runOf(results, task, parseSamples(parseRowsText(JSON.stringify(embedded), where), where, task), path);
}

/** Samples whose results file is not there: the model is the name of their folder. */
export async function readSamplesAlone(path: string): Promise<ImportedRun> {
  const match = /^samples_(.+?)(?:_(\d{4}-\d\d-\d\dT[\d.:-]+))?\.jsonl?$/.exec(basename(path));
  if (match === null) {
    throw new InputError(`${path}: expected the results file of these samples beside them, found none`, {
      hint: "Name the folder that has both: the samples do not say of which model they are.",
    });
  }
  const samples = parseSamples(parseRowsText(await readText(path), path), path, undefined);
  const results: RunResults = {
    model: basename(dirname(path)).replaceAll("__", "/"),
    harness: "lm-evaluation-harness",
    seed: null,
    fileDate: match[2] ?? null,
    tasks: [],
    embedded: {},
  };
  const task: TaskResults = {
    task: match[1] ?? "",
    shots: null,
    questions: null,
    means: {},
    filters: [],
    votes: new Set(),
  };
  return runOf(results, task, samples, path);
}

function runOf(results: RunResults, task: TaskResults, samples: ReadSamples | undefined, source: string): ImportedRun {
  return {
    harness: results.harness,
    source,
    model: results.model,
    task: task.task,
    shots: task.shots,
    run: results.seed === null ? "" : `seed ${results.seed}`,
    seed: results.seed,
    date: results.fileDate,
    maxTokens: samples?.maxTokens ?? null,
    temperature: samples?.temperature ?? null,
    questions: task.questions,
    scoreNames: orderScores(samples, task),
    means: task.means,
    answers: samples?.answers ?? [],
    axes: {},
    notes: [],
  };
}

/**
 * The default first: scores of every attempt before those of one, votes last; then the filters in the task's order; then what
 * usually is the accuracy.
 */
function orderScores(samples: ReadSamples | undefined, task: TaskResults): string[] {
  const names = samples?.names ?? Object.keys(task.means);
  const rank = (name: string): number => {
    const filter = filterOf(name);
    const place = task.filters.indexOf(filter);
    const kind = samples?.perAttempt.has(name) === true ? 0 : task.votes.has(filter) ? 2 : 1;
    return kind * 1000 + (place < 0 ? 999 : place);
  };
  return byPreference(names, METRICS).toSorted((a, b) => rank(a) - rank(b));
}

function filterOf(name: string): string {
  return name.slice(name.lastIndexOf(",") + 1);
}

/** The samples files of a results file, by task: of the same date, or, without a date, whose name ends in the task's. */
async function samplesFiles(path: string, { tasks, fileDate }: RunResults): Promise<Map<string, string[]>> {
  const folder = dirname(path);
  const names = new Set(await readdir(folder));
  const files = new Map<string, string[]>();
  const longestFirst = tasks.map(({ task }) => task).toSorted((a, b) => b.length - a.length);
  const taken = new Set<string>();
  for (const task of longestFirst) {
    const dated = `samples_${task}_${fileDate}.jsonl`;
    const isOwn = (name: string): boolean =>
      fileDate === null ? basename(path) === "results.json" && name.endsWith(`_${task}.jsonl`) : name === dated;
    const found = [...names].filter((name) => !taken.has(name) && isOwn(name)).toSorted();
    for (const file of found) taken.add(file);
    files.set(
      task,
      found.map((file) => join(folder, file)),
    );
  }
  return files;
}
