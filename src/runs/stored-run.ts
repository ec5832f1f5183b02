import type {
  Manifest,
  PlannedPoint,
  ProblemRecord,
  SampleRecord,
  ScoreRecord,
  UnitFailure,
  UnitResult,
} from "./schema.ts";
import type { SearchRecord } from "./search-record.ts";
import type { ScoreTable, StrataOf } from "./tables/score-table.ts";

/** Where the records of a unit lie, and which of them are asked: plain data, as a thread is given it. */
export interface UnitSource {
  /** The run's folder. */
  readonly store: string;
  readonly unit: string;
  /** A folder that has the unit's scores, where they are not in the store. */
  readonly from: string | undefined;
  readonly benchmarks: Manifest["benchmarks"];
  /** By benchmark: strata of which samples were asked. */
  readonly strata?: ReadonlyMap<string, StrataOf> | undefined;
}

/** One unit as a report sees it. */
export interface EvaluatedPoint {
  readonly point: PlannedPoint;
  readonly result: UnitResult;
  /** A table for each benchmark. */
  readonly tables: readonly ScoreTable[];
  /** Whether the records lie benchmark by benchmark, by question and attempt. */
  readonly inOrder: boolean;
  /** The records themselves, read again in pieces: they are never all held. */
  readonly records: () => AsyncIterable<readonly ScoreRecord[]>;
  /** The completions, in pieces; undefined where a store has none. */
  readonly texts?: () => AsyncIterable<readonly SampleRecord[]>;
  /** Where both lie, for threads to read them; null where they cannot. */
  readonly source?: UnitSource | null;
}

/** A whole run, read back: all that `report` needs. Units that are not finished are left out. */
export interface StoredRun {
  readonly manifest: Manifest;
  readonly evaluated: readonly EvaluatedPoint[];
  /** Points that were tried and are not done, in the manifest's order. */
  readonly failed: readonly (UnitFailure & { readonly point: string })[];
  /** The questions; empty where a store has none. */
  readonly problems?: readonly ProblemRecord[];
  /** The search that chose what was asked. */
  readonly search?: SearchRecord;
  /** Names of the runs that were laid over one another; undefined for one run. */
  readonly runs?: readonly string[];
}
