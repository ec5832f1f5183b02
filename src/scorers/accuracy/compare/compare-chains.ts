import type { Answer, Chain } from "../values/answer.ts";
import { type Node, numberNode, variablesOf } from "../values/nodes.ts";
import { divideRationals } from "../values/rational.ts";
import { unitsConflict } from "../values/units.ts";

import type { Comparer, Comparison } from "./comparer.ts";
import { isConstant, namesSomething } from "./names.ts";
import { constantRatio, linearForm } from "./proportional.ts";

const FLIPPED: Readonly<Record<string, string>> = { "<": ">", ">": "<", "<=": ">=", ">=": "<=" };

/** Whether all relations are `=` or an approximation. */
function isEquation(chain: Chain): boolean {
  return chain.relations.every((relation) => relation === "=" || relation === "~" || relation === "to");
}

/** Whether all relations are < or > or their kin. */
export function isInequality(chain: Chain): boolean {
  return chain.relations.every((relation) => FLIPPED[relation] !== undefined);
}

/**
 * What an equation says that something is: of `x = 5` the 5, of `f(x) = x^2 = y` the last. undefined if it defines nothing.
 *
 * @param names `only`: the left-hand side must be a name, as that of a gold answer must be for its value to answer it
 */
export function valueOf(chain: Chain, names: "any" | "only" = "any"): Answer | undefined {
  if (!isEquation(chain)) return undefined;
  const { terms, relations } = oriented(chain);
  const [first, second] = terms;
  const about = relations.lastIndexOf("~");
  const before = terms[about];
  // \frac13 \approx 0.333: the exact value counts.
  if (about > 0 || (about === 0 && before !== undefined && !namesSomething(before))) return before;
  if (terms.length > 2) return terms.at(-1);
  if (first === undefined || second === undefined) return undefined;
  if (namesSomething(first, names)) return second;
  if (isConstant(first) && (isConstant(second) || second.kind !== "expression")) return second;
  return second.kind === "expression" && second.node.kind === "sym" && isConstant(first) ? first : undefined;
}

/** Two chains of relations. */
export function compareChains(gold: Chain, pred: Chain, comparer: Comparer): Comparison {
  if (isEquation(gold) && isEquation(pred)) return compareEquations(gold, pred, comparer);
  const whole = compareTerms(gold, pred, comparer) ?? compareTerms(gold, reversed(pred), comparer);
  if (whole !== undefined) return whole;
  if (isInequality(gold) && isInequality(pred)) {
    const [a, b] = [toInterval(gold, comparer), toInterval(pred, comparer)];
    if (a !== undefined && b !== undefined) {
      if (comparer.options.strict && a.name !== b.name) return undefined;
      return comparer.compare(a.interval, b.interval) === undefined ? undefined : "interval";
    }
  }
  if (gold.relations.length !== 1 || pred.relations.length !== 1) return undefined;
  const [f, g] = [difference(gold), difference(pred)];
  const ratio = f === undefined || g === undefined ? undefined : constantRatio(f, g, comparer.budget);
  if (ratio === undefined) return undefined;
  const [relation, other] = [gold.relations[0] ?? "", pred.relations[0] ?? ""];
  return (ratio > 0 || relation === "!=" ? other : FLIPPED[other]) === relation ? "inequality" : undefined;
}

function compareEquations(first: Chain, second: Chain, comparer: Comparer): Comparison {
  const [gold, pred] = [oriented(first), oriented(second)];
  const [a, b] = [valueOf(gold), valueOf(pred)];
  if (a !== undefined && b !== undefined && (!comparer.options.strict || namesAgree(gold, pred, comparer))) {
    const rule = comparer.compare(a, b);
    if (rule !== undefined) return rule;
  }
  if (gold.terms.length !== 2 || pred.terms.length !== 2) return undefined;
  if (comparer.options.strict && unitsConflict(unitOf(gold), unitOf(pred))) return undefined;
  const [f, g] = [difference(gold), difference(pred)];
  return f !== undefined && g !== undefined && constantRatio(f, g, comparer.budget) !== undefined
    ? "equation"
    : undefined;
}

/** The unit, or the modulus, of the right-hand side. */
function unitOf(chain: Chain): string {
  const last = chain.terms.at(-1);
  return last?.kind === "expression" ? last.unit : "";
}

/** Whether two left-hand sides may name the same: `x_1` and `x`, `f(x)` and `y`; all else must be equal, as in `\\log_2 8 = 3`. */
function namesAgree(gold: Chain, pred: Chain, comparer: Comparer): boolean {
  const [a, b] = [gold.terms[0], pred.terms[0]];
  if (a === undefined || b === undefined) return false;
  const [x, y] = [plainName(a), plainName(b)];
  if (x === undefined || y === undefined) return comparer.compare(a, b) !== undefined;
  return x === y || x === y.replace(/_.*/, "") || y === x.replace(/_.*/, "") || x.startsWith("'") !== y.startsWith("'");
}

/** `5 = x` as `x = 5`, `x + 2 = y` as `y = x + 2`. */
function oriented(chain: Chain): Chain {
  const [left, right] = chain.terms;
  if (chain.terms.length !== 2 || left === undefined || right === undefined) return chain;
  const name = plainName(right);
  const turned = name !== undefined && (isConstant(left) || isFormulaWithout(left, name));
  return turned ? { ...chain, terms: [right, left] } : chain;
}

/** Whether an expression is a formula, no name itself, in which a name does not stand. */
function isFormulaWithout(answer: Answer, name: string): boolean {
  if (answer.kind !== "expression" || namesSomething(answer)) return false;
  return !variablesOf(answer.node).has(name);
}

/** The name of a symbol or of a function application. */
function plainName(answer: Answer): string | undefined {
  if (answer.kind !== "expression") return undefined;
  if (answer.node.kind === "sym") return answer.node.name;
  return answer.node.kind === "fn" && answer.node.name.startsWith("'") ? `'${answer.text}` : undefined;
}

function compareTerms(gold: Chain, pred: Chain, comparer: Comparer): Comparison {
  if (gold.terms.length !== pred.terms.length || gold.relations.some((relation, i) => relation !== pred.relations[i]))
    return undefined;
  for (const [i, term] of gold.terms.entries()) {
    const other = pred.terms[i];
    if (other === undefined || comparer.compare(term, other) === undefined) return undefined;
  }
  return "relation";
}

/** `5 > x` as `x < 5`. */
export function reversed(chain: Chain): Chain {
  return {
    ...chain,
    terms: chain.terms.toReversed(),
    relations: chain.relations.toReversed().map((relation) => FLIPPED[relation] ?? relation),
  };
}

/** Left minus right, if both are expressions. */
export function difference(chain: Chain): Node | undefined {
  const [left, right] = chain.terms;
  if (left?.kind !== "expression" || right?.kind !== "expression") return undefined;
  return { kind: "add", args: [left.node, { kind: "neg", of: right.node }] };
}

/** An inequality as the interval of what it speaks about, with its name: `-2 < x \le 3`, `2x > 8`. */
export function toInterval(chain: Chain, comparer: Comparer): { interval: Answer; name: string } | undefined {
  if (!isInequality(chain)) return undefined;
  const ascending = chain.relations.every((relation) => relation.startsWith("<"));
  if (!ascending && chain.relations.some((relation) => relation.startsWith("<"))) return undefined;
  const { terms, relations } = ascending ? chain : reversed(chain);
  const [low, middle, high] = terms;
  const [first, second] = relations;
  if (low === undefined || middle === undefined || first === undefined) return undefined;
  if (terms.length === 3 && high !== undefined && isConstant(low) && isConstant(high) && !isConstant(middle)) {
    return between(low, middle, high, [first === "<=", second === "<="], comparer);
  }
  if (terms.length !== 2) return undefined;
  if (isConstant(middle) && namesSomething(low, "only") && !isConstant(low))
    return { interval: interval(infinite(-1), middle, false, first === "<="), name: low.text };
  if (isConstant(low) && namesSomething(middle, "only"))
    return { interval: interval(low, infinite(1), first === "<=", false), name: middle.text };
  const node = difference({ ...chain, terms, relations });
  const names = node === undefined ? new Set<string>() : variablesOf(node);
  const [name] = names;
  if (node === undefined || name === undefined || names.size !== 1) return undefined;
  const line = linearForm(node, name, comparer.budget);
  const root = line === undefined ? undefined : divideRationals(line.offset, line.slope);
  if (line === undefined || root === undefined) return undefined;
  const bound = expression(numberNode(-root.n, root.d));
  const closed = first === "<=";
  const rising = line.slope.n > 0n;
  return {
    interval: rising ? interval(infinite(-1), bound, false, closed) : interval(bound, infinite(1), closed, false),
    name,
  };
}

/** `-2 < x \le 3`; of `-3 < 2x + 1 < 5`, what it says of x. */
function between(
  low: Answer,
  middle: Answer,
  high: Answer,
  [lowClosed, highClosed]: readonly [boolean, boolean],
  comparer: Comparer,
): { interval: Answer; name: string } | undefined {
  if (namesSomething(middle, "only"))
    return { interval: interval(low, high, lowClosed, highClosed), name: middle.text };
  const [name, ...more] = middle.kind === "expression" ? variablesOf(middle.node) : [];
  if (middle.kind !== "expression" || name === undefined || more.length > 0) return undefined;
  if (low.kind !== "expression" || high.kind !== "expression") return undefined;
  const line = linearForm(middle.node, name, comparer.budget);
  if (line === undefined) return undefined;
  const { slope, offset } = line;
  const [a, b] = [low, high].map((side) =>
    expression({
      kind: "div",
      over: { kind: "add", args: [side.node, numberNode(-offset.n, offset.d)] },
      under: numberNode(slope.n, slope.d),
    }),
  );
  if (a === undefined || b === undefined) return undefined;
  return {
    interval: slope.n > 0n ? interval(a, b, lowClosed, highClosed) : interval(b, a, highClosed, lowClosed),
    name,
  };
}

function interval(low: Answer, high: Answer, lowClosed: boolean, highClosed: boolean): Answer {
  return {
    kind: "tuple",
    // The text of a computed bound is empty, and says nothing.
    text:
      low.text === "" || high.text === ""
        ? ""
        : `${lowClosed ? "[" : "("}${low.text},${high.text}${highClosed ? "]" : ")"}`,
    items: [low, high],
    open: lowClosed ? "[" : "(",
    close: highClosed ? "]" : ")",
  };
}

function infinite(sign: number): Answer {
  const infinity: Node = { kind: "const", name: "infty" };
  return {
    ...expression(sign < 0 ? { kind: "neg", of: infinity } : infinity),
    text: sign < 0 ? "-\\infty" : "\\infty",
  };
}

function expression(node: Node): Extract<Answer, { kind: "expression" }> {
  return {
    kind: "expression",
    text: "",
    node: node.kind === "sym" ? node : node.kind === "num" ? node : { kind: "add", args: [numberNode(0n), node] },
    unit: "",
    percent: false,
  };
}
