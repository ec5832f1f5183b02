import type { AnswerKind } from "../benchmarks/benchmark.ts";

/** A stored completion as the scorers see it. Scores are pure functions of this. */
export interface ScoredText {
  readonly completion: string;
  /** What the chat template put at the start of the assistant's turn (`<think>\n`), or "". */
  readonly prefill: string;
  readonly golds: readonly string[];
  readonly answer: AnswerKind;
  readonly finishReason: "stop" | "length" | "aborted";
  readonly completionTokens: number;
  readonly thinkingTokens: number | null;
  readonly tolerance?: number | undefined;
  readonly unit?: string | undefined;
}

/** How grading ended. `truncated`: no answer, and the completion hit max_tokens. `unparsed`: an answer that the grader cannot read. */
export type GradeStatus = "correct" | "wrong" | "no_answer" | "unparsed" | "truncated" | "timeout";

/** How long a completion is, in every unit that reports use. */
export interface LengthScore {
  /** Sampled tokens, without prompt, prefill and end token. */
  readonly tokens: number;
  readonly thinking_tokens: number | null;
  readonly answer_tokens: number | null;
  /** Unicode code points, as Python's `len` counts them in the training rewards. */
  readonly characters: number;
  readonly thinking_characters: number;
  readonly answer_characters: number;
  readonly words: number;
  readonly truncated: 0 | 1;
}

/** The verdict on one attempt: everything that summary.csv and samples.csv are made from. */
export interface Score extends LengthScore {
  readonly status: GradeStatus;
  /** 1 if an accepted extraction path gives a right answer. */
  readonly accuracy: 0 | 1;
  /** 1 if the last boxed answer after the reasoning is right; nothing else counts. Null where a scorer of the caller's own decides. */
  readonly accuracy_strict: 0 | 1 | null;
  /** The answer as extracted, or null. */
  readonly answer: string | null;
  /** How it was found: `boxed`, `answer-phrase`, `last-number`, ... or `none`. */
  readonly path: string;
  /** The rule that decided: `exact-rational`, `string`, ... */
  readonly rule: string;
  /** What was compared, gold answer first, in normal forms; absent without an answer. */
  readonly normal_forms?: [gold: string, answer: string];
  /** The headline format score: the Open-RS reward. */
  readonly format: 0 | 1;
  /** Each format component by name, 0/1 (tag counts may be fractions). */
  readonly format_parts: Readonly<Record<string, number>>;
  /** The training rewards replayed on this completion, by name; null where undefined. */
  readonly rewards: Readonly<Record<string, number | null>>;
}
