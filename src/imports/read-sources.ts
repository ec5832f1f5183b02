import { extname } from "node:path";
import { explanationOf, InputError } from "../base/errors.ts";
import type { OnBroken } from "./broken.ts";
import { firstRow, parseLenientJson, readText } from "./files/read-json.ts";
import { findResultFiles } from "./files/walk.ts";
import type { ImportedRun, ImportFormat } from "./imported-run.ts";
import { isInspectLog, readInspectEval, readInspectJson } from "./inspect/read-inspect.ts";
import { isLightevalResults, readDetailsAlone, readLighteval } from "./lighteval/read-lighteval.ts";
import { isLmEvalSample, readLmEval, readSamplesAlone } from "./lm-eval/read-lm-eval.ts";
import { isLmEvalResults } from "./lm-eval/results.ts";
import {
  isSimpleEvalsRow,
  isSimpleEvalsSummary,
  readSimpleEvals,
  readSimpleEvalsSummary,
} from "./others/read-simple-evals.ts";
import { hasPlainColumns, readTidy } from "./others/read-tidy.ts";
import { isVerifiersMetadata, isVerifiersRollout, isVerifiersTrace, readVerifiers } from "./others/read-verifiers.ts";
import type { TidyMap } from "./others/tidy-map.ts";

/** What to read, and how. */
export interface SourceOptions {
  /** Decides where the content does not. */
  readonly format?: ImportFormat | undefined;
  /** Of tables. */
  readonly map?: TidyMap | undefined;
  /** Goes on after a file that cannot be read; it is counted. */
  readonly skipBroken?: boolean;
}

/** What was left out of an import. */
export interface LeftOut {
  /** Files, or tasks of one, that could not be read, each with the reason. */
  readonly broken: { readonly file: string; readonly reason: string }[];
  /** Files in folders that are no results. */
  readonly passedOver: string[];
}

/**
 * Reads the results of other programs under some paths, one run at a time, so that never more than one is in memory.
 *
 * @param leftOut takes what is left out
 * @throws InputError for a file that is broken (unless broken ones are skipped), and for a named one of no known format
 */
export async function* readSources(
  paths: readonly string[],
  options: SourceOptions,
  leftOut: LeftOut,
): AsyncGenerator<ImportedRun> {
  const { files, named, others } = await findResultFiles(paths);
  leftOut.passedOver.push(...others);
  const consumed = new Set<string>();
  const onBroken: OnBroken = (file, error) => {
    if (!(error instanceof InputError) || options.skipBroken !== true) throw error;
    leftOut.broken.push({ file, reason: explanationOf(error) });
  };
  // Results first: they say which of the other files belong to them.
  const ordered = [...files.filter(isJson), ...files.filter((file) => !isJson(file))];
  for (const file of ordered) {
    if (consumed.has(file)) continue;
    try {
      const runs = await readFile(file, options, consumed, onBroken);
      if (runs !== undefined) {
        yield* runs;
        continue;
      }
      if (named.has(file)) {
        throw new InputError(
          `${file}: expected results of lm-evaluation-harness, lighteval, Inspect, verifiers or simple-evals, or a table with --map; found another file`,
          {
            hint: "docs/import.md says what is read of each.",
          },
        );
      }
      leftOut.passedOver.push(file);
    } catch (error) {
      onBroken(file, error);
    }
  }
}

type Runs = AsyncIterable<ImportedRun> | Iterable<ImportedRun>;

/** Undefined for a file that is no results; nothing for one that belongs to others. */
async function readFile(
  file: string,
  options: SourceOptions,
  consumed: Set<string>,
  onBroken: OnBroken,
): Promise<Runs | undefined> {
  const { format } = options;
  const wants = (one: ImportFormat): boolean => format === undefined || format === one;
  switch (extname(file).toLowerCase()) {
    case ".eval":
      return wants("inspect") ? [await readInspectEval(file)] : undefined;
    case ".parquet":
      return wants("lighteval") ? [await readDetailsAlone(file)] : undefined;
    case ".csv":
      return wants("tidy") ? await readTable(file, options) : undefined;
    case ".json":
      return await readJsonFile(file, wants, options, consumed, onBroken);
    default:
      return await readJsonLines(file, wants, options);
  }
}

async function readJsonFile(
  file: string,
  wants: (format: ImportFormat) => boolean,
  options: SourceOptions,
  consumed: Set<string>,
  onBroken: OnBroken,
): Promise<Runs | undefined> {
  const text = await readText(file);
  if (text.trimStart().startsWith("[")) return await readJsonLines(file, wants, options);
  const value = parseLenientJson(text, file);
  if (wants("inspect") && isInspectLog(value)) return [readInspectJson(value, file)];
  if (wants("lighteval") && isLightevalResults(value)) return readLighteval(value, file, consumed, onBroken);
  if (wants("lm-eval") && isLmEvalResults(value)) return readLmEval(value, file, consumed, onBroken);
  if (isVerifiersMetadata(value)) return [];
  if (wants("simple-evals") && isSimpleEvalsSummary(value)) return [readSimpleEvalsSummary(value, file)];
  return undefined;
}

async function readJsonLines(
  file: string,
  wants: (format: ImportFormat) => boolean,
  options: SourceOptions,
): Promise<Runs | undefined> {
  const row = firstRow(await readText(file), file);
  if (wants("lm-eval") && isLmEvalSample(row)) return [await readSamplesAlone(file)];
  if (wants("verifiers") && isVerifiersRollout(row)) return [await readVerifiers(file)];
  if (wants("verifiers") && isVerifiersTrace(row)) {
    throw new InputError(
      `${file}: expected the rollouts of verifiers (results.jsonl), found the traces of verifiers v1, which are not read`,
    );
  }
  if (wants("simple-evals") && isSimpleEvalsRow(row)) return [await readSimpleEvals(file)];
  if (wants("tidy") && (options.map !== undefined || hasPlainColumns(columnsOf(row))))
    return await readTidy(file, options.map);
  return undefined;
}

async function readTable(file: string, { map, format }: SourceOptions): Promise<Runs | undefined> {
  if (map === undefined && format !== "tidy") {
    const header = (await readText(file)).split(/\r?\n/, 1)[0] ?? "";
    if (!hasPlainColumns(header.split(","))) return undefined;
  }
  return await readTidy(file, map);
}

function columnsOf(row: unknown): string[] {
  return typeof row === "object" && row !== null ? Object.keys(row) : [];
}

function isJson(file: string): boolean {
  return extname(file).toLowerCase() === ".json";
}
