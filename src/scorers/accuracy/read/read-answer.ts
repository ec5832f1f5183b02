import { type Answer, compactText } from "../values/answer.ts";
import type { Budget } from "../values/budget.ts";
import { readBracketed, readCases, readNamedPoint, readRatio } from "./read-bracketed.ts";
import { expandSigns, readList } from "./read-list.ts";
import { readMatrix } from "./read-matrix.ts";
import type { ReadPart } from "./read-part.ts";
import { readScalar } from "./read-scalar.ts";
import { readWorded } from "./read-worded.ts";
import { closing, splitAt } from "./split-tokens.ts";
import type { Token } from "./token.ts";

/** Deepest nesting of brackets that is read. */
const MAX_DEPTH = 24;
const SET_OPERATORS: ReadonlySet<string> = new Set(["cup", "cap", "setminus"]);

/** Reads tokens as an answer: lists, then relations, then unions, then brackets, then a scalar. */
export function readAnswer(tokens: readonly Token[], budget: Budget, depth = 0): Answer {
  const inner = trim(tokens);
  const text = compactText(inner);
  if (inner.length === 0 || depth > MAX_DEPTH) return { kind: "opaque", text };
  budget.spend(inner.length);
  const read: ReadPart = (part) => readAnswer(part, budget, depth + 1);
  const list = readWorded(inner, text) ?? readCases(inner, text, read) ?? readList(inner, text, read);
  if (list !== undefined) return list;
  const signs = expandSigns(inner);
  if (signs !== undefined) return { kind: "list", text, items: signs.map(read), braces: false };
  return (
    readChain(inner, text, read) ??
    readUnion(inner, text, read) ??
    readNamedPoint(inner, text, read) ??
    readBracketed(inner, text, read) ??
    readRatio(inner, text, read) ??
    readMatrix(inner, budget, read) ??
    readScalar(inner, budget)
  );
}

/** The end of `(1, 2)^T`: a row or a column, it is the same vector. */
const TRANSPOSED = /\)\^(?:T|\{T\}|\\top|\{\\top\})$/;

/** Separators and stops at the ends, a transposition, and braces that only group, are no part of an answer. */
function trim(tokens: readonly Token[]): readonly Token[] {
  let result = tokens;
  for (let times = 0; times < 64; times++) {
    const [first, last] = [result[0], result.at(-1)];
    if (isTrimmed(first) || (first?.kind === "op" && first.text === ":")) result = result.slice(1);
    else if (isTrimmed(last) || (last?.kind === "op" && last.text === ".")) result = result.slice(0, -1);
    else if (first?.text === "(" && TRANSPOSED.test(compactText(result.slice(-5))))
      result = result.slice(
        0,
        result.findLastIndex((token) => token.text === "^"),
      );
    else if (first?.text === "{" && closing(result, 0) === result.length - 1) result = result.slice(1, -1);
    else break;
  }
  return result;
}

function isTrimmed(token: Token | undefined): boolean {
  return token?.kind === "sep" || token?.kind === "row";
}

function readChain(tokens: readonly Token[], text: string, read: ReadPart): Answer | undefined {
  const relations: string[] = [];
  const parts = splitAt(
    tokens,
    (token) => {
      if (token.kind === "rel") relations.push(token.text);
      return token.kind === "rel";
    },
    true,
  );
  if (relations.length === 0) return undefined;
  const terms = parts.map((part, i) => read(i === 0 ? withSubscript(part) : part));
  // An empty side: `= 5`, `P(x) =`.
  if (parts[0]?.length === 0) {
    const rest = terms.slice(1);
    const last = rest.at(-1);
    return rest.length === 1 || relations.every((relation) => relation === "=")
      ? last
      : { kind: "chain", text, terms: rest, relations: relations.slice(1) };
  }
  if (relations[0] === "in" && terms.length === 2) return terms[1];
  return { kind: "chain", text, terms, relations };
}

/** `x1 = 2` means x_1. */
function withSubscript(name: readonly Token[]): readonly Token[] {
  const [letter, digits] = name;
  return name.length === 2 && letter?.kind === "sym" && digits?.kind === "num" && !digits.spaced
    ? [letter, { kind: "op", text: "_", spaced: false }, digits]
    : name;
}

function readUnion(tokens: readonly Token[], text: string, read: ReadPart): Answer | undefined {
  const operators: string[] = [];
  const parts = splitAt(tokens, (token) => {
    const found = token.kind === "op" && SET_OPERATORS.has(token.text);
    if (found) operators.push(token.text);
    return found;
  });
  if (operators.length === 0 || parts.length < 2) return undefined;
  return { kind: "union", text, items: parts.map((part) => read(part)), operators };
}
