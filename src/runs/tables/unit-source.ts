import { availableParallelism } from "node:os";
import { unitStore } from "../run-store.ts";
import type { SampleRecord, ScoreRecord } from "../schema.ts";
import type { UnitSource } from "../stored-run.ts";
import { inView, onlyAsked } from "../view.ts";
import { ScoreTablesBuilder, type UnitTables } from "./build-score-tables.ts";

/** Threads take a second to start. */
const WORTH_THREADS = 20_000;
/** Each holds what it works on, and more than this share the memory's bandwidth. */
const MAX_THREADS = 4;

/**
 * How many threads work through so many completions; none where they are few.
 *
 * @param beside whether the caller computes meanwhile, and needs a core of its own
 */
export function threadsFor(completions: number, { beside = false }: { readonly beside?: boolean } = {}): number {
  if (completions < WORTH_THREADS) return 0;
  return Math.max(1, Math.min(MAX_THREADS, availableParallelism() - (beside ? 1 : 0)));
}

/** The tables of a unit, and how many records are in them. */
export interface CountedTables extends UnitTables {
  readonly count: number;
}

/**
 * The scores, in pieces.
 *
 * @param checked whether this process has read and checked them before
 */
export function scoresAt({ store, unit, from, benchmarks }: UnitSource, checked: boolean): Pieces<ScoreRecord> {
  return onlyAsked(unitStore(store, unit).readScores({ checked, from }), inView({ benchmarks }));
}

/** The completions, in pieces. */
export function textsAt({ store, unit, benchmarks }: UnitSource): Pieces<SampleRecord> {
  return onlyAsked(unitStore(store, unit).readSamples(), inView({ benchmarks }));
}

/** @throws StoreError if a record is damaged */
export function tablesAt({ source }: { readonly source: UnitSource }): Promise<CountedTables> {
  return buildTables(scoresAt(source, false), source.strata);
}

/** @param strata by benchmark, where samples of the questions were asked */
export async function buildTables(pieces: Pieces<ScoreRecord>, strata?: UnitSource["strata"]): Promise<CountedTables> {
  const builder = new ScoreTablesBuilder(strata);
  let count = 0;
  for await (const piece of pieces) {
    for (const record of piece) builder.add(record);
    count += piece.length;
  }
  return { ...builder.finish(), count };
}

type Pieces<Row> = AsyncIterable<readonly Row[]>;
