import type { Answer, ExpressionAnswer } from "../values/answer.ts";
import type { Budget } from "../values/budget.ts";
import { evaluateExact } from "../values/evaluate-exact.ts";
import { mapNode, type Node, numberNode, variablesOf, withNames } from "../values/nodes.ts";
import { isModulus, unitsConflict } from "../values/units.ts";
import { compareClocks } from "./compare-clocks.ts";
import { compareExpressions } from "./compare-expressions.ts";
import type { Comparer, Comparison } from "./comparer.ts";

/** Digits in a base: base and digits must be the same; a base left out is not held against an answer, and a base where none is asked for gives a value. */
export function compareBased(gold: Answer, pred: Answer, comparer: Comparer): Comparison {
  if (gold.kind === "based" && pred.kind === "based")
    return gold.base === pred.base && gold.digits === pred.digits ? "base" : undefined;
  if (gold.kind === "based") {
    if (gold.digits !== pred.text) return undefined;
    return gold.base === "10" ? "base" : "base-left-out";
  }
  if (pred.kind !== "based") return undefined;
  const value = valueInBase(pred.digits, Number(pred.base));
  return value === undefined ? undefined : comparer.compare(gold, value) && "base";
}

function valueInBase(digits: string, base: number): Answer | undefined {
  let value = 0n;
  for (const c of digits.toUpperCase()) {
    const digit = "0123456789ABCDEF".indexOf(c);
    if (digit < 0 || digit >= base) return undefined;
    value = value * BigInt(base) + BigInt(digit);
  }
  return { kind: "expression", text: String(value), node: numberNode(value), unit: "", percent: false };
}

/** Two expressions, in each of their readings. */
export function compareScalars(gold: ExpressionAnswer, pred: ExpressionAnswer, comparer: Comparer): Comparison {
  const time = compareClocks(gold, pred);
  if (time !== undefined) return time ? "clock" : undefined;
  const direct = compareReading(gold, pred, comparer);
  if (direct !== undefined) return direct;
  const readings: [ExpressionAnswer | undefined, ExpressionAnswer | undefined][] = [
    [gold.other, pred],
    [gold, pred.other],
    [gold.other, pred.other],
  ];
  for (const [a, b] of readings) {
    if ((a?.glued === true && b?.unit === "") || (b?.glued === true && a?.unit === "")) continue;
    const rule = a === undefined || b === undefined ? undefined : compareReading(a, b, comparer);
    if (rule !== undefined) return rule;
  }
  return undefined;
}

function compareReading(gold: ExpressionAnswer, pred: ExpressionAnswer, comparer: Comparer): Comparison {
  if (comparer.options.strict && unitsConflict(gold.unit, pred.unit)) return undefined;
  const { options, budget } = comparer;
  if (isModulus(gold.unit) && gold.unit === pred.unit) return compareResidues(gold, pred, budget);
  const nearness = { precision: options.precision, tolerance: options.tolerance };
  const compare = (a: Node, b: Node): Comparison => compareExpressions(a, b, nearness, budget);
  if (gold.percent !== pred.percent) {
    if (compare(shareOf(gold), shareOf(pred)) !== undefined) return "percent";
    return options.percentFace && compare(gold.node, pred.node) !== undefined ? "percent-face" : undefined;
  }
  const rule = compare(gold.node, pred.node);
  if (rule !== undefined) return rule;
  if (!options.strict) return compare(...renamed(gold.node, pred.node));
  if (!hasConstant(gold.node) || !hasConstant(pred.node)) return undefined;
  return compare(withConstant(gold.node), withConstant(pred.node)) === undefined ? undefined : "integration-constant";
}

function hasConstant(node: Node): boolean {
  return [...variablesOf(node)].some((name) => /^[CcKk](?:_|$)/.test(name));
}

/** Whole numbers by the same modulus. */
function compareResidues(gold: ExpressionAnswer, pred: ExpressionAnswer, budget: Budget): Comparison {
  const [a, b] = [evaluateExact(gold.node, budget), evaluateExact(pred.node, budget)];
  const modulus = /\d+$/.exec(gold.unit)?.[0];
  if (a?.d !== 1n || b?.d !== 1n || modulus === undefined || BigInt(modulus) === 0n)
    return compareExpressions(gold.node, pred.node, { precision: 6 }, budget);
  return (a.n - b.n) % BigInt(modulus) === 0n ? "congruent" : undefined;
}

/** The value of a percentage as a fraction of one. */
function shareOf(answer: ExpressionAnswer): Node {
  return answer.percent ? { kind: "div", over: answer.node, under: numberNode(100n) } : answer.node;
}

/** Both with variables named by their order: what is not strict passes over names. */
function renamed(a: Node, b: Node): [Node, Node] {
  const [x, y] = [variablesOf(a), variablesOf(b)];
  return x.size === y.size ? [withNames(a, [...x]), withNames(b, [...y])] : [a, b];
}

/** The constants of an antiderivative or of a differential equation have no names of their own: `+ K` is `+ C`, `C_1` is `c_1`. */
function withConstant(node: Node): Node {
  const lower = mapNode(node, (inner) =>
    inner.kind === "sym" && /^C(?:_|$)/.test(inner.name) ? { kind: "sym", name: inner.name.toLowerCase() } : undefined,
  );
  if (lower.kind === "sym") return node;
  if (lower.kind !== "add") return lower;
  const free = lower.args.findIndex((arg) => arg.kind === "sym" && /^[CcKk]$/.test(arg.name));
  return free < 0 ? lower : { kind: "add", args: lower.args.with(free, { kind: "sym", name: "C" }) };
}

/** Words without regard to case, punctuation and a plural's s; a single letter is a name, and its case counts. */
export function compareWords(gold: Answer, pred: Answer): Comparison {
  const [a, b] = [lettersOf(gold), lettersOf(pred)];
  if (a === undefined || b === undefined) return undefined;
  if (a === b) return "words";
  const [x, y] = [a, b].map((letters) => letters.toLowerCase().replace(/(?<=.{3})s$/, ""));
  return a.length > 1 && x === y ? "words" : undefined;
}

/** The letters and digits of an answer that has nothing but words, numbers among them, and their punctuation; at a number, signs count. */
function lettersOf({ kind, text }: Answer): string | undefined {
  const named = text.replace(/\\(?:triangle|angle)/g, "").replace(/(?<=\p{L})-(?=\p{L}{4})/gu, "");
  const letters = named.replace(
    kind === "expression" ? /[\s()]/g : /[\s()"']|(?<!\d)[.,;:!?]|[.,;:!?](?!\d)|(?<=\p{L})-(?=\p{L})/gu,
    "",
  );
  return /^\p{L}+$/u.test(letters) || (/\p{L}{3}/u.test(letters) && /^[\p{L}\p{N}]+$/u.test(letters))
    ? letters
    : undefined;
}
