import type { Budget } from "./budget.ts";
import type { Node } from "./nodes.ts";
import {
  addRationals,
  bits,
  divideRationals,
  gcd,
  multiplyRationals,
  powRational,
  type Rational,
  rational,
} from "./rational.ts";

const ONE: Rational = { n: 1n, d: 1n };
/** Largest n of an exact n!; 2006! has 19,000 bits. */
const MAX_FACTORIAL = 3000;
/** Longest sum or product that is added up term by term. */
export const MAX_TERMS = 2000;

/** The exact value of an expression if it is a fraction, undefined if it is not, or not easily. */
export function evaluateExact(
  node: Node,
  budget: Budget,
  bindings?: ReadonlyMap<string, Rational>,
): Rational | undefined {
  budget.spend();
  const value = (inner: Node): Rational | undefined => evaluateExact(inner, budget, bindings);
  switch (node.kind) {
    case "num":
      return node.value;
    case "sym":
      return bindings?.get(node.name);
    case "const":
      return undefined;
    case "neg": {
      const of = value(node.of);
      return of === undefined ? undefined : { n: -of.n, d: of.d };
    }
    case "add":
    case "mul": {
      let total: Rational | undefined = node.kind === "add" ? { n: 0n, d: 1n } : ONE;
      for (const arg of node.args) {
        const next = value(arg);
        if (next === undefined || total === undefined) return undefined;
        budget.spend(1 + (bits(next.n) + bits(total.n)) / 500);
        total = node.kind === "add" ? addRationals(total, next) : multiplyRationals(total, next);
      }
      return total;
    }
    case "div": {
      const [over, under] = [value(node.over), value(node.under)];
      return over === undefined || under === undefined ? undefined : divideRationals(over, under);
    }
    case "pow": {
      const [base, exponent] = [value(node.base), value(node.exponent)];
      if (base === undefined || exponent === undefined || bits(exponent.n) > 40 || exponent.d > 64n) return undefined;
      const root = exponent.d === 1n ? base : exactRoot(base, Number(exponent.d));
      budget.spend(10);
      return root === undefined ? undefined : powRational(root, Number(exponent.n));
    }
    case "fn":
      return exactFunction(node.name, node.args, value, budget);
    default: {
      if (node.op !== "sum" && node.op !== "prod") return undefined;
      const [from, to] = [value(node.from), value(node.to)];
      if (from === undefined || to === undefined || from.d !== 1n || to.d !== 1n || node.index === "") return undefined;
      if (to.n - from.n > BigInt(MAX_TERMS)) return undefined;
      let total: Rational | undefined = node.op === "sum" ? { n: 0n, d: 1n } : ONE;
      for (let k = from.n; k <= to.n; k++) {
        const term = evaluateExact(node.body, budget, new Map(bindings).set(node.index, { n: k, d: 1n }));
        if (term === undefined || total === undefined) return undefined;
        total = node.op === "sum" ? addRationals(total, term) : multiplyRationals(total, term);
      }
      return total;
    }
  }
}

/** `C(5, 2)`; with a single argument C is a function like others. */
export const BINOMIAL_LETTER = "'C";

function exactFunction(
  name: string,
  args: readonly Node[],
  value: (node: Node) => Rational | undefined,
  budget: Budget,
): Rational | undefined {
  if (name.startsWith("'") && name !== BINOMIAL_LETTER) return undefined;
  const [first, second] = args;
  const a = first === undefined ? undefined : value(first);
  if (a === undefined) return undefined;
  const b = second === undefined ? undefined : value(second);
  switch (name) {
    case "root":
      return b === undefined || b.d !== 1n || b.n < 1n || b.n > 64n ? undefined : exactRoot(a, Number(b.n));
    case "sqrt":
      return exactRoot(a, 2);
    case "abs":
      return { n: a.n < 0n ? -a.n : a.n, d: a.d };
    case "floor":
      return { n: floorDivide(a.n, a.d), d: 1n };
    case "ceil":
      return { n: -floorDivide(-a.n, a.d), d: 1n };
    case "factorial":
      if (a.d !== 1n || a.n < 0n || a.n > BigInt(MAX_FACTORIAL)) return undefined;
      budget.spend(Number(a.n));
      return { n: productOf(1n, a.n), d: 1n };
    case "doublefactorial":
      if (a.d !== 1n || a.n < 0n || a.n > BigInt(MAX_FACTORIAL)) return undefined;
      budget.spend(Number(a.n));
      return { n: doubleFactorial(a.n), d: 1n };
    case "gcd":
    case "lcm": {
      const values = args.map(value);
      return values.reduce((x, y) => {
        if (x === undefined || y === undefined || x.d !== 1n || y.d !== 1n) return undefined;
        const divisor = gcd(x.n, y.n);
        return { n: name === "gcd" || divisor === 0n ? divisor : (x.n * y.n) / divisor, d: 1n };
      }, a);
    }
    case BINOMIAL_LETTER:
    case "binom": {
      if (b === undefined || a.d !== 1n || b.d !== 1n || b.n < 0n || a.n < b.n || a.n > 5000n) return undefined;
      const k = b.n > a.n - b.n ? a.n - b.n : b.n;
      budget.spend(Number(k));
      return rational(productOf(a.n - k + 1n, a.n), productOf(1n, k));
    }
    case "max":
    case "min": {
      const values = args.map(value);
      return values.reduce(
        (best, next) =>
          best === undefined || next === undefined
            ? undefined
            : compareRationals(next, best) > 0 === (name === "max")
              ? next
              : best,
        a,
      );
    }
    case "log":
    case "lg":
      return exactLogarithm(a, b ?? { n: 10n, d: 1n });
    case "ln":
      return a.n === a.d ? { n: 0n, d: 1n } : undefined;
    default:
      return undefined;
  }
}

/** -1, 0 or 1. */
function compareRationals(a: Rational, b: Rational): number {
  const [x, y] = [a.n * b.d, b.n * a.d];
  return x < y ? -1 : x > y ? 1 : 0;
}

function exactLogarithm(a: Rational, base: Rational): Rational | undefined {
  if (a.n <= 0n || base.n <= 0n) return undefined;
  const guess = Math.round(Math.log(Number(a.n) / Number(a.d)) / Math.log(Number(base.n) / Number(base.d)));
  if (!Number.isFinite(guess) || Math.abs(guess) > 1000) return undefined;
  const power = powRational(base, guess);
  return power !== undefined && power.n === a.n && power.d === a.d ? { n: BigInt(guess), d: 1n } : undefined;
}

function exactRoot(a: Rational, degree: number): Rational | undefined {
  const negative = a.n < 0n;
  if (negative && degree % 2 === 0) return undefined;
  const [n, d] = [integerRoot(negative ? -a.n : a.n, degree), integerRoot(a.d, degree)];
  return n === undefined || d === undefined ? undefined : { n: negative ? -n : n, d };
}

/** The exact n-th root of a whole number that is not too long, if it is whole. */
function integerRoot(a: bigint, degree: number): bigint | undefined {
  if (a < 2n || degree === 1) return a;
  if (bits(a) > 4000) return undefined;
  const k = BigInt(degree);
  let x = 1n << BigInt(Math.ceil(bits(a) / degree) + 1);
  for (let step = 0; step < 5000; step++) {
    const next = ((k - 1n) * x + a / x ** (k - 1n)) / k;
    if (next >= x) break;
    x = next;
  }
  return x ** k === a ? x : undefined;
}

function floorDivide(n: bigint, d: bigint): bigint {
  const q = n / d;
  return n < 0n && q * d !== n ? q - 1n : q;
}

function doubleFactorial(n: bigint): bigint {
  let p = 1n;
  for (let i = n; i > 1n; i -= 2n) p *= i;
  return p;
}

function productOf(from: bigint, to: bigint): bigint {
  if (from > to) return 1n;
  if (to - from < 8n) {
    let p = 1n;
    for (let i = from; i <= to; i++) p *= i;
    return p;
  }
  const middle = (from + to) / 2n;
  return productOf(from, middle) * productOf(middle + 1n, to);
}
