import type { Benchmark } from "../benchmarks/benchmark.ts";
import type { ProblemRecord } from "../runs/schema.ts";
import type { GradedBenchmark } from "./score-samples.ts";

/** The questions of benchmarks as a run store keeps them: all that showing and scoring their answers takes. */
export function problemRecords(benchmarks: readonly Benchmark[]): ProblemRecord[] {
  return benchmarks.flatMap(({ name, samples, answer }) =>
    samples.map(({ id, problem, golds, labels, tolerance, unit }) => ({
      benchmark: name,
      sample: id,
      problem,
      golds: [...golds],
      labels: { ...labels },
      answer,
      ...(tolerance === undefined ? {} : { tolerance }),
      ...(unit === undefined ? {} : { unit }),
    })),
  );
}

/** A stored question as a benchmark of its own; undefined where it does not say how answers are compared. */
export function gradedBenchmark(problem: ProblemRecord): GradedBenchmark | undefined {
  const { benchmark, sample, golds, answer, tolerance, unit } = problem;
  return answer === undefined
    ? undefined
    : { name: benchmark, answer, samples: [{ id: sample, golds, tolerance, unit }] };
}
