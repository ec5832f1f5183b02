import { stratumWeights } from "../../base/stratum-weights.ts";
import type { ScoreRecord } from "../schema.ts";
import { sizesOf } from "./question-strata.ts";
import { OUTCOMES, type ScoreMeasure, type ScoreTable, type StrataOf } from "./score-table.ts";

/** The tables of a unit, and whether its records lie in their order already. */
export interface UnitTables {
  readonly tables: readonly ScoreTable[];
  /** Whether the records came benchmark by benchmark, by question and attempt: they can then be read again one by one. */
  readonly inOrder: boolean;
}

/**
 * A table for each benchmark of a unit's scores, in the order in which these first appear.
 *
 * @param strata by benchmark, where samples of the questions were asked
 */
export function scoreTables(records: Iterable<ScoreRecord>, strata?: ReadonlyMap<string, StrataOf>): UnitTables {
  const builder = new ScoreTablesBuilder(strata);
  for (const record of records) builder.add(record);
  return builder.finish();
}

/** Takes records one by one and keeps numbers only: a million records as objects would be gigabytes. */
export class ScoreTablesBuilder {
  readonly #benchmarks = new Map<string, BenchmarkColumns>();
  readonly #strata: ReadonlyMap<string, StrataOf>;
  #last: ScoreRecord | undefined;
  #inOrder = true;

  /** @param strata by benchmark, where samples of the questions were asked */
  constructor(strata: ReadonlyMap<string, StrataOf> = new Map()) {
    this.#strata = strata;
  }

  add(record: ScoreRecord): void {
    const own = this.#benchmarks.get(record.benchmark) ?? new BenchmarkColumns(this.#strata.get(record.benchmark));
    const last = this.#last;
    if (last !== undefined) {
      const follows =
        last.benchmark === record.benchmark
          ? compareRecords(last, record) < 0
          : !this.#benchmarks.has(record.benchmark);
      this.#inOrder &&= follows;
    }
    this.#benchmarks.set(record.benchmark, own);
    own.add(record);
    this.#last = record;
  }

  finish(): UnitTables {
    return {
      tables: Array.from(this.#benchmarks, ([benchmark, columns]) => columns.toTable(benchmark)),
      inOrder: this.#inOrder,
    };
  }
}

/** By question and attempt. */
export function compareRecords(a: ScoreRecord, b: ScoreRecord): number {
  return a.sample === b.sample ? a.attempt - b.attempt : a.sample < b.sample ? -1 : 1;
}

const VALUES: Readonly<Record<ScoreMeasure, (record: ScoreRecord) => number>> = {
  accuracy: (record) => record.accuracy ?? Number.NaN,
  accuracy_strict: (record) => record.accuracy_strict ?? Number.NaN,
  format: (record) => record.format ?? Number.NaN,
  tokens: (record) => record.tokens ?? Number.NaN,
  truncated: (record) => record.truncated ?? Number.NaN,
  // Other programs take something for an answer where ours find none, and the reverse.
  answered: (record) => (record.path === "imported" ? Number.NaN : record.answer === null ? 0 : 1),
  thinking_tokens: (record) => record.thinking_tokens ?? Number.NaN,
  answer_tokens: (record) => record.answer_tokens ?? Number.NaN,
  characters: (record) => record.characters ?? Number.NaN,
  words: (record) => record.words ?? Number.NaN,
};

/** The records of one benchmark, as they come. */
class BenchmarkColumns {
  readonly #samples: string[] = [];
  readonly #attempts: number[] = [];
  readonly #classes: number[] = [];
  readonly #outcomes: number[] = [];
  readonly #values: Readonly<Record<ScoreMeasure, number[]>> = {
    accuracy: [],
    accuracy_strict: [],
    format: [],
    tokens: [],
    truncated: [],
    answered: [],
    thinking_tokens: [],
    answer_tokens: [],
    characters: [],
    words: [],
  };
  readonly #strata: StrataOf | undefined;
  readonly #formatParts = new NamedMeans();
  readonly #rewards = new NamedMeans();

  constructor(strata: StrataOf | undefined) {
    this.#strata = strata;
  }

  add(record: ScoreRecord): void {
    this.#samples.push(record.sample);
    this.#attempts.push(record.attempt);
    this.#classes.push(record.answer_class ?? -1);
    this.#outcomes.push(OUTCOMES.indexOf(record.status));
    for (const measure of MEASURES) this.#values[measure].push(VALUES[measure](record));
    const stratum = this.#strata?.get(record.sample) ?? -1;
    this.#formatParts.add(record.format_parts, stratum);
    this.#rewards.add(record.rewards, stratum);
  }

  toTable(benchmark: string): ScoreTable {
    const order = this.#order();
    const column = (measure: ScoreMeasure): Float64Array =>
      Float64Array.from(order, (i) => this.#values[measure][i] ?? Number.NaN);
    const samples: string[] = [];
    const starts: number[] = [];
    order.forEach((i, place) => {
      const sample = this.#samples[i] ?? "";
      if (place > 0 && sample === samples.at(-1)) return;
      samples.push(sample);
      starts.push(place);
    });
    const of = Int32Array.from(samples, (sample) => this.#strata?.get(sample) ?? -1);
    const sizes = sizesOf(this.#strata ?? new Map());
    const weights = stratumWeights({ of, sizes }, () => true);
    const standsFor = new Map(Array.from(of, (stratum, q) => [stratum, weights?.[q] ?? 1] as const));
    return {
      benchmark,
      samples,
      ...(this.#strata === undefined ? {} : { strata: this.#strata, weights }),
      starts: Int32Array.from([...starts, order.length]),
      columns: {
        accuracy: column("accuracy"),
        accuracy_strict: column("accuracy_strict"),
        format: column("format"),
        tokens: column("tokens"),
        truncated: column("truncated"),
        answered: column("answered"),
        thinking_tokens: column("thinking_tokens"),
        answer_tokens: column("answer_tokens"),
        characters: column("characters"),
        words: column("words"),
      },
      outcomes: Uint8Array.from(order, (i) => this.#outcomes[i] ?? 0),
      answerClasses: Int32Array.from(order, (i) => this.#classes[i] ?? -1),
      formatParts: this.#formatParts.toRecord(standsFor),
      rewards: this.#rewards.toRecord(standsFor),
    };
  }

  #order(): Uint32Array {
    const [samples, attempts] = [this.#samples, this.#attempts];
    return Uint32Array.from(samples.keys()).toSorted((i, j) => {
      const [a = "", b = ""] = [samples[i], samples[j]];
      return a === b ? (attempts[i] ?? 0) - (attempts[j] ?? 0) : a < b ? -1 : 1;
    });
  }
}

const MEASURES: readonly ScoreMeasure[] = [
  "accuracy",
  "accuracy_strict",
  "format",
  "tokens",
  "truncated",
  "answered",
  "thinking_tokens",
  "answer_tokens",
  "characters",
  "words",
];

/** Means by name over those that have a value: what is undefined for an attempt is left out, never counted as 0. */
class NamedMeans {
  /** By name and stratum. */
  readonly #sums = new Map<string, Map<number, { total: number; count: number }>>();

  add(values: Readonly<Record<string, number | null>>, stratum: number): void {
    for (const name of Object.keys(values)) {
      const value = values[name] ?? null;
      const strata = this.#sums.get(name) ?? new Map<number, { total: number; count: number }>();
      this.#sums.set(name, strata);
      if (value === null) continue;
      const sum = strata.get(stratum) ?? { total: 0, count: 0 };
      strata.set(stratum, sum);
      sum.total += value;
      sum.count++;
    }
  }

  /** @param standsFor what a question of a stratum stands for */
  toRecord(standsFor: ReadonlyMap<number, number>): Record<string, number | null> {
    const meanOf = (strata: ReadonlyMap<number, { total: number; count: number }>): number | null => {
      let [total, count] = [0, 0];
      for (const [stratum, sum] of strata) {
        const weight = standsFor.get(stratum) ?? 1;
        total += weight * sum.total;
        count += weight * sum.count;
      }
      return count === 0 ? null : total / count;
    };
    return Object.fromEntries(
      [...this.#sums].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, strata]) => [name, meanOf(strata)]),
    );
  }
}
