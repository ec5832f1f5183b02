import { access } from "node:fs/promises";
import { basename, dirname, join, sep } from "node:path";
import { InputError } from "../../base/errors.ts";
import { isRecord } from "../../base/is-record.ts";
import { type OnBroken, unlessBroken } from "../broken.ts";
import { at, byPreference, numberOrNull, numbersOf, positiveOrNull, recordOf, textOrNull } from "../fields.ts";
import type { ImportedRun } from "../imported-run.ts";
import { readDetails } from "./details.ts";

/** What usually is the accuracy, where a task has several metrics. */
const METRICS = [/^extractive_match$/, /pass@1\b/, /k=1\b/, /^avg@/, /^(acc|em|qem|exact_match)\b/];

/** Whether a JSON value is a results file of lighteval. */
export function isLightevalResults(value: unknown): boolean {
  return isRecord(value) && isRecord(value.config_general) && isRecord(value.results);
}

/** A task's key (`custom|aime24|0`, `aime24|0`) as its name and the examples in its prompt. */
function taskOf(key: string): { readonly task: string; readonly shots: number | null } {
  const parts = key.split("|");
  const shots = numberOrNull(Number(parts.at(-1)));
  if (parts.length < 2 || shots === null) return { task: key, shots: null };
  return { task: parts.length === 2 ? (parts[0] ?? key) : parts.slice(1, -1).join("|"), shots };
}

/**
 * Reads a results file of lighteval, and the details of its tasks where they are beside it; else the means of the run alone.
 * Rows that are means over subtasks are left out.
 *
 * @param consumed takes the details files that belong to it
 * @param onBroken takes tasks whose details cannot be read
 */
export async function* readLighteval(
  value: unknown,
  path: string,
  consumed: Set<string>,
  onBroken: OnBroken,
): AsyncGenerator<ImportedRun> {
  const general = at(value, "config_general");
  const parameters = at(general, "generation_parameters") ?? at(general, "model_config", "generation_parameters");
  const date = /^results_(.+)\.json$/.exec(basename(path))?.[1] ?? null;
  const seed = numberOrNull(at(parameters, "seed"));
  const temperature = numberOrNull(at(parameters, "temperature"));
  const model =
    textOrNull(at(general, "model_name")) ?? textOrNull(at(general, "model_config", "model_name")) ?? "unknown model";
  const tasks = Object.entries(recordOf(at(value, "results"))).filter(
    ([key]) => key !== "all" && !key.includes(":_average|"),
  );
  if (tasks.length === 0) {
    throw new InputError(`${path}: expected results of at least one task, found none beside means over tasks`);
  }
  const files = new Map<string, string>();
  for (const [key] of date === null ? [] : tasks) {
    const file = await detailsFile(path, key, date ?? "");
    if (file !== undefined) files.set(key, file);
  }
  for (const file of files.values()) consumed.add(file);
  const readTask = async ([key, own]: readonly [string, unknown]): Promise<ImportedRun> => {
    const means = Object.fromEntries(Object.entries(numbersOf(own)).filter(([name]) => !name.endsWith("_stderr")));
    const config = at(value, "config_tasks", key) ?? at(value, "config_tasks", key.replace(/\|\d+$/, ""));
    const limit = positiveOrNull(at(parameters, "max_new_tokens")) ?? positiveOrNull(at(config, "generation_size"));
    const file = files.get(key);
    const details = file === undefined ? undefined : await readDetails(file, limit);
    return {
      harness: "lighteval",
      source: file ?? path,
      model,
      ...taskOf(key),
      // Sampled runs without a seed are runs of their own; greedy ones would be the same again.
      run: seed !== null ? `seed ${seed}` : temperature !== null && temperature > 0 ? (date ?? "") : "",
      seed,
      date,
      maxTokens: details?.maxTokens ?? limit,
      temperature,
      questions: positiveOrNull(at(config, "effective_num_docs")),
      scoreNames: byPreference([...Object.keys(means), ...(details?.names ?? [])], METRICS),
      means,
      answers: details?.answers ?? [],
      axes: {},
      notes: [],
    };
  };
  for (const task of tasks) {
    const run = await unlessBroken(files.get(task[0]) ?? path, onBroken, () => readTask(task));
    if (run !== undefined) yield run;
  }
}

/** A details file whose results file is not there: the model is the path between `details` and the date. */
export async function readDetailsAlone(path: string): Promise<ImportedRun> {
  const details = await readDetails(path, null);
  const parts = dirname(path).split(sep);
  const start = parts.lastIndexOf("details");
  const match = /^details_(.+)_(\d{4}-\d\d-\d\dT[\d.:-]+)\.parquet$/.exec(basename(path));
  return {
    harness: "lighteval",
    source: path,
    model: start < 0 ? (parts.at(-2) ?? "unknown model") : parts.slice(start + 1, -1).join("/"),
    ...taskOf(match?.[1] ?? basename(path, ".parquet")),
    run: "",
    seed: null,
    date: match?.[2] ?? null,
    maxTokens: details.maxTokens,
    temperature: null,
    questions: null,
    scoreNames: byPreference(details.names, METRICS),
    means: {},
    answers: details.answers,
    axes: {},
    notes: [],
  };
}

/** `.../results/<model>/results_<date>.json` has `.../details/<model>/<date>/details_<task>_<date>.parquet`. */
async function detailsFile(path: string, key: string, date: string): Promise<string | undefined> {
  const parts = path.split(sep);
  const place = parts.lastIndexOf("results", parts.length - 2);
  const folder = place < 0 ? dirname(path) : parts.with(place, "details").slice(0, -1).join(sep);
  const name = `details_${key}_${date}.parquet`;
  for (const file of [join(folder, date, name), join(folder, name)]) if (await exists(file)) return file;
  return undefined;
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
