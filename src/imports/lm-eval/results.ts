import { basename } from "node:path";
import { isRecord } from "../../base/is-record.ts";
import { at, listOf, numberOrNull, positiveOrNull, recordOf, textOrNull } from "../fields.ts";

/** What a results file of lm-evaluation-harness says of one task. */
export interface TaskResults {
  readonly task: string;
  readonly shots: number | null;
  /** Questions that were asked. */
  readonly questions: number | null;
  /** `metric,filter` (or only `metric`, before 0.4) to its mean, in the file's order. */
  readonly means: Readonly<Record<string, number>>;
  /** Names of the filters, in the order of the task's configuration; the rows of old samples are in it, without a name. */
  readonly filters: readonly string[];
  /** Filters that vote over the attempts: theirs is no score of an attempt. */
  readonly votes: ReadonlySet<string>;
}

/** What it says of the run. */
export interface RunResults {
  readonly model: string;
  readonly harness: string;
  readonly seed: number | null;
  /** As it stands in the names of the files: results_<date>.json. */
  readonly fileDate: string | null;
  readonly tasks: readonly TaskResults[];
  /** Samples within the results, by task: the Python interface returns them so. */
  readonly embedded: Readonly<Record<string, unknown>>;
}

/** Whether a JSON value is a results file of lm-evaluation-harness. */
export function isLmEvalResults(value: unknown): boolean {
  if (!isRecord(value) || !isRecord(value.results) || "config_general" in value || "eval" in value) return false;
  return ["versions", "configs", "n-shot", "config"].some((key) => key in value);
}

/** Reads a results file; groups, which are means over other tasks, are left out. */
export function parseResults(value: unknown, path: string): RunResults {
  const groups = new Set([
    ...Object.keys(recordOf(at(value, "groups"))),
    ...Object.entries(recordOf(at(value, "group_subtasks"))).flatMap(([group, tasks]) =>
      listOf(tasks).length === 0 ? [] : [group],
    ),
  ]);
  const version = textOrNull(at(value, "lm_eval_version"));
  const tasks = Object.entries(recordOf(at(value, "results"))).filter(([task]) => !groups.has(task));
  return {
    model: modelOf(value),
    harness: `lm-evaluation-harness ${version ?? (isRecord(at(value, "configs")) ? "0.4" : "0.3")}`,
    seed: numberOrNull(at(value, "config", "random_seed")),
    fileDate: /^results_(.+)\.json$/.exec(basename(path))?.[1] ?? null,
    tasks: tasks.map(([task, own]) => taskOf(value, task, own)),
    embedded: recordOf(at(value, "samples")),
  };
}

function taskOf(value: unknown, task: string, own: unknown): TaskResults {
  const configured = listOf(at(value, "configs", task, "filter_list"));
  const means = Object.entries(recordOf(own)).flatMap(([key, mean]): [string, number][] => {
    const number = numberOrNull(mean);
    const isMean = !/_stderr(,|$)/.test(key) && key !== "alias" && key !== "sample_len" && key !== "name";
    return isMean && number !== null && typeof mean !== "boolean" ? [[key, number]] : [];
  });
  const inMeans = means.flatMap(([key]) => (key.includes(",") ? [key.slice(key.lastIndexOf(",") + 1)] : []));
  const names = configured.map((filter) => textOrNull(at(filter, "name")) ?? "none");
  const votes = configured.filter((filter) =>
    listOf(at(filter, "filter")).some((step) => at(step, "function") === "majority_vote"),
  );
  return {
    task,
    shots: numberOrNull(at(value, "n-shot", task)) ?? numberOrNull(at(value, "config", "num_fewshot")),
    questions: positiveOrNull(at(value, "n-samples", task, "effective")) ?? positiveOrNull(at(own, "sample_len")),
    means: Object.fromEntries(means),
    filters: names.length > 0 ? names : [...new Set(inMeans)],
    votes: new Set(votes.map((filter) => textOrNull(at(filter, "name")) ?? "none")),
  };
}

/** `config.model` is the backend, not the model. */
function modelOf(value: unknown): string {
  const named = textOrNull(at(value, "model_name"));
  if (named !== null && named !== "") return named;
  const args = at(value, "config", "model_args");
  const of = (key: string): string | null =>
    typeof args === "string"
      ? (args
          .split(",")
          .find((part) => part.trim().startsWith(`${key}=`))
          ?.trim()
          .slice(key.length + 1) ?? null)
      : textOrNull(at(args, key));
  return of("pretrained") ?? of("model") ?? textOrNull(at(value, "config", "model")) ?? "unknown model";
}
