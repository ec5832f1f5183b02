/** One answer of a model to one question, as another program stored it. What the program does not say is null or absent. */
export interface ImportedAnswer {
  /** The source's own name of the question. */
  readonly id: string;
  /** The question as text; null where the source has none. */
  readonly question: string | null;
  /** Accepted answers; empty where the source has none. */
  readonly golds: readonly string[];
  /** 0-based, within the run. */
  readonly attempt: number;
  readonly completion: string | null;
  /** Sampled tokens, without the padding of a batch. */
  readonly tokens: number | null;
  readonly finish: "stop" | "length" | null;
  /** What the source took for the answer, by the name of its filter or scorer. */
  readonly extracted: Readonly<Record<string, string>>;
  /** By name; only numbers that are finite. */
  readonly scores: Readonly<Record<string, number>>;
}

/** One run of one model over one benchmark. */
export interface ImportedRun {
  /** Program and version, as far as the files tell. */
  readonly harness: string;
  /** The file that it was read from, for messages. */
  readonly source: string;
  readonly model: string;
  /** The benchmark as the source names it. */
  readonly task: string;
  /** Examples in the prompt; null where the source does not say. */
  readonly shots: number | null;
  /** Tells the run from others of the same model and benchmark: a seed, an id; "" where the source has neither. */
  readonly run: string;
  readonly seed: number | null;
  /** Orders runs without seeds. */
  readonly date: string | null;
  readonly maxTokens: number | null;
  readonly temperature: number | null;
  /** Questions that the source says it asked. */
  readonly questions: number | null;
  /** Names of the scores, the default first: the filter of a score stands behind the last comma of its name. */
  readonly scoreNames: readonly string[];
  /** Means over the whole run, as the source states them. */
  readonly means: Readonly<Record<string, number>>;
  /** Empty where only the means are known. */
  readonly answers: readonly ImportedAnswer[];
  /** Values of axes that the source itself has. */
  readonly axes: Readonly<Record<string, string>>;
  /** What a reader of a report has to know: cancelled, lengths that count padding. */
  readonly notes: readonly string[];
}

/** The formats that are read. */
export const IMPORT_FORMATS = ["lm-eval", "lighteval", "inspect", "verifiers", "simple-evals", "tidy"] as const;
export type ImportFormat = (typeof IMPORT_FORMATS)[number];
