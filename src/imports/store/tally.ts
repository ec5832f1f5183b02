import { countOf } from "../../base/count-of.ts";
import { digestOf } from "../../base/digest.ts";
import type { Manifest, ScoreRecord } from "../../runs/schema.ts";
import type { SurveyedTask } from "./survey.ts";

/** What is counted of one benchmark. */
interface BenchmarkTally {
  readonly samples: Set<string>;
  attempts: number;
  unscored: number;
  differ: number;
  both: number;
  /** By point: sums of our and of their verdicts, where there are both. */
  readonly verdicts: Map<string, { ours: number; theirs: number; both: number }>;
}

/** Counts what an import writes, for the manifest and for what the report says of it. */
export class Tally {
  /** Answers with a score. */
  total = 0;
  readonly #benchmarks = new Map<string, BenchmarkTally>();
  #scoreNames: ReadonlyMap<string, string | undefined> = new Map();

  get names(): string[] {
    return [...this.#benchmarks.keys()].toSorted((a, b) => (a < b ? -1 : 1));
  }

  /** @param scoreNames what they call the score that counts, by benchmark */
  add(point: string, records: readonly ScoreRecord[], scoreNames: ReadonlyMap<string, string | undefined>): void {
    this.#scoreNames = scoreNames;
    for (const record of records) {
      const own = this.#benchmarks.get(record.benchmark) ?? newTally();
      this.#benchmarks.set(record.benchmark, own);
      own.samples.add(record.sample);
      own.attempts = Math.max(own.attempts, record.attempt + 1);
      if (record.accuracy === null) own.unscored++;
      else this.total++;
      countVerdicts(own, point, record, record.rewards[scoreNames.get(record.benchmark) ?? ""] ?? null);
    }
  }

  notes(rescored: boolean): string[] {
    return this.names.flatMap((name) => {
      const own = this.#benchmarks.get(name);
      if (own === undefined) return [];
      const { unscored, differ, both, verdicts } = own;
      const without = `${name}: ${countOf(unscored, "answer has", "answers have")} no score, and only their lengths count.`;
      const rates = Array.from(
        verdicts,
        ([point, sums]) => `${point} ${percent(sums.theirs / sums.both)} and ${percent(sums.ours / sums.both)}`,
      );
      const again = `Accuracy on ${name} in percent by "${this.#scoreNames.get(name)}" and graded by mergesweep: ${rates.join("; ")}. Of ${countOf(both, "answer")}, ${differ} ${differ === 1 ? "is" : "are"} judged differently.`;
      return [...(unscored === 0 ? [] : [without]), ...(rescored && both > 0 ? [again] : [])];
    });
  }

  benchmarks(tasks: ReadonlyMap<string, SurveyedTask>): Manifest["benchmarks"] {
    return [...this.#benchmarks]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, { samples, attempts }]) => {
        const task = [...tasks.values()].find((one) => one.name === name);
        const own = task?.own?.benchmark;
        return {
          name,
          version: own?.version ?? 1,
          samples: samples.size,
          attempts,
          data_sha256: own?.dataSha256 ?? digestOf({ imported: name, by_question: task?.byQuestion }),
          prompt: `of ${task?.harness ?? "another program"}`,
          ...(task?.byQuestion === false ? { unit: "run" as const } : {}),
          ...(task?.byQuestion === false && task.questions !== null ? { questions: task.questions } : {}),
        };
      });
  }
}

function newTally(): BenchmarkTally {
  return { samples: new Set(), attempts: 0, unscored: 0, differ: 0, both: 0, verdicts: new Map() };
}

function countVerdicts(own: BenchmarkTally, point: string, { accuracy }: ScoreRecord, theirs: number | null): void {
  if (accuracy === null || theirs === null) return;
  own.both++;
  if (accuracy !== theirs) own.differ++;
  const sums = own.verdicts.get(point) ?? { ours: 0, theirs: 0, both: 0 };
  own.verdicts.set(point, { ours: sums.ours + accuracy, theirs: sums.theirs + theirs, both: sums.both + 1 });
}

function percent(rate: number): string {
  return (100 * rate).toFixed(1);
}
