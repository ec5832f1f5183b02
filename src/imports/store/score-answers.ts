import type { AnswerKind, Sample } from "../../benchmarks/benchmark.ts";
import type { SampleRecord, ScoreRecord } from "../../runs/schema.ts";
import { answerClasses } from "../../scorers/accuracy/answer-classes.ts";
import { countCharacters, countWords } from "../../scorers/length.ts";
import { scoreCompletion } from "../../scorers/score-completion.ts";
import type { StoredAnswer } from "./stored-rows.ts";

/** How the answers to one benchmark are scored. */
export interface Grading {
  /** The name of the benchmark in reports. */
  readonly benchmark: string;
  /** The score of theirs that counts as accuracy. */
  readonly score: string | undefined;
  /** Ours, where the questions are those of a benchmark of ours. */
  readonly samples: ReadonlyMap<string, Sample> | undefined;
  readonly kind: AnswerKind;
  /** Whether texts are graded again. */
  readonly rescore: boolean;
}

/** An answer and its number among all attempts of its model at the question. */
export interface NumberedAnswer {
  readonly answer: StoredAnswer;
  readonly attempt: number;
}

/** Where a value of a score came from: nobody of ours looked at the text. */
const IMPORTED = "imported";

/** The score of an answer as its source gives it. */
export function theirScore({ answer, attempt }: NumberedAnswer, grading: Grading): ScoreRecord {
  const { score } = grading;
  const accuracy = score === undefined ? null : (answer.scores[score] ?? null);
  const { completion } = answer;
  const filter = score?.slice(score.lastIndexOf(",") + 1) ?? "";
  const others = Object.entries(answer.scores).filter(([name]) => name !== score);
  return {
    benchmark: grading.benchmark,
    sample: sampleName(answer, grading),
    attempt,
    gold: goldsOf(answer, grading)[0] ?? "",
    status: accuracy === 1 ? "correct" : accuracy === 0 ? "wrong" : "unknown",
    accuracy,
    accuracy_strict: null,
    answer: answer.extracted[filter] ?? answer.extracted[""] ?? null,
    answer_class: null,
    path: IMPORTED,
    rule: score ?? "",
    format: null,
    format_parts: {},
    tokens: answer.tokens,
    thinking_tokens: null,
    answer_tokens: null,
    characters: completion === null ? null : countCharacters(completion),
    thinking_characters: null,
    answer_characters: null,
    words: completion === null ? null : countWords(completion),
    truncated: answer.finish === null ? null : answer.finish === "length" ? 1 : 0,
    rewards: Object.fromEntries(others),
  };
}

/** The text of an answer as a run store keeps it; none where the source has none. */
export function completionOf({
  one,
  grading,
  seed,
}: {
  readonly one: NumberedAnswer;
  readonly grading: Grading;
  readonly seed: number | null;
}): SampleRecord[] {
  const { completion, tokens, finish } = one.answer;
  if (completion === null) return [];
  return [
    {
      benchmark: grading.benchmark,
      sample: sampleName(one.answer, grading),
      attempt: one.attempt,
      seed,
      prompt_sha256: null,
      prefill: "",
      completion,
      finish_reason: finish ?? "unknown",
      prompt_tokens: null,
      completion_tokens: tokens,
      thinking_tokens: null,
      milliseconds: null,
    },
  ];
}

/** Grades the attempts at one question again; those without a text or an accepted answer have no accuracy of ours. */
export function ourScores(attempts: readonly NumberedAnswer[], grading: Grading): ScoreRecord[] {
  const graded = attempts.map((one) => ourScore(one, grading));
  const classes = answerClasses(graded.map(({ answer }) => answer));
  return graded.map((record, i) => ({ ...record, answer_class: classes[i] ?? null }));
}

function ourScore(one: NumberedAnswer, grading: Grading): ScoreRecord {
  const { answer } = one;
  const theirs = theirScore(one, grading);
  const golds = goldsOf(answer, grading);
  const own = grading.score === undefined ? {} : { [grading.score]: theirs.accuracy };
  const rewards = { ...theirs.rewards, ...own };
  if (answer.completion === null || golds.length === 0) {
    return { ...theirs, status: "unknown", accuracy: null, answer: null, rule: "", rewards };
  }
  const sample = grading.samples?.get(answer.sample);
  const score = scoreCompletion({
    completion: answer.completion,
    prefill: "",
    golds,
    answer: grading.kind,
    finishReason: answer.finish ?? "stop",
    completionTokens: answer.tokens ?? 0,
    thinkingTokens: null,
    tolerance: sample?.tolerance,
    unit: sample?.unit,
  });
  return {
    ...theirs,
    ...score,
    tokens: answer.tokens,
    thinking_tokens: null,
    answer_tokens: null,
    truncated: theirs.truncated,
    rewards,
  };
}

function sampleName(answer: StoredAnswer, { samples }: Grading): string {
  return samples?.get(answer.sample)?.id ?? answer.sample;
}

/** Of a worked solution as GSM8K has it, what stands behind ####. */
function goldsOf(answer: StoredAnswer, { samples }: Grading): readonly string[] {
  return samples?.get(answer.sample)?.golds ?? answer.golds.map((gold) => gold.split("####").at(-1)?.trim() ?? gold);
}

/** The accuracy of a whole run, which has no answers: its seed stands in the place of a question. */
export function runScore(
  name: string,
  means: Readonly<Record<string, number>>,
  { benchmark, score }: Grading,
): ScoreRecord {
  return {
    benchmark,
    sample: name,
    attempt: 0,
    gold: "",
    status: "unknown",
    accuracy: score === undefined ? null : (means[score] ?? null),
    accuracy_strict: null,
    answer: null,
    answer_class: null,
    path: IMPORTED,
    rule: score ?? "",
    format: null,
    format_parts: {},
    tokens: null,
    thinking_tokens: null,
    answer_tokens: null,
    characters: null,
    thinking_characters: null,
    answer_characters: null,
    words: null,
    truncated: null,
    rewards: Object.fromEntries(Object.entries(means).filter(([other]) => other !== score)),
  };
}
