import type { Benchmark } from "../benchmarks/benchmark.ts";
import type { ProblemRecord } from "../runs/schema.ts";

/** The questions of benchmarks as a run store keeps them. */
export function problemRecords(benchmarks: readonly Benchmark[]): ProblemRecord[] {
  return benchmarks.flatMap(({ name, samples }) =>
    samples.map(({ id, problem, golds, labels }) => ({
      benchmark: name,
      sample: id,
      problem,
      golds: [...golds],
      labels: { ...labels },
    })),
  );
}
