/** What was published of one model on one benchmark. */
export interface PublishedScore {
  /** The mean over the runs, in 0..1. */
  readonly accuracy: number;
  /** The sample standard deviation of the runs' means; null where only the mean was published. */
  readonly deviation: number | null;
  readonly runs: number;
  /** Which of the benchmark's first questions were right, as 0 and 1, where single answers were published. */
  readonly right: string | undefined;
}

/** A benchmark as it was asked then. */
export interface PublishedBenchmark {
  readonly questions: number;
  /** SHA-256 of its data; undefined where it is not known to be ours. */
  readonly dataSha256: string | undefined;
}

/** Numbers that somebody published, and what is needed to make them again. */
export interface PublishedNumbers {
  readonly name: string;
  readonly source: string;
  /** The sweep that makes the models. */
  readonly sweep: string;
  readonly note: string | undefined;
  /** Merges that were published, by the name of the point that makes them again. */
  readonly merges: Readonly<Record<string, string>>;
  /** SHA-256 of the tensors of merges, where that alone was published, by the name of the point. */
  readonly weights: Readonly<Record<string, string>>;
  readonly benchmarks: Readonly<Record<string, PublishedBenchmark>>;
  /** By the name of a point or reference, then of a benchmark. */
  readonly points: Readonly<Record<string, Readonly<Record<string, PublishedScore>>>>;
}
