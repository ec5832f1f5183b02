import { InputError } from "../../base/errors.ts";
import { isRecord } from "../../base/is-record.ts";
import { at, listOf, numberOrNull, numbersOf, positiveOrNull, recordOf, textOrNull } from "../fields.ts";
import { parseLenientJson } from "../files/read-json.ts";
import { openZip } from "../files/zip.ts";
import type { ImportedAnswer, ImportedRun } from "../imported-run.ts";
import { readSample } from "./sample.ts";

/** Versions of the log that are read. */
const VERSIONS: ReadonlySet<unknown> = new Set([1, 2, 3]);

/** Whether a JSON value is a log of Inspect. */
export function isInspectLog(value: unknown): boolean {
  return isRecord(value) && isRecord(value.eval) && "status" in value && "version" in value;
}

/** Reads a log in one JSON file. @throws InputError for a version that is not known, and for a log without any score */
export function readInspectJson(value: unknown, path: string): ImportedRun {
  const samples = listOf(at(value, "samples"));
  return runOf(
    value,
    path,
    samples.map((sample, index) => ({ sample, where: `${path}: sample ${index + 1}` })),
  );
}

/** Reads an `.eval` log: a ZIP archive with a file a sample. @throws as `readInspectJson` does */
export async function readInspectEval(path: string): Promise<ImportedRun> {
  const archive = await openZip(path);
  try {
    const read = async (name: string): Promise<unknown> =>
      parseLenientJson(new TextDecoder().decode(await archive.read(name)), `${path}: ${name}`);
    const header = ["header.json", "_journal/start.json"].find((name) => archive.names.includes(name));
    if (header === undefined) {
      throw new InputError(
        `${path}: expected an Inspect log with header.json, found ${archive.names.slice(0, 5).join(", ") || "nothing"}`,
      );
    }
    const value = await read(header);
    // A log that was not finished has only its start.
    const log = header === "header.json" ? value : { status: "started", ...recordOf(value) };
    checkVersion(log, path);
    const answers: ReturnType<typeof readSample>[] = [];
    const names = archive.names.filter((name) => /^samples\/.+\.json$/.test(name)).toSorted((a, b) => (a < b ? -1 : 1));
    for (const name of names) answers.push(readSample(await read(name), `${path}: ${name}`, settingsOf(log)));
    return assemble(log, path, answers);
  } finally {
    await archive.close();
  }
}

function checkVersion(log: unknown, path: string): void {
  const version = at(log, "version");
  if (VERSIONS.has(version)) return;
  throw new InputError(
    `${path}: expected an Inspect log of version 1, 2 or 3, found version ${JSON.stringify(version)}`,
    {
      hint: "It was written by a later version of Inspect; convert it: inspect log convert",
    },
  );
}

function runOf(log: unknown, path: string, samples: readonly { sample: unknown; where: string }[]): ImportedRun {
  checkVersion(log, path);
  return assemble(
    log,
    path,
    samples.map(({ sample, where }) => readSample(sample, where, settingsOf(log))),
  );
}

/** What concerns all samples. */
function settingsOf(log: unknown): { readonly maxTokens: number | null; readonly countsPadding: boolean } {
  const limits = [at(log, "plan", "config", "max_tokens"), at(log, "eval", "model_generate_config", "max_tokens")];
  return {
    maxTokens: limits.map(positiveOrNull).find((limit) => limit !== null) ?? null,
    countsPadding: modelOf(log).startsWith("hf/"),
  };
}

function modelOf(log: unknown): string {
  return textOrNull(at(log, "eval", "model")) ?? "unknown model";
}

function assemble(log: unknown, path: string, read: readonly ImportedAnswer[]): ImportedRun {
  const status = textOrNull(at(log, "status")) ?? "unknown";
  const version = textOrNull(at(log, "eval", "packages", "inspect_ai"));
  const { maxTokens, countsPadding } = settingsOf(log);
  const means = meansOf(log);
  const scored = read.filter(({ scores }) => Object.keys(scores).length > 0).length;
  const finished = status === "success";
  const empty = scored === 0 && read.every(({ completion }) => completion === null);
  if (empty && (read.length > 0 || !finished || Object.keys(means).length === 0)) {
    throw new InputError(
      `${path}: expected samples with scores, or the results of a log that ended in success; found ${read.length} samples, ${Object.keys(means).length} results and status "${status}"`,
    );
  }
  const notes = [
    ...(finished ? [] : [`The log has the status "${status}": it may lack questions.`]),
    ...(countsPadding && read.length > 0
      ? ["Lengths are left out: Inspect's hf provider counts the padding of its batches as tokens."]
      : []),
  ];
  return {
    harness: version === null ? "Inspect" : `Inspect ${version.replace(/\+.*/, "")}`,
    source: path,
    model: modelOf(log),
    task: textOrNull(at(log, "eval", "task")) ?? "unknown task",
    shots: null,
    run: textOrNull(at(log, "eval", "run_id")) ?? "",
    seed:
      numberOrNull(at(log, "plan", "config", "seed")) ?? numberOrNull(at(log, "eval", "model_generate_config", "seed")),
    date: textOrNull(at(log, "eval", "created")),
    maxTokens,
    temperature:
      numberOrNull(at(log, "plan", "config", "temperature")) ??
      numberOrNull(at(log, "eval", "model_generate_config", "temperature")),
    questions: questionsOf(log),
    scoreNames: [...new Set([...Object.keys(means), ...read.flatMap(({ scores }) => Object.keys(scores))])],
    means: finished ? means : {},
    answers: read,
    axes: {},
    notes,
  };
}

/** Of the dataset, up to the limit; else what was completed, which counts every epoch. */
function questionsOf(log: unknown): number | null {
  const config = at(log, "eval", "config");
  const limit = at(config, "limit");
  const [from, to] = Array.isArray(limit) ? limit.map(numberOrNull) : [0, numberOrNull(limit)];
  const all = (at(config, "sample_id") ?? null) === null ? positiveOrNull(at(log, "eval", "dataset", "samples")) : null;
  if (all !== null) return positiveOrNull(Math.min(all, to ?? all) - (from ?? 0));
  const completed = positiveOrNull(at(log, "results", "completed_samples"));
  return completed === null ? null : positiveOrNull(completed / (positiveOrNull(at(config, "epochs")) ?? 1));
}

/** By scorer: the mean over epochs. Other reducers are a majority, or the best of several attempts. */
function meansOf(log: unknown): Record<string, number> {
  const found: Record<string, number> = {};
  const old = at(log, "results", "scorer", "name");
  const scores: readonly unknown[] =
    typeof old === "string"
      ? [{ name: old, metrics: at(log, "results", "metrics") }]
      : listOf(at(log, "results", "scores"));
  for (const score of scores) {
    const name = textOrNull(at(score, "name"));
    const reducer = at(score, "reducer");
    if (name === null || (typeof reducer === "string" && reducer !== "mean")) continue;
    const metrics = numbersOf(
      Object.fromEntries(Object.entries(recordOf(at(score, "metrics"))).map(([key, one]) => [key, at(one, "value")])),
    );
    const mean = metrics.accuracy ?? metrics.mean;
    if (mean !== undefined) found[name] = mean;
  }
  return found;
}
