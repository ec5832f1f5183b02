import { type Answer, compactText, type ExpressionAnswer } from "./answer.ts";
import type { Budget } from "./budget.ts";
import { parseExpression } from "./parse-expression.ts";
import type { Token } from "./tokens.ts";

const ANGLE_FUNCTIONS: ReadonlySet<string> = new Set(["sin", "cos", "tan", "cot", "sec", "csc"]);

/** Letters that may be a unit after a plain number. */
const LETTER_UNITS = "mgshLNJWVKCFAT";

/** Reads one answer without lists, relations and brackets around it: an expression with its unit, a based number, or words. */
export function readScalar(tokens: readonly Token[], budget: Budget): Answer {
  const text = compactText(tokens);
  const based = readBased(tokens, text);
  if (based !== undefined) return based;
  if (text === "\\emptyset") return { kind: "list", text: "\\{\\}", items: [], braces: true };
  if (tokens.every((token) => token.kind === "text")) return { kind: "words", text };
  // The degrees in \\cos 60^\\circ belong to the angle.
  const angle =
    tokens.some((token) => token.text === "circ") &&
    tokens.some((token) => token.kind === "cmd" && ANGLE_FUNCTIONS.has(token.text));
  const [bare, unit, percent] = angle ? [tokens, "", false] : splitUnit(tokens);
  const node = bare.length === 0 ? undefined : parseExpression(bare, budget);
  if (node !== undefined) {
    const answer: ExpressionAnswer = { kind: "expression", text, node, unit, percent };
    const other = letterUnit(tokens, text, budget);
    return other === undefined ? answer : { ...answer, other };
  }
  if (unit !== "") {
    const whole = parseExpression(tokens, budget);
    if (whole !== undefined) return { kind: "expression", text, node: whole, unit: "", percent: false };
  }
  return tokens.some((token) => token.kind === "text") ? { kind: "words", text } : { kind: "opaque", text };
}

/** `5 m`: the other reading of a number before a letter. */
function letterUnit(tokens: readonly Token[], text: string, budget: Budget): ExpressionAnswer | undefined {
  const last = tokens.at(-1);
  if (last?.kind !== "sym" || !last.spaced || !LETTER_UNITS.includes(last.text) || tokens.length < 2) return undefined;
  const rest = tokens.slice(0, -1);
  if (rest.some((token) => token.kind === "sym" || token.kind === "text")) return undefined;
  const node = parseExpression(rest, budget);
  return node === undefined ? undefined : { kind: "expression", text, node, unit: last.text, percent: false };
}

/** `4343_6`, `52_{8}`, `101_{\text{two}}`. */
function readBased(tokens: readonly Token[], text: string): Answer | undefined {
  const [digits, mark, ...base] = tokens;
  if (digits?.kind !== "num" && digits?.kind !== "sym") return undefined;
  if (mark?.text !== "_" || base.length === 0 || digits.kind !== "num") return undefined;
  const inner = base[0]?.text === "{" && base.at(-1)?.text === "}" ? base.slice(1, -1) : base;
  const [only] = inner;
  if (inner.length !== 1 || only === undefined) return undefined;
  const name = only.kind === "num" ? only.text : BASE_NAMES[only.text.toLowerCase()];
  return name === undefined ? undefined : { kind: "based", text, digits: digits.text, base: name };
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

/** Cuts a unit, a percent sign or degrees from the end: what is left, the unit as compact text, and whether it was percent. */
function splitUnit(tokens: readonly Token[]): [readonly Token[], string, boolean] {
  let end = tokens.length;
  const last = tokens.at(-1);
  if (last?.text === "%" || (last?.kind === "text" && /^(?:percent|percentage|pct)$/i.test(last.text))) {
    return [tokens.slice(0, -1), "", true];
  }
  for (;;) {
    const start = unitStart(tokens, end);
    if (start === undefined) break;
    end = start;
    const before = tokens[end - 1];
    if (
      before?.kind === "op" &&
      (before.text === "/" || before.text === "*") &&
      unitStart(tokens, end - 1) !== undefined
    )
      end--;
  }
  return [tokens.slice(0, end), compactText(tokens.slice(end)), false];
}

/** Where the unit that ends at `end` starts: words, words with an exponent, or degrees. */
function unitStart(tokens: readonly Token[], end: number): number | undefined {
  const at = (back: number): Token | undefined => tokens[end - back];
  const last = at(1);
  if (last === undefined) return undefined;
  if (last.kind === "text") return end - 1;
  if (last.text === "circ" && at(2)?.text === "^") return end - 2;
  if (last.text === "}" && at(2)?.text === "circ" && at(3)?.text === "{" && at(4)?.text === "^") return end - 4;
  if (
    (last.text === "C" || last.text === "F") &&
    unitStart(tokens, end - 1) !== undefined &&
    /circ|\}/.test(at(2)?.text ?? "")
  ) {
    return unitStart(tokens, end - 1);
  }
  if (last.kind === "num" && at(2)?.text === "^" && at(3)?.kind === "text") return end - 3;
  if (last.text === "}") {
    for (let open = end - 2; open >= Math.max(2, end - 5); open--) {
      if (tokens[open]?.text === "{")
        return tokens[open - 1]?.text === "^" && tokens[open - 2]?.kind === "text" ? open - 2 : undefined;
    }
  }
  return undefined;
}
