import { basename, dirname, extname } from "node:path";
import { InputError } from "../../base/errors.ts";
import { isRecord } from "../../base/is-record.ts";
import { at, lastMessage, numberOrNull, textOrNull, textsOf } from "../fields.ts";
import { parseRowsText, readText } from "../files/read-json.ts";
import type { ImportedAnswer, ImportedRun } from "../imported-run.ts";

/** Whether a row is an answer as simple-evals and its forks write them. */
export function isSimpleEvalsRow(row: unknown): boolean {
  return isRecord(row) && ("is_correct" in row || "score" in row) && ("instruction" in row || "convo" in row);
}

/** Whether a JSON value is a summary of simple-evals: a score, and nothing but numbers; or a score beside its metrics. */
export function isSimpleEvalsSummary(value: unknown): boolean {
  if (isRecord(value) && typeof value.score === "number" && isRecord(value.metrics)) return true;
  return (
    isRecord(value) && "score" in value && Object.values(value).every((one) => one === null || typeof one === "number")
  );
}

/** Benchmark and model stand in the name alone: `<eval>_<model>.json`. */
const SUMMARY_NAME = /^((?:healthbench_(?:hard|consensus|meta))|[^_]+)_(.+)$/;

/** Reads the summary of a run: its score alone. @throws InputError where the name does not say of what it is */
export function readSimpleEvalsSummary(value: unknown, path: string): ImportedRun {
  const match = SUMMARY_NAME.exec(basename(path, extname(path)));
  const score = numberOrNull(at(value, "score"));
  if (match === null || score === null) {
    throw new InputError(
      `${path}: expected a score, and a name <benchmark>_<model>.json that says of what; found neither in the file`,
    );
  }
  return { ...runOf(path, match[1] ?? "", match[2] ?? ""), means: { score }, scoreNames: ["score"], answers: [] };
}

/** Reads a line a question: `<benchmark>/<model>.jsonl`. */
export async function readSimpleEvals(path: string): Promise<ImportedRun> {
  const rows = parseRowsText(await readText(path), path);
  const answers = rows.map((row, index) => answerOf(row, `${path}: row ${index + 1}`));
  const run = runOf(path, basename(dirname(path)), basename(path, extname(path)));
  return { ...run, answers, scoreNames: [...new Set(answers.flatMap(({ scores }) => Object.keys(scores)))] };
}

function runOf(path: string, task: string, model: string): ImportedRun {
  return {
    harness: "simple-evals",
    source: path,
    model,
    task,
    shots: null,
    run: "",
    seed: null,
    date: null,
    maxTokens: null,
    temperature: null,
    questions: null,
    scoreNames: [],
    means: {},
    answers: [],
    axes: {},
    notes: [],
  };
}

/** Where there is an instruction, `answer` is the completion; `pred` is what was extracted from it. */
function answerOf(row: Readonly<Record<string, unknown>>, where: string): ImportedAnswer {
  const correct = numberOrNull(row.is_correct);
  const score = numberOrNull(row.score);
  if (!isSimpleEvalsRow(row) || (correct === null && score === null)) {
    throw new InputError(
      `${where}: expected instruction or convo, and is_correct or score, found ${Object.keys(row).join(", ")}`,
    );
  }
  const [id] = textsOf(row.id);
  const question = textOrNull(row.instruction) ?? lastMessage(row.convo, "user");
  const pred = textOrNull(row.pred) ?? textOrNull(row.extracted_answer);
  return {
    id: id ?? question ?? where,
    question,
    golds: textsOf(row.correct_answer),
    attempt: 0,
    completion: "instruction" in row ? textOrNull(row.answer) : lastMessage(row.convo, "assistant"),
    tokens: numberOrNull(at(row, "usage", "completion_tokens")),
    finish: null,
    extracted: pred === null ? {} : { "": pred },
    scores: { ...(correct === null ? {} : { is_correct: correct }), ...(score === null ? {} : { score }) },
  };
}
