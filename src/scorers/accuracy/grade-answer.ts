import type { GradeStatus } from "../score.ts";
import { Budget, BudgetExceeded } from "./budget.ts";
import { createComparer } from "./compare-answers.ts";
import { type ExtractOptions, extractAnswer } from "./extract.ts";
import { normalise } from "./normalise.ts";
import { readAnswer } from "./read-answer.ts";
import { tokenise } from "./tokens.ts";

/** `answer`: both sides are bare; `response`: the prediction is a whole text; `text`: both sides are. */
export type GradeMode = "answer" | "response" | "text";

/** How strictly answers are compared. Names and defaults are Math-Verify's where it has them. */
export interface GradeOptions extends ExtractOptions {
  /** Decimals that count where one side is a decimal; 6 if left out. */
  readonly precision?: number | undefined;
  /** Bracket types, variable names, units and bases count; true if left out. */
  readonly strict?: boolean | undefined;
  /** Whether an inequality may answer a gold interval; true if left out. */
  readonly allowSetRelationComp?: boolean | undefined;
  /** Whether 10% answers 10, by the rule `percent-face`; true if left out. */
  readonly percentFace?: boolean | undefined;
  /** Absolute tolerance that the problem declares. */
  readonly tolerance?: number | undefined;
  /** Unit that the problem asks for: an answer may leave it out. */
  readonly unit?: string | undefined;
}

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
  readonly goldNormal: string;
  readonly predNormal: string;
}

/** Longest answer that is read; longer ones are compared as strings only. */
const MAX_ANSWER = 2048;
/** Steps of one comparison; an honest answer takes some hundreds. */
const MAX_STEPS = 60_000;

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
    return {
      correct: false,
      status: "no_answer",
      path: found.path,
      rule: "none",
      answer: null,
      goldNormal: goldText,
      predNormal: "",
    };
  }
  const verdict = compareTexts(goldText, found.answer, options);
  const status = verdict.timeout
    ? "timeout"
    : verdict.rule !== undefined
      ? "correct"
      : verdict.predNormal === ""
        ? "no_answer"
        : verdict.unparsed
          ? "unparsed"
          : "wrong";
  return {
    correct: verdict.rule !== undefined,
    status,
    path: found.path,
    rule: verdict.rule ?? "none",
    answer: found.answer,
    goldNormal: verdict.goldNormal,
    predNormal: verdict.predNormal,
  };
}

interface Verdict {
  readonly rule: string | undefined;
  readonly goldNormal: string;
  readonly predNormal: string;
  readonly unparsed: boolean;
  readonly timeout: boolean;
}

function compareTexts(goldText: string, predText: string, options: GradeOptions): Verdict {
  if (goldText.length > MAX_ANSWER || predText.length > MAX_ANSWER) {
    const [a, b] = [goldText, predText].map((text) => text.replace(/\s+/g, "").slice(0, 100_000));
    return {
      rule: a === b && a !== "" ? "string" : undefined,
      goldNormal: a ?? "",
      predNormal: b ?? "",
      unparsed: true,
      timeout: false,
    };
  }
  const [gold, pred] = [normalise(goldText), normalise(predText)];
  const budget = new Budget(MAX_STEPS);
  try {
    const [a, b] = [readAnswer(tokenise(gold), budget), readAnswer(tokenise(pred), budget)];
    const comparer = createComparer(
      {
        precision: options.precision ?? 6,
        strict: options.strict ?? true,
        tolerance: options.tolerance,
        allowSetRelationComp: options.allowSetRelationComp ?? true,
        percentFace: options.percentFace ?? true,
      },
      budget,
    );
    const rule = a.text === "" || b.text === "" ? undefined : comparer.compare(a, b);
    return { rule, goldNormal: a.text, predNormal: b.text, unparsed: b.kind === "opaque", timeout: false };
  } catch (error) {
    if (!(error instanceof BudgetExceeded)) throw error;
    const same = gold === pred && gold !== "";
    return { rule: same ? "string" : undefined, goldNormal: gold, predNormal: pred, unparsed: false, timeout: !same };
  }
}
