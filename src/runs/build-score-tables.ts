import type { ScoreRecord } from "./schema.ts";
import type { ScoreMeasure, ScoreTable } from "./score-table.ts";

/** A table for each benchmark of a unit's scores, in the order in which these first appear. */
export function scoreTables(records: readonly ScoreRecord[]): ScoreTable[] {
  const byBenchmark = new Map<string, ScoreRecord[]>();
  for (const record of records) {
    const own = byBenchmark.get(record.benchmark);
    if (own === undefined) byBenchmark.set(record.benchmark, [record]);
    else own.push(record);
  }
  return Array.from(byBenchmark, ([benchmark, own]) => scoreTable(benchmark, own));
}

function scoreTable(benchmark: string, records: readonly ScoreRecord[]): ScoreTable {
  const sorted = inOrder(records);
  const column = (measure: ScoreMeasure): Float64Array => Float64Array.from(sorted, VALUES[measure]);
  const samples: string[] = [];
  const starts: number[] = [];
  sorted.forEach(({ sample }, i) => {
    if (sample === sorted[i - 1]?.sample) return;
    samples.push(sample);
    starts.push(i);
  });
  return {
    benchmark,
    samples,
    starts: Int32Array.from([...starts, sorted.length]),
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
    answerClasses: Int32Array.from(sorted, ({ answer_class: answerClass }) => answerClass ?? -1),
    formatParts: meansByName(sorted, (record) => record.format_parts),
    rewards: meansByName(sorted, (record) => record.rewards),
  };
}

/** Records of one benchmark by question and attempt. */
export function inOrder(records: readonly ScoreRecord[]): ScoreRecord[] {
  return records.toSorted((a, b) => (a.sample === b.sample ? a.attempt - b.attempt : a.sample < b.sample ? -1 : 1));
}

const VALUES: Readonly<Record<ScoreMeasure, (record: ScoreRecord) => number>> = {
  accuracy: (record) => record.accuracy ?? Number.NaN,
  accuracy_strict: (record) => record.accuracy_strict ?? Number.NaN,
  format: (record) => record.format ?? Number.NaN,
  tokens: (record) => record.tokens ?? Number.NaN,
  truncated: (record) => record.truncated ?? Number.NaN,
  answered: (record) => (record.answer === null ? 0 : 1),
  thinking_tokens: (record) => record.thinking_tokens ?? Number.NaN,
  answer_tokens: (record) => record.answer_tokens ?? Number.NaN,
  characters: (record) => record.characters ?? Number.NaN,
  words: (record) => record.words ?? Number.NaN,
};

function meansByName(
  records: readonly ScoreRecord[],
  partsOf: (record: ScoreRecord) => Readonly<Record<string, number | null>>,
): Record<string, number | null> {
  const sums = new Map<string, { total: number; count: number }>();
  for (const record of records) {
    for (const [name, value] of Object.entries(partsOf(record))) {
      const sum = sums.get(name) ?? { total: 0, count: 0 };
      if (value !== null) {
        sum.total += value;
        sum.count++;
      }
      sums.set(name, sum);
    }
  }
  return Object.fromEntries(
    [...sums]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, { total, count }]) => [name, count === 0 ? null : total / count]),
  );
}
