/** One problem of a benchmark. */
export interface Sample {
  readonly id: string;
  readonly problem: string;
  /** The accepted answers; a completion is right if it equals any. */
  readonly golds: readonly string[];
  /** Other columns worth keeping (kind, level, subject); never shown to the model. */
  readonly labels: Readonly<Record<string, string>>;
  /** Declared tolerance or unit of this problem, if the dataset gives one. */
  readonly tolerance?: number | undefined;
  readonly unit?: string | undefined;
}

/** What a completion is compared with, and how: `math` for anything in LaTeX or numbers, `number` for plain numbers, `choice` for letters. */
export type AnswerKind = "math" | "number" | "choice";

/** A loaded benchmark: its problems, and all that determines the prompts made from them. */
export interface Benchmark {
  readonly name: string;
  /** Raised when prompts, golds or the answer rule change: scores of different versions are not comparable. */
  readonly version: number;
  readonly description: string;
  readonly samples: readonly Sample[];
  readonly answer: AnswerKind;
  readonly prompt: PromptTemplate;
  /** SHA-256 of the data file that the samples were read from. */
  readonly dataSha256: string;
}

/** A named, versioned way to ask. `{problem}` stands for the problem. */
export interface PromptTemplate {
  readonly name: string;
  readonly version: number;
  readonly system?: string | undefined;
  readonly user: string;
  /** A completion ends before any of these, as before those of `generation`: where a model goes on with a question of its own. */
  readonly stop?: readonly string[] | undefined;
}
