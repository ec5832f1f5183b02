import type { Answer, Chain } from "../values/answer.ts";
import { type Node, numberNode, variablesOf } from "../values/nodes.ts";
import { unitsConflict } from "../values/units.ts";
import { constantRatio, linearRoot } from "./compare-expressions.ts";
import type { Comparer, Comparison } from "./comparer.ts";

const FLIPPED: Readonly<Record<string, string>> = { "<": ">", ">": "<", "<=": ">=", ">=": "<=" };

/** Whether all relations are `=` or an approximation. */
function isEquation(chain: Chain): boolean {
  return chain.relations.every((relation) => relation === "=" || relation === "~" || relation === "to");
}

/** Whether all relations are < or > or their kin. */
export function isInequality(chain: Chain): boolean {
  return chain.relations.every((relation) => FLIPPED[relation] !== undefined);
}

/** What an equation says that something is: of `x = 5` the 5, of `f(x) = x^2 = y` the last. undefined if it defines nothing. */
export function valueOf(chain: Chain): Answer | undefined {
  if (!isEquation(chain)) return undefined;
  const { terms, relations } = oriented(chain);
  const [first, second] = terms;
  const about = relations.lastIndexOf("~");
  const before = terms[about];
  // \frac13 \approx 0.333: the exact value counts.
  if (about > 0 || (about === 0 && before !== undefined && !namesSomething(before))) return before;
  if (terms.length > 2) return terms.at(-1);
  if (first !== undefined && (namesSomething(first) || isConstant(first))) return second;
  return second?.kind === "expression" && second.node.kind === "sym" && first !== undefined && isConstant(first)
    ? first
    : undefined;
}

/** `\frac{d}{dx} ...` asks for what follows. */
const DERIVATIVE = /^\\frac\{(?:d|\\partial)/;

/** Whether a left-hand side is a name for what stands on the right: a symbol, f(x), |AB|, a product or quotient of names. */
function namesSomething(answer: Answer): boolean {
  if (answer.kind === "words") return true;
  if (answer.kind === "tuple" || answer.kind === "list") return answer.items.every(namesSomething);
  if (answer.kind === "expression")
    return isName(answer.node) || variablesOf(answer.node).has("\\ldots") || DERIVATIVE.test(answer.text);
  return answer.kind === "opaque";
}

function isName(node: Node): boolean {
  switch (node.kind) {
    case "sym":
      return true;
    case "const":
      return node.name !== "infty";
    case "fn":
      return (
        !node.name.startsWith("root") &&
        node.args.every((arg) => variablesOf(arg).size > 0 || node.name.startsWith("'"))
      );
    case "mul":
      return node.args.every(isName);
    case "div":
      return isName(node.over) && isName(node.under);
    case "pow":
      return false;
    case "big":
      return true;
    default:
      return false;
  }
}

function isConstant(answer: Answer): boolean {
  return answer.kind === "expression" && variablesOf(answer.node).size === 0;
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

/** `5 = x` as `x = 5`. */
function oriented(chain: Chain): Chain {
  const [left, right] = chain.terms;
  const turned =
    chain.terms.length === 2 &&
    left !== undefined &&
    right !== undefined &&
    isConstant(left) &&
    plainName(right) !== undefined;
  return turned ? { ...chain, terms: [right, left] } : chain;
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
    return { interval: interval(low, high, first === "<=", second === "<="), name: middle.text };
  }
  if (terms.length !== 2) return undefined;
  if (isConstant(middle) && namesSomething(low) && !isConstant(low))
    return { interval: interval(infinite(-1), middle, false, first === "<="), name: low.text };
  if (isConstant(low) && namesSomething(middle))
    return { interval: interval(low, infinite(1), first === "<=", false), name: middle.text };
  const node = difference({ ...chain, terms, relations });
  const names = node === undefined ? new Set<string>() : variablesOf(node);
  const [name] = names;
  if (node === undefined || name === undefined || names.size !== 1) return undefined;
  const line = linearRoot(node, name, comparer.budget);
  if (line === undefined) return undefined;
  const bound = expression({ kind: "num", value: line.root, decimal: false });
  const closed = first === "<=";
  return {
    interval: line.rising ? interval(infinite(-1), bound, false, closed) : interval(bound, infinite(1), closed, false),
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
