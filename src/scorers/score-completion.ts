import type { ExtractionProfile } from "./accuracy/extract/extract.ts";
import { type Grade, gradeAnswer } from "./accuracy/grade-answer.ts";
import { scoreFormat } from "./format.ts";
import { countCharacters, scoreLength } from "./length.ts";
import { type OwnScorer, ownScores } from "./own-scorer.ts";
import { cosineReward, repetitionPenalty, TRAINED_MAX_LENGTH } from "./rewards.ts";
import type { GradeStatus, Score, ScoredText } from "./score.ts";
import { splitReasoning } from "./split-reasoning.ts";

/** How a completion is scored. */
export interface ScoreOptions {
  /** The order in which answers are looked for. */
  readonly profile?: ExtractionProfile | undefined;
  /** What the cosine rewards scale by: characters as trained, tokens in the clamped form. */
  readonly cosineMaxLength?: number | undefined;
  /** Letters of multiple-choice questions; A to E if left out. */
  readonly choices?: readonly string[] | undefined;
  /** Formats of a person's own, from `customFormat`, by the name of their component. */
  readonly customFormats?: Readonly<Record<string, (completion: string, prefill: string) => 0 | 1>> | undefined;
  /** Scorers of a person's own, from `defineScorer`; one of them at the most `grades`. */
  readonly scorers?: readonly OwnScorer[] | undefined;
}

const CHOICES: readonly string[] = ["A", "B", "C", "D", "E"];

/**
 * Scores a stored completion: accuracy, format, length, replayed rewards. A pure function of its arguments.
 *
 * @throws WorkError for a scorer of the caller's own that throws or gives what is no number; nothing else is ever thrown
 */
export function scoreCompletion(text: ScoredText, options: ScoreOptions = {}): Score {
  const { completion, prefill } = text;
  const truncated = text.finishReason === "length";
  const lenient = gradeText(text, completion, options, truncated);
  const after = splitReasoning(completion, prefill).answer;
  const strict = after === null ? undefined : gradeText(text, after, options, truncated);
  const { format, parts } = scoreFormat(completion, prefill);
  const { scorers = [] } = options;
  const own = ownScores(scorers, text);
  const grader = scorers.find(({ grades }) => grades === true);
  const correct = grader === undefined ? lenient.correct : own[grader.name] === 1;
  const maxLength = options.cosineMaxLength ?? TRAINED_MAX_LENGTH;
  return {
    status:
      grader === undefined
        ? statusOf(lenient, truncated)
        : correct
          ? "correct"
          : unlessCorrect(statusOf(lenient, truncated)),
    accuracy: correct ? 1 : 0,
    accuracy_strict: grader !== undefined ? null : strict?.correct === true && strict.path === "boxed" ? 1 : 0,
    answer: lenient.answer,
    path: lenient.path,
    rule: grader === undefined ? lenient.rule : `${grader.name}@${grader.version}`,
    ...(lenient.answer === null || grader !== undefined ? {} : { normal_forms: normalFormsOf(lenient) }),
    format,
    format_parts: { ...parts, ...customParts(options, completion, prefill) },
    ...scoreLength(text),
    rewards: {
      accuracy: correct ? 1 : 0,
      format,
      tag_count: parts.tag_count,
      cosine: cosineReward(correct, countCharacters(completion), { maxLength }),
      cosine_tokens: cosineReward(correct, text.completionTokens, { maxLength, clamp: true }),
      repetition_penalty: repetitionPenalty(completion),
      ...own,
    },
  };
}

/** Letters of a normal form that are kept: enough to see why two answers are, or are not, the same. */
const LONGEST_FORM = 300;

function normalFormsOf({ normalForms }: Grade): [gold: string, answer: string] {
  const [gold, answer] = normalForms();
  return [shortened(gold), shortened(answer)];
}

function shortened(text: string): string {
  return text.length > LONGEST_FORM ? `${text.slice(0, LONGEST_FORM)}…` : text;
}

function customParts({ customFormats = {} }: ScoreOptions, completion: string, prefill: string): Record<string, 0 | 1> {
  return Object.fromEntries(
    Object.entries(customFormats).map(([name, matches]) => [name, matches(completion, prefill)]),
  );
}

/** The grade against the best of the accepted golds. A text that was cut off is searched for stated answers only, never guessed from. */
function gradeText(text: ScoredText, region: string, options: ScoreOptions, truncated: boolean): Grade {
  let best: Grade | undefined;
  for (const gold of text.golds.length === 0 ? [""] : text.golds) {
    const grade = gradeAnswer({
      gold,
      pred: region,
      mode: "response",
      options: {
        profile: options.profile,
        choices: text.answer === "choice" ? (options.choices ?? CHOICES) : undefined,
        tolerance: text.tolerance,
        unit: text.unit,
        anchoredOnly: truncated,
      },
    });
    if (best === undefined || grade.correct) best = grade;
    if (grade.correct) break;
  }
  return best ?? gradeAnswer({ gold: "", pred: "" });
}

/** What a grader of the caller's own calls wrong, though ours does not. */
function unlessCorrect(status: GradeStatus): GradeStatus {
  return status === "correct" || status === "unparsed" ? "wrong" : status;
}

function statusOf(grade: Grade, truncated: boolean): GradeStatus {
  return grade.status === "no_answer" && truncated ? "truncated" : grade.status;
}
