import { decimalToRational, divideRationals, formatRational, type Rational } from "./rational.ts";
import type { GradeStatus } from "../score.ts";
import { type ExtractOptions, extractAnswer } from "./extract.ts";

/** `answer`: both sides are bare; `response`: the prediction is a whole text; `text`: both sides are. */
export type GradeMode = "answer" | "response" | "text";

export interface GradeOptions extends ExtractOptions {
  /** Absolute tolerance that the problem declares. */
  readonly tolerance?: number | undefined;
  /** Unit that the problem asks for: an answer may leave it out. */
  readonly unit?: string | undefined;
}

export interface Grade {
  readonly correct: boolean;
  readonly status: GradeStatus;
  readonly path: string;
  readonly rule: string;
  readonly answer: string | null;
  readonly goldNormal: string;
  readonly predNormal: string;
}

/** Says whether a prediction is the gold answer, and by which rule. Never throws. */
export function gradeAnswer(input: { gold: string; pred: string; mode?: GradeMode; options?: GradeOptions }): Grade {
  const { gold, pred, mode = "answer", options = {} } = input;
  const found = mode === "answer" ? { answer: pred, path: "whole" } : extractAnswer(pred, options);
  const goldText = mode === "text" ? (extractAnswer(gold, options).answer ?? gold) : gold;
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
  const [a, b] = [simplify(goldText), simplify(found.answer)];
  const [x, y] = [toRational(a), toRational(b)];
  const exact = x !== undefined && y !== undefined;
  const correct = exact ? x.n === y.n && x.d === y.d : a === b && a !== "";
  return {
    correct,
    status: correct ? "correct" : "wrong",
    path: found.path,
    rule: exact ? "exact-rational" : "string",
    answer: found.answer,
    goldNormal: x === undefined ? a : formatRational(x),
    predNormal: y === undefined ? b : formatRational(y),
  };
}

function simplify(text: string): string {
  return text
    .replace(/\\(?:left|right|[!,;:])|[\s$]/g, "")
    .replace(/\\[dtc]frac/g, "\\frac")
    .replace(/(?<=\d),(?=\d{3})/g, "")
    .replace(/[.]$/, "");
}

function toRational(text: string): Rational | undefined {
  const fraction = /^(-?)(?:\\frac\{(-?[\d.]+)\}\{(-?[\d.]+)\}|(-?[\d.]+)\/(-?[\d.]+))$/.exec(text);
  if (fraction === null) return decimalToRational(text);
  const [n, d] = [
    decimalToRational(fraction[2] ?? fraction[4] ?? ""),
    decimalToRational(fraction[3] ?? fraction[5] ?? ""),
  ];
  const value = n === undefined || d === undefined ? undefined : divideRationals(n, d);
  return value === undefined || fraction[1] === "" ? value : { n: -value.n, d: value.d };
}
