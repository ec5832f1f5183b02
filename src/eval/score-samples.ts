import type { Benchmark, Sample } from "../benchmarks/benchmark.ts";
import type { SampleRecord, ScoreRecord } from "../runs/schema.ts";
import { answerClasses } from "../scorers/accuracy/answer-classes.ts";
import { kimiLengthRewards } from "../scorers/rewards.ts";
import { type ScoreOptions, scoreCompletion } from "../scorers/score-completion.ts";

/** What of a benchmark determines scores. */
export interface GradedBenchmark extends Pick<Benchmark, "name" | "answer"> {
  readonly samples: readonly GradedSample[];
}
type GradedSample = Pick<Sample, "id" | "golds" | "tolerance" | "unit">;

/**
 * The scores of stored completions, in the order of the benchmarks, their samples, and the attempts. A pure function of its
 * inputs: a run can be scored again at any time. Records of samples that the benchmarks do not have are left out.
 */
export function scoreSamples(
  records: readonly SampleRecord[],
  benchmarks: readonly GradedBenchmark[],
  options: ScoreOptions = {},
): ScoreRecord[] {
  return [...eachScore(records, benchmarks, options)];
}

/** The same one by one, as they are asked for. */
export function* eachScore(
  records: readonly SampleRecord[],
  benchmarks: readonly GradedBenchmark[],
  options: ScoreOptions = {},
): Generator<ScoreRecord> {
  const bySample = new Map<string, SampleRecord[]>();
  for (const record of records) {
    const key = JSON.stringify([record.benchmark, record.sample]);
    const attempts = bySample.get(key);
    if (attempts === undefined) bySample.set(key, [record]);
    else attempts.push(record);
  }
  for (const benchmark of benchmarks) {
    for (const sample of benchmark.samples) {
      const attempts = bySample.get(JSON.stringify([benchmark.name, sample.id])) ?? [];
      yield* scoreAttempts(
        attempts.toSorted((a, b) => a.attempt - b.attempt),
        benchmark,
        sample,
        options,
      );
    }
  }
}

/** All attempts of one sample together: the Kimi length reward and the classes of equal answers compare them. */
function scoreAttempts(
  attempts: readonly SampleRecord[],
  benchmark: GradedBenchmark,
  sample: GradedSample,
  options: ScoreOptions,
): ScoreRecord[] {
  const scores = attempts.map((record) =>
    scoreCompletion(
      {
        completion: record.completion,
        prefill: record.prefill,
        golds: sample.golds,
        answer: benchmark.answer,
        // Only imported results lack these, and those are scored where they are imported.
        finishReason: record.finish_reason === "unknown" ? "stop" : record.finish_reason,
        completionTokens: record.completion_tokens ?? 0,
        thinkingTokens: record.thinking_tokens,
        tolerance: sample.tolerance,
        unit: sample.unit,
      },
      options,
    ),
  );
  const classes = answerClasses(scores.map((score) => score.answer));
  return withGroupRewards(
    scores.map((score, index) => ({
      benchmark: benchmark.name,
      sample: sample.id,
      attempt: attempts[index]?.attempt ?? index,
      gold: sample.golds[0] ?? "",
      answer_class: classes[index] ?? null,
      ...score,
    })),
  );
}

/** The scores of one sample's attempts with the rewards that compare these: where attempts are left out, they are others. */
export function withGroupRewards(attempts: readonly ScoreRecord[]): ScoreRecord[] {
  const kimi = kimiLengthRewards(
    attempts.map(({ characters, accuracy }) => ({ length: characters ?? 0, correct: accuracy === 1 })),
  );
  return attempts.map((score, index) => ({
    ...score,
    rewards: { ...score.rewards, kimi_length: attempts.length < 2 ? null : (kimi[index] ?? null) },
  }));
}
