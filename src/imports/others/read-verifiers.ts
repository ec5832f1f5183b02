import { basename, dirname, join } from "node:path";
import { InputError, messageOf } from "../../base/errors.ts";
import { isRecord } from "../../base/is-record.ts";
import { at, lastMessage, numberOrNull, numbersOf, positiveOrNull, recordOf, textOrNull, textsOf } from "../fields.ts";
import { parseRowsText, readJson, readText } from "../files/read-json.ts";
import type { ImportedAnswer, ImportedRun } from "../imported-run.ts";

/** Numbers of a row that are no score. */
const NO_SCORES = /^id$|^example_id$|_ms$|calls?$|turns?$|tokens?$|^num_|^reward$|^time$/;

/** Whether a row is a rollout of verifiers. */
export function isVerifiersRollout(row: unknown): boolean {
  return isRecord(row) && "reward" in row && "completion" in row && "prompt" in row;
}

/** Whether a row is an episode of verifiers v1, which is not read. */
export function isVerifiersTrace(row: unknown): boolean {
  return isRecord(row) && Array.isArray(row.traces) && "env" in row;
}

/** Whether a JSON value is the metadata beside the rollouts. */
export function isVerifiersMetadata(value: unknown): boolean {
  return isRecord(value) && "rollouts_per_example" in value && ("env" in value || "env_id" in value);
}

/**
 * Reads the rollouts of a run of verifiers, and the metadata beside them. Rollouts are gathered by prompt and answer: the ids
 * of older files are those of no question.
 *
 * @throws InputError without metadata that say of which model they are
 */
export async function readVerifiers(path: string): Promise<ImportedRun> {
  const metadataPath = join(dirname(path), "metadata.json");
  const metadata = await readJson(metadataPath).catch((error: unknown) => {
    throw new InputError(
      `${path}: expected a metadata.json beside it that says of which model these are: ${messageOf(error)}`,
    );
  });
  const rows = parseRowsText(await readText(path), path);
  const model = textOrNull(at(metadata, "model"));
  const task = textOrNull(at(metadata, "env_id")) ?? textOrNull(at(metadata, "env"));
  if (model === null || task === null) {
    throw new InputError(
      `${metadataPath}: expected model and env_id, found ${Object.keys(recordOf(metadata)).join(", ")}`,
    );
  }
  const asked = new Map<string, number>();
  const answers = rows.map((row, index) => rolloutOf(row, `${path}: row ${index + 1}`, asked));
  return {
    harness: "verifiers",
    source: path,
    model,
    task,
    shots: null,
    run: basename(dirname(path)),
    seed: numberOrNull(at(metadata, "sampling_args", "seed")),
    date: textOrNull(at(metadata, "date")),
    maxTokens: positiveOrNull(at(metadata, "sampling_args", "max_tokens")),
    temperature: numberOrNull(at(metadata, "sampling_args", "temperature")),
    questions: null,
    scoreNames: [...new Set(["reward", ...answers.flatMap(({ scores }) => Object.keys(scores))])],
    means: {},
    answers,
    axes: {},
    notes: [],
  };
}

function rolloutOf(row: Readonly<Record<string, unknown>>, where: string, asked: Map<string, number>): ImportedAnswer {
  const reward = numberOrNull(row.reward);
  if (!isVerifiersRollout(row) || reward === null) {
    throw new InputError(`${where}: expected prompt, completion and a reward, found ${Object.keys(row).join(", ")}`);
  }
  const question = textOrNull(row.prompt) ?? lastMessage(row.prompt, "user");
  const golds = textsOf(row.answer);
  const key = JSON.stringify([row.prompt, golds]);
  const attempt = asked.get(key) ?? 0;
  asked.set(key, attempt + 1);
  const named = isRecord(row.metrics) ? row.metrics : row;
  const scores = Object.entries(numbersOf(named)).filter(([name]) => !NO_SCORES.test(name));
  return {
    id: key,
    question,
    golds,
    attempt,
    completion: textOrNull(row.completion) ?? lastMessage(row.completion, "assistant"),
    tokens: numberOrNull(at(row, "token_usage", "output_tokens")),
    finish: row.is_truncated === true ? "length" : row.is_truncated === false ? "stop" : null,
    extracted: {},
    scores: { reward, ...Object.fromEntries(scores) },
  };
}
