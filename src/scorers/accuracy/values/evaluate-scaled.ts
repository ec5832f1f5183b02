import type { Budget } from "./budget.ts";
import { type Bindings, evaluate, evaluateFunction, logarithmOfFactorial } from "./evaluate.ts";
import { evaluateExact, MAX_TERMS } from "./evaluate-exact.ts";
import { type Node, numberNode } from "./nodes.ts";
import {
  add,
  divide,
  exponential,
  fromComplex,
  fromRational,
  infinite,
  isInfinite,
  isNonzero,
  isPrecise,
  logarithm,
  multiply,
  negate,
  PRECISE,
  power,
  root,
  type Scaled,
  sumOf,
  toComplex,
  ZERO,
} from "./scaled.ts";

/**
 * The value of an expression at a point where doubles may overflow, underflow or lose a part, with a bound of its error; undefined
 * where it does not exist or cannot be told.
 */
export function evaluateScaled(node: Node, at: Bindings, budget: Budget): Scaled | undefined {
  budget.spend(2);
  const value = (inner: Node): Scaled | undefined => evaluateScaled(inner, at, budget);
  switch (node.kind) {
    case "num":
      return fromRational(node.value);
    case "const":
      return node.name === "infty"
        ? infinite(1)
        : fromComplex(evaluate(node, at, budget), node.name === "i" ? -Infinity : -51);
    case "sym": {
      const bound = at.get(node.name);
      return bound === undefined ? undefined : fromComplex(typeof bound === "number" ? { re: bound, im: 0 } : bound);
    }
    case "neg":
      return map(value(node.of), negate);
    case "add":
      return fold(node.args, value, ZERO, add);
    case "mul":
      return fold(node.args, value, fromRational({ n: 1n, d: 1n }), multiply);
    case "div":
      return both(value(node.over), value(node.under), divide);
    case "pow":
      return powerOf(node.base, node.exponent, value);
    case "fn":
      return functionOf(node, at, budget);
    default:
      return bigOf(node, at, budget);
  }
}

function map(a: Scaled | undefined, of: (a: Scaled) => Scaled | undefined): Scaled | undefined {
  return a === undefined ? undefined : of(a);
}

function both(
  a: Scaled | undefined,
  b: Scaled | undefined,
  of: (a: Scaled, b: Scaled) => Scaled | undefined,
): Scaled | undefined {
  return a === undefined || b === undefined ? undefined : of(a, b);
}

function fold(
  args: readonly Node[],
  value: (node: Node) => Scaled | undefined,
  start: Scaled,
  of: (a: Scaled, b: Scaled) => Scaled | undefined,
): Scaled | undefined {
  let total: Scaled | undefined = start;
  for (const arg of args) {
    total = both(total, value(arg), of);
    if (total === undefined) return undefined;
  }
  return total;
}

function powerOf(baseNode: Node, exponentNode: Node, value: (node: Node) => Scaled | undefined): Scaled | undefined {
  const base = value(baseNode);
  // The real branch of odd roots, as in `evaluate`.
  if (base !== undefined && base.im === 0 && base.re < 0 && exponentNode.kind === "div") {
    const under = value(exponentNode.under);
    const degree = under === undefined ? undefined : toComplex(under);
    if (degree?.im === 0 && Number.isInteger(degree.re) && Math.abs(degree.re % 2) === 1) {
      const part = root(base, Math.abs(degree.re));
      const over = value(exponentNode.over);
      const raised = both(part, over, power);
      return degree.re > 0 ? raised : both(fromRational({ n: 1n, d: 1n }), raised, divide);
    }
  }
  return both(base, value(exponentNode), power);
}

function bigOf(node: Extract<Node, { kind: "big" }>, at: Bindings, budget: Budget): Scaled | undefined {
  const [from, to] = [evaluate(node.from, at, budget).re, evaluate(node.to, at, budget).re];
  const finite = (node.op === "sum" || node.op === "prod") && node.index !== "";
  if (!finite || !Number.isInteger(from) || !Number.isInteger(to) || to - from > MAX_TERMS)
    return withinDoubles(evaluate(node, at, budget));
  let total: Scaled | undefined = fromRational({ n: node.op === "sum" ? 0n : 1n, d: 1n });
  for (let k = from; k <= to && total !== undefined; k++) {
    const term = evaluateScaled(node.body, new Map(at).set(node.index, k), budget);
    total = both(total, term, node.op === "sum" ? add : multiply);
  }
  return total;
}

/** A double that has come about by steps that are not followed here. */
function withinDoubles(value: { re: number; im: number }): Scaled | undefined {
  const size = Math.hypot(value.re, value.im);
  return size > 1e-100 && size < 1e100 ? fromComplex(value, Math.log2(size) - 40) : undefined;
}

/** tanh, arctan and their kin are as good as constant beyond. */
const SATURATED = 30;
const SATURATING: ReadonlySet<string> = new Set(["tanh", "coth", "arctan", "atan", "arccot"]);

function functionOf(node: Extract<Node, { kind: "fn" }>, at: Bindings, budget: Budget): Scaled | undefined {
  const exact = evaluateExact(node, budget);
  if (exact !== undefined) return fromRational(exact);
  const args: Scaled[] = [];
  for (const arg of node.args) {
    const value = evaluateScaled(arg, at, budget);
    if (value === undefined) return undefined;
    args.push(value);
  }
  const [a, b] = args;
  if (a === undefined) return undefined;
  switch (node.name) {
    case "root":
    case "sqrt": {
      const degree = b === undefined ? { re: 2, im: 0 } : toComplex(b);
      if (degree === undefined || degree.im !== 0 || !Number.isInteger(degree.re) || degree.re < 1 || degree.re > 64)
        return both(a, b === undefined ? undefined : divide(fromRational({ n: 1n, d: 1n }), b), power);
      return root(a, degree.re);
    }
    case "exp":
      return exponential(a);
    case "ln":
      return logarithm(a);
    case "log":
    case "lg": {
      const base = b ?? (node.name === "lg" ? fromRational({ n: 10n, d: 1n }) : undefined);
      return base === undefined ? logarithm(a) : both(logarithm(a), logarithm(base), divide);
    }
    case "abs":
      if (a.im === 0) return a.re < 0 ? negate(a) : a;
      return map(both(multiply(a, conjugate(a)), ZERO, add), (square) => root({ ...square, im: 0 }, 2));
    case "sinh":
    case "cosh": {
      const opposite = map(exponential(negate(a)), node.name === "sinh" ? negate : (x) => x);
      return map(both(exponential(a), opposite, add), (sum) => ({
        ...sum,
        exponent: sum.exponent - 1,
        error: sum.error - 1,
      }));
    }
    case "Re":
      return isInfinite(a) ? undefined : renormal(a.re, 0, a);
    case "Im":
      return isInfinite(a) ? undefined : renormal(a.im, 0, a);
    case "conj":
      return conjugate(a);
    case "factorial":
      return factorialOf(a);
    case "binom":
      return args.length === 2 && b !== undefined ? binomialOf(a, b) : undefined;
    default:
      return byDoubles(node.name, args);
  }
}

function conjugate(a: Scaled): Scaled {
  return { ...a, im: a.im === 0 ? 0 : -a.im };
}

function renormal(re: number, im: number, like: Scaled): Scaled | undefined {
  const part = fromComplex({ re, im });
  if (part === undefined) return undefined;
  return { ...part, exponent: part.exponent + like.exponent, error: like.error, lost: like.lost };
}

/** n! of a large whole number by Stirling's series. */
function factorialOf(a: Scaled): Scaled | undefined {
  const n = toComplex(a);
  if (n === undefined || n.im !== 0) return undefined;
  if (n.re < 170) return byDoubles("factorial", [a]);
  if (!Number.isInteger(n.re) || a.error !== -Infinity || n.re > 1e12) return undefined;
  const log = logarithmOfFactorial(n.re);
  return map(fromComplex({ re: log, im: 0 }, Math.log2(log) - 51), exponential);
}

function binomialOf(a: Scaled, b: Scaled): Scaled | undefined {
  const [n, k] = [toComplex(a)?.re, toComplex(b)?.re];
  if (n === undefined || k === undefined || n < 170) return byDoubles("binom", [a, b]);
  const under = both(factorialOf(b), map(fromComplex({ re: n - k, im: 0 }), factorialOf), multiply);
  return both(factorialOf(a), under, divide);
}

/** A function of doubles: its error is what comes of its arguments' errors. */
function byDoubles(name: string, args: readonly Scaled[]): Scaled | undefined {
  const values = args.map(toComplex);
  if (values.some((value) => value === undefined) || !args.every(isPrecise)) return undefined;
  const known = values.map((value) => value ?? { re: 0, im: 0 });
  const [first] = known;
  if (first !== undefined && SATURATING.has(name) && Math.abs(first.re) > SATURATED) return undefined;
  const result = evaluateFunction(name, known);
  let error = Math.log2(Math.hypot(result.re, result.im)) - 47;
  for (const sign of [1, -1]) {
    const moved = evaluateFunction(
      name,
      known.map(({ re, im }, i) => {
        const step = sign * (i % 2 === 0 ? 1 : -1) * 2 ** Math.max(args[i]?.error ?? 0, (args[i]?.exponent ?? 0) - 50);
        return {
          re: Number.isInteger(re) && args[i]?.error === -Infinity ? re : re + step,
          im: im === 0 ? 0 : im + step,
        };
      }),
    );
    const distance = Math.hypot(moved.re - result.re, moved.im - result.im);
    if (Number.isNaN(distance)) continue;
    error = sumOf(error, Math.log2(distance) + 1);
  }
  const scaled = fromComplex(result, error);
  return scaled === undefined ? undefined : { ...scaled, lost: args.some((arg) => arg.lost) };
}

/**
 * Whether two expressions have one value at a point, by numbers that do not overflow: true or false where that is sure, undefined
 * where it cannot be told.
 */
export function isSameValue(a: Node, b: Node, at: Bindings, budget: Budget): boolean | undefined {
  const [x, y] = [evaluateScaled(a, at, budget), evaluateScaled(b, at, budget)];
  if (x === undefined || y === undefined) return undefined;
  if (isInfinite(x) || isInfinite(y)) return isInfinite(x) && isInfinite(y) && x.re === y.re;
  const difference = add(x, negate(y));
  if (difference === undefined) return undefined;
  if (isNonzero(difference)) return false;
  const precise = difference.error <= Math.max(x.exponent - PRECISE, y.exponent - PRECISE, -40);
  return precise && !difference.lost ? true : isZeroSum(remainder(a, b, budget), at, budget);
}

/** Whether a sum is zero: of two sums that have large terms in common, what is left of both decides. */
function isZeroSum(terms: readonly Node[], at: Bindings, budget: Budget): boolean | undefined {
  if (terms.length === 0) return true;
  const sum = evaluateScaled({ kind: "add", args: terms }, at, budget);
  if (sum === undefined) return undefined;
  if (isNonzero(sum)) return false;
  return sum.lost || sum.error > -40 ? undefined : true;
}

/** The terms of `a - b` without those that both have; fractions are added up. */
function remainder(a: Node, b: Node, budget: Budget): Node[] {
  const left = new Map<string, { node: Node; times: number }>();
  let constant: Node = numberNode(0n);
  const collect = (node: Node, sign: number): void => {
    budget.spend();
    if (node.kind === "add") for (const arg of node.args) collect(arg, sign);
    else if (node.kind === "neg") collect(node.of, -sign);
    else if (evaluateExact(node, budget) !== undefined)
      constant = { kind: "add", args: [constant, sign > 0 ? node : { kind: "neg", of: node }] };
    else {
      const key = JSON.stringify(node, (_name, value: unknown) => (typeof value === "bigint" ? String(value) : value));
      left.set(key, { node, times: (left.get(key)?.times ?? 0) + sign });
    }
  };
  collect(a, 1);
  collect(b, -1);
  const rest = [...left.values()].flatMap(({ node, times }): Node[] =>
    times === 0 ? [] : [{ kind: "mul", args: [numberNode(BigInt(times)), node] }],
  );
  const exact = evaluateExact(constant, budget);
  if (exact === undefined) return [...rest, constant];
  return exact.n === 0n ? rest : [...rest, numberNode(exact.n, exact.d)];
}
