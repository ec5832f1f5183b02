import { readAnswer } from "../read/read-answer.ts";
import { tokenise } from "../read/tokens.ts";
import type { Answer, Chain, ExpressionAnswer } from "../values/answer.ts";
import { Budget, BudgetExceeded } from "../values/budget.ts";
import { evaluate } from "../values/evaluate.ts";
import { evaluateExact } from "../values/evaluate-exact.ts";
import { variablesOf } from "../values/nodes.ts";
import { expandPolynomial, monic, polynomialText } from "../values/polynomial.ts";
import { divideRationals, rationalText } from "../values/rational.ts";
import { canonicalUnit } from "../values/units.ts";
import { createComparer } from "./compare-answers.ts";
import { difference, valueOf } from "./compare-chains.ts";
import type { Comparer } from "./comparer.ts";
import { numberText, realSetText } from "./real-set.ts";

/** Steps for the forms of two answers. */
const MAX_STEPS = 20_000;

/**
 * Two normalised answers in one writing each: exact fractions in lowest terms, constants to twelve digits, polynomials multiplied
 * out, lists in order, inequalities as sets. `x = 5` beside 5 is 5, and a unit is left out where the other side has none.
 */
export function normalForms(gold: string, pred: string): [gold: string, pred: string] {
  const budget = new Budget(MAX_STEPS);
  try {
    const comparer = createComparer(
      { precision: 6, strict: true, tolerance: undefined, allowSetRelationComp: true, percentFace: true },
      budget,
    );
    const [a, b] = [readAnswer(tokenise(gold), budget), readAnswer(tokenise(pred), budget)];
    return [formOf(a, b, comparer), formOf(b, a, comparer)];
  } catch (error) {
    if (!(error instanceof BudgetExceeded)) throw error;
    return [gold, pred];
  }
}

/** The form of an answer beside another. */
function formOf(answer: Answer, other: Answer, comparer: Comparer): string {
  const others = other.kind === "list" || other.kind === "tuple" ? other.items : [];
  const valued = others.length > 0 && others.every((item) => item.kind !== "chain");
  const inside = (item: Answer): string => formOf(item, valued ? (others[0] ?? item) : item, comparer);
  switch (answer.kind) {
    case "expression":
      return withUnit(answer, other, expressionText(answer, comparer));
    case "chain":
      return chainText(answer, other, comparer);
    case "union":
      return realSetText(answer, comparer) ?? answer.items.map(inside).toSorted().join(` ${answer.operators[0]} `);
    case "list": {
      if (other.kind === "tuple" && !answer.braces) return `(${answer.items.map(inside).join(", ")})`;
      const set = answer.braces || answer.items.length < 2 ? undefined : realSetText(answer, comparer);
      return set ?? `{${[...new Set(answer.items.map(inside))].toSorted().join(", ")}}`;
    }
    case "tuple": {
      if (answer.open === ":") return answer.items.map(inside).join(" : ");
      const set = other.kind === "chain" || other.kind === "union" ? realSetText(answer, comparer) : undefined;
      return set ?? `${answer.open}${answer.items.map(inside).join(", ")}${answer.close}`;
    }
    case "matrix":
      return `[${answer.rows.map((row) => `[${row.map(inside).join(", ")}]`).join(", ")}]`;
    case "based":
      return `${answer.digits}_${answer.base}`;
    case "words":
      return answer.text
        .toLowerCase()
        .replace(/[^\p{L}\p{N}]+/gu, " ")
        .trim();
    default:
      return answer.text;
  }
}

function withUnit(answer: ExpressionAnswer, other: Answer, text: string): string {
  const both = answer.unit !== "" && other.kind === "expression" && other.unit !== "";
  return both ? `${text} ${canonicalUnit(answer.unit)}` : text;
}

function expressionText({ node, percent, text }: ExpressionAnswer, { budget }: Comparer): string {
  const exact = evaluateExact(node, budget);
  const share = exact === undefined || !percent ? exact : divideRationals(exact, { n: 100n, d: 1n });
  if (share !== undefined) return rationalText(share);
  if (variablesOf(node).size === 0) {
    const { re, im } = evaluate(node, new Map(), budget);
    if (Number.isNaN(re) || Number.isNaN(im)) return text;
    const [x, y] = [re, im].map((part) =>
      numberText(Math.abs(part) < 1e-12 * Math.hypot(re, im) ? 0 : part / (percent ? 100 : 1)),
    );
    return y === "0" ? `${x}` : x === "0" ? `${y} i` : `${x} + ${y} i`;
  }
  const polynomial = expandPolynomial(node, budget);
  return polynomial === undefined ? text : polynomialText(polynomial);
}

function chainText(chain: Chain, other: Answer, comparer: Comparer): string {
  const set = realSetText(chain, comparer);
  if (set !== undefined) return set;
  const value = other.kind === "chain" ? undefined : valueOf(chain);
  if (value !== undefined) return formOf(value, other, comparer);
  const node = chain.terms.length === 2 && chain.relations[0] === "=" ? difference(chain) : undefined;
  const polynomial = node === undefined ? undefined : expandPolynomial(node, comparer.budget);
  const equation = polynomial === undefined ? undefined : monic(polynomial);
  if (equation !== undefined) return `${polynomialText(equation)} = 0`;
  return chain.terms
    .map((term, i) => `${formOf(term, term, comparer)}${i < chain.relations.length ? ` ${chain.relations[i]} ` : ""}`)
    .join("");
}
