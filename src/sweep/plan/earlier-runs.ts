import { existsSync } from "node:fs";
import { open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { digestOf } from "../../base/digest.ts";
import { messageOf } from "../../base/errors.ts";
import { isRecord } from "../../base/is-record.ts";
import { parseJsonLines } from "../../base/jsonl.ts";
import { readLastProgress } from "../../runs/leases/read-workers.ts";
import { readManifestIfPresent } from "../../runs/read-manifest.ts";
import type { Manifest } from "../../runs/schema.ts";

/** What an earlier run tells of the next. */
export interface EarlierRun {
  readonly folder: string;
  /** The models that it names. */
  readonly models: ReadonlySet<string>;
  readonly maxTokens: number | null;
  readonly ggufType: string | undefined;
  /** How the models were run, as `runtimeOf` says it. */
  readonly runtime: string;
  /** Mean tokens of an answer, by benchmark. */
  readonly lengths: Readonly<Record<string, number>>;
  /** Of the process that worked on it last, pauses before it left out; undefined where it did not work for long. */
  readonly tokensPerSecond: number | undefined;
}

/** A piece of each file of answers tells their lengths. */
const PIECE_BYTES = 1_000_000;
/** Runs that are looked at, the newest first: a plan does not take long. */
const MAX_RUNS = 20;
/** Less says nothing of the speed. */
const LEAST_SECONDS = 5;

/**
 * The lengths and speeds of the runs in a folder, the newest first. Runs that cannot be read are passed over: they stop no
 * plan.
 */
export async function readEarlierRuns(runs: string, note: (text: string) => void): Promise<EarlierRun[]> {
  if (!existsSync(runs)) return [];
  const folders = (await readdir(runs))
    .map((name) => join(runs, name))
    .filter((path) => existsSync(join(path, "units")));
  const dated = await Promise.all(folders.map(async (path) => ({ path, at: (await stat(path)).mtimeMs })));
  const newest = dated.toSorted((a, b) => b.at - a.at).slice(0, MAX_RUNS);
  const found: EarlierRun[] = [];
  for (const { path } of newest) {
    try {
      const run = await readEarlierRun(path);
      if (run !== undefined) found.push(run);
    } catch (error) {
      note(`${path} tells nothing of lengths and speed: ${messageOf(error)}`);
    }
  }
  return found;
}

async function readEarlierRun(folder: string): Promise<EarlierRun | undefined> {
  const manifest = await readManifestIfPresent(folder);
  if (manifest === undefined) return undefined;
  const tokens = new Map<string, { total: number; count: number }>();
  for (const path of await answerFiles(folder, manifest)) {
    for (const { benchmark, length } of await readPiece(path)) {
      const sum = tokens.get(benchmark) ?? { total: 0, count: 0 };
      tokens.set(benchmark, { total: sum.total + length, count: sum.count + 1 });
    }
  }
  const telling = (await readLastProgress(folder)).filter(({ seconds }) => seconds >= LEAST_SECONDS);
  const speed = telling.reduce((sum, { tokens_per_second }) => sum + tokens_per_second, 0);
  return {
    folder,
    models: modelsOf(manifest.plan),
    maxTokens: manifest.max_tokens,
    ggufType: typeof manifest.plan.gguf_type === "string" ? manifest.plan.gguf_type : undefined,
    runtime: runtimeOf(manifest.plan),
    lengths: Object.fromEntries(Array.from(tokens, ([name, { total, count }]) => [name, total / count])),
    tokensPerSecond: speed > 0 ? speed : undefined,
  };
}

/** One for each process that worked on a point. */
async function answerFiles(folder: string, { points }: Manifest): Promise<string[]> {
  const units = points.map(({ unit }) => join(folder, "units", unit)).filter((unit) => existsSync(unit));
  const names = await Promise.all(
    units.map(async (unit) => (await readdir(unit)).map((name) => ({ path: join(unit, name), name }))),
  );
  return names.flat().flatMap(({ path, name }) => (/^samples.*\.jsonl$/.test(name) ? [path] : []));
}

/** The first answers in a file. */
async function readPiece(path: string): Promise<{ readonly benchmark: string; readonly length: number }[]> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.min(size, PIECE_BYTES)), 0, undefined, 0);
    const text = buffer.subarray(0, bytesRead).toString("utf8");
    const whole = text.slice(0, text.lastIndexOf("\n") + 1);
    return parseJsonLines(whole, path).flatMap((line) =>
      isRecord(line) && typeof line.benchmark === "string" && typeof line.completion_tokens === "number"
        ? [{ benchmark: line.benchmark, length: line.completion_tokens }]
        : [],
    );
  } finally {
    await file.close();
  }
}

/** What decides how fast a machine generates, beside the models: llama.cpp's options, or the server. */
export function runtimeOf({ engine = {}, server = null }: Manifest["plan"]): string {
  return digestOf({ engine, server });
}

/** Every model that a plan names: in its recipe, among its references and its points. */
export function modelsOf({ recipe, references, published }: Manifest["plan"]): ReadonlySet<string> {
  const models = new Set<string>();
  const collect = (value: unknown): void => {
    if (Array.isArray(value)) for (const inner of value) collect(inner);
    if (!isRecord(value)) return;
    for (const [key, inner] of Object.entries(value)) {
      if ((key === "model" || key === "base_model") && typeof inner === "string") models.add(inner);
      collect(inner);
    }
  };
  collect([recipe, published]);
  if (isRecord(references)) for (const model of Object.values(references)) models.add(String(model));
  return models;
}
