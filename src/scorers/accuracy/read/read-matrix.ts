import { type Answer, compactText, type ExpressionAnswer } from "../values/answer.ts";
import type { Budget } from "../values/budget.ts";
import { combine, determinant, expression, multiply, type Rows, raise, sum } from "../values/matrix-arithmetic.ts";
import { numberNode } from "../values/nodes.ts";
import { parseExpression } from "./parse-expression.ts";
import { closing, splitAt } from "./split-tokens.ts";
import type { Token } from "./token.ts";

/**
 * Reads sums of products of scalars and matrices, transposes and determinants included, as one matrix (or one expression);
 * undefined if no matrix stands in the tokens.
 *
 * @param read reads a cell
 */
export function readMatrix(
  tokens: readonly Token[],
  budget: Budget,
  read: (cell: readonly Token[]) => Answer,
): Answer | undefined {
  if (!tokens.some((token) => token.kind === "begin")) return undefined;
  const text = compactText(tokens);
  let total: Answer | undefined;
  for (const term of terms(tokens)) {
    const value = readProduct(term, budget, read);
    if (value === undefined) return { kind: "opaque", text };
    total = total === undefined ? value : sum(total, value);
    if (total === undefined) return { kind: "opaque", text };
  }
  return total?.kind === "matrix" || total?.kind === "expression" ? { ...total, text } : { kind: "opaque", text };
}

/** Cuts at `+` and `-` outside of all brackets; a `-` stays with its term. */
function terms(tokens: readonly Token[]): Token[][] {
  let first = true;
  const parts: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if (token.kind === "open" || token.kind === "begin") depth++;
    else if (token.kind === "close" || token.kind === "end") depth--;
    const sign = depth === 0 && token.kind === "op" && (token.text === "+" || token.text === "-");
    if (sign && !first) parts.push([]);
    if (!(sign && token.text === "+")) parts.at(-1)?.push(token);
    first = false;
  }
  return parts.filter((part) => part.length > 0);
}

function readProduct(
  tokens: readonly Token[],
  budget: Budget,
  read: (cell: readonly Token[]) => Answer,
): Answer | undefined {
  const begin = tokens.findIndex((token) => token.kind === "begin");
  const end = begin < 0 ? -1 : closing(tokens, begin);
  if (end < 0) return undefined;
  budget.spend(tokens.length);
  const rows: Rows = splitAt(tokens.slice(begin + 1, end), (token) => token.kind === "row").map((row) =>
    splitAt(row, (token) => token.kind === "cell").map(read),
  );
  const bars = tokens[begin - 1]?.text === "|" && tokens[end + 1]?.text === "|";
  const wrapped = bars || (tokens[begin - 1]?.kind === "open" && tokens[end + 1]?.kind === "close") ? 1 : 0;
  let before = tokens.slice(0, begin - wrapped);
  let after = tokens.slice(end + 1 + wrapped);
  const named = before.at(-1)?.text === "det";
  if (named) before = before.slice(0, -1);
  const exponent = /^\^(?:\{([^{}]*)\}|(\\[a-z]+|.))/.exec(compactText(after.slice(0, 5)));
  if (exponent !== null) after = after.slice(after[1]?.text === "{" ? closing(after, 1) + 1 : 2);
  let value: Answer | undefined =
    named || bars || tokens[begin]?.text === "vmatrix"
      ? determinant(rows)
      : raise(rows, exponent === null ? "1" : (exponent[1] ?? exponent[2] ?? ""));
  if (after[0]?.text === "*") after = after.slice(1);
  if (after.length > 0) {
    const rest = readProduct(after, budget, read);
    value = value?.kind === "matrix" && rest?.kind === "matrix" ? multiply(value.rows, rest.rows) : undefined;
  }
  if (before.length === 0 || value === undefined) return value;
  const scale = scaleOf(before, budget);
  if (scale === undefined) return undefined;
  if (value.kind === "expression") return combine([[scale, value]]);
  return value.kind === "matrix"
    ? { ...value, rows: value.rows.map((row) => row.map((cell) => combine([[scale, cell]]))) }
    : undefined;
}

/** What stands before a matrix: `2`, `\frac12 \cdot`, `-`. */
function scaleOf(tokens: readonly Token[], budget: Budget): ExpressionAnswer | undefined {
  const bare = tokens.at(-1)?.text === "*" ? tokens.slice(0, -1) : tokens;
  const node = bare.length === 1 && bare[0]?.text === "-" ? numberNode(-1n) : parseExpression(bare, budget);
  return node === undefined ? undefined : expression(node);
}
