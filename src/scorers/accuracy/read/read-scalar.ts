import { type Answer, compactText, type ExpressionAnswer } from "../values/answer.ts";
import type { Budget } from "../values/budget.ts";
import { numberNode } from "../values/nodes.ts";
import { clockOfWord, readClock } from "./notation/clock.ts";
import { parseExpression } from "./parse-expression.ts";
import { splitLetterUnit, splitUnit } from "./split-unit.ts";
import type { Token } from "./token.ts";

const ANGLE_FUNCTIONS: ReadonlySet<string> = new Set(["sin", "cos", "tan", "cot", "sec", "csc"]);

/** Reads one answer without lists, relations and brackets around it: an expression with its unit, a based number, or words. */
export function readScalar(tokens: readonly Token[], budget: Budget): Answer {
  const text = compactText(tokens);
  const based = readBased(tokens, text);
  if (based !== undefined) return based;
  if (text === "\\emptyset" || /^(?:the )?(?:empty|null) set$/i.test(text))
    return { kind: "list", text: "\\{\\}", items: [], braces: true };
  const clock = clockOfWord(text);
  if (clock !== undefined)
    return { kind: "expression", text, node: numberNode(12n), unit: clock.half ?? "", percent: false, clock };
  if (tokens.every((token) => token.kind === "text")) return { kind: "words", text };
  // The degrees in \\cos 60^\\circ belong to the angle.
  const angle =
    tokens.some((token) => token.text === "circ") &&
    tokens.some((token) => token.kind === "cmd" && ANGLE_FUNCTIONS.has(token.text));
  const { bare, unit, percent } = angle ? { bare: tokens, unit: "", percent: false } : splitUnit(tokens);
  const node = bare.length === 0 ? undefined : parseExpression(bare, budget);
  const other = letterUnit(tokens, text, budget);
  if (node !== undefined) {
    const time = readClock(bare, unit);
    const answer: ExpressionAnswer = { kind: "expression", text, node, unit, percent };
    const timed = time === undefined ? answer : { ...answer, clock: time };
    return other === undefined ? timed : { ...timed, other };
  }
  if (other !== undefined) return other;
  if (unit !== "") {
    const whole = parseExpression(tokens, budget);
    if (whole !== undefined) return { kind: "expression", text, node: whole, unit: "", percent: false };
  }
  return tokens.some((token) => token.kind === "text") ? { kind: "words", text } : { kind: "opaque", text };
}

function letterUnit(tokens: readonly Token[], text: string, budget: Budget): ExpressionAnswer | undefined {
  const split = splitLetterUnit(tokens);
  const node = split === undefined ? undefined : parseExpression(split.bare, budget);
  return split === undefined || node === undefined
    ? undefined
    : { kind: "expression", text, node, unit: split.unit, percent: false, glued: split.glued };
}

/** `4343_6`, `(52)_{8}`, `1A_{16}`, `101_{\text{two}}`. */
function readBased(tokens: readonly Token[], text: string): Answer | undefined {
  const mark = tokens.findIndex((token) => token.text === "_" || (token.kind === "text" && BASE_WORD.test(token.text)));
  if (mark < 1) return undefined;
  const digits = withoutBrackets(tokens.slice(0, mark));
  const [only, ...more] = baseTokens(tokens.slice(mark));
  const plain = digits.every((token) => token.kind === "num" || (token.kind === "sym" && /^[A-F]$/.test(token.text)));
  if (!plain || digits[0]?.kind !== "num" || only === undefined || more.length > 0) return undefined;
  const base = only.kind === "num" ? only.text : BASE_NAMES[only.text.toLowerCase()];
  return base === undefined ? undefined : { kind: "based", text, digits: compactText(digits), base };
}

/** `(base 2)`, `base two`, or `base` before a number. */
const BASE_WORD = /^\(?(?:in )?base(?: (\w+))?\)?$/i;

/** The tokens of the base: behind `_`, with or without the word; or in `\text{(base 2)}`. */
function baseTokens([mark, ...rest]: readonly Token[]): readonly Token[] {
  const named = mark?.kind === "text" ? BASE_WORD.exec(mark.text)?.[1] : undefined;
  if (named !== undefined) return [{ kind: /^\d/.test(named) ? "num" : "text", text: named, spaced: true }, ...rest];
  return withoutBrackets(rest).filter((token) => token.kind !== "text" || !/^base$/i.test(token.text));
}

function withoutBrackets(tokens: readonly Token[]): readonly Token[] {
  return tokens[0]?.kind === "open" && tokens.at(-1)?.kind === "close" ? tokens.slice(1, -1) : tokens;
}

const BASE_NAMES: Readonly<Record<string, string>> = {
  two: "2",
  three: "3",
  four: "4",
  five: "5",
  six: "6",
  seven: "7",
  eight: "8",
  nine: "9",
  ten: "10",
  twelve: "12",
  sixteen: "16",
};
