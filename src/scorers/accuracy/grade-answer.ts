import type { GradeStatus } from "../score.ts";
import { type CompareTextOptions, compareTexts, type Verdict } from "./compare/compare-texts.ts";
import { type ExtractOptions, extractAnswer } from "./extract/extract.ts";

/** `answer`: both sides are bare; `response`: the prediction is a whole text; `text`: both sides are. */
export type GradeMode = "answer" | "response" | "text";

/** How answers are found and compared. */
export interface GradeOptions extends ExtractOptions, CompareTextOptions {}

/** A verdict and its reasons. */
export interface Grade {
  readonly correct: boolean;
  readonly status: GradeStatus;
  /** How the prediction was found: `whole` for a bare answer, else a path of `extractAnswer`. */
  readonly path: string;
  /** The rule that accepted, or `none`. */
  readonly rule: string;
  /** The prediction as extracted. */
  readonly answer: string | null;
  /** The normal forms of both sides, worked out when asked for: the same text where the rule is one of values. */
  readonly normalForms: () => readonly [gold: string, pred: string];
}

const STATEMENT = /\banswer(?:\s+is|\s*:)/i;

/** Says whether a prediction is the gold answer, and by which rule. Never throws, and always ends. */
export function gradeAnswer(input: {
  gold: string;
  pred: string;
  mode?: GradeMode | undefined;
  options?: GradeOptions | undefined;
}): Grade {
  const { gold, pred, mode = "answer", options = {} } = input;
  const bare = mode === "answer" && options.choices === undefined;
  const found = bare ? { answer: pred, path: "whole" } : extractAnswer(pred, options);
  const goldText =
    mode === "text" || options.choices !== undefined ? (extractAnswer(gold, options).answer ?? gold) : gold;
  if (found.answer === null) {
    const status = found.path === "truncated" ? "truncated" : "no_answer";
    const forms = [goldText, ""] as const;
    return { correct: false, status, path: found.path, rule: "none", answer: null, normalForms: () => forms };
  }
  let verdict = compareTexts(goldText, found.answer, options);
  // A sentence in place of a bare answer.
  if (verdict.rule === undefined && STATEMENT.test(found.answer)) {
    const stated = extractAnswer(found.answer, options).answer;
    if (stated !== null) verdict = compareTexts(goldText, stated, options);
  }
  return {
    correct: verdict.rule !== undefined,
    status: statusOf(verdict),
    path: found.path,
    rule: verdict.rule ?? "none",
    answer: found.answer,
    normalForms: verdict.normalForms,
  };
}

function statusOf(verdict: Verdict): GradeStatus {
  if (verdict.rule !== undefined) return "correct";
  if (verdict.timeout) return "timeout";
  if (verdict.empty) return "no_answer";
  return verdict.unparsed ? "unparsed" : "wrong";
}
