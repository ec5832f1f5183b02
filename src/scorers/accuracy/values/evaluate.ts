import { gamma } from "../../../base/gamma.ts";
import type { Budget } from "./budget.ts";
import { add, type Complex, cosine, divide, exponential, logarithm, multiply, power, real, sine } from "./complex.ts";
import { BINOMIAL_LETTER, MAX_TERMS } from "./evaluate-exact.ts";
import type { Node } from "./nodes.ts";
import { rationalToNumber } from "./rational.ts";

/** The values of variables: real numbers, or complex ones. */
export type Bindings = ReadonlyMap<string, number | Complex>;

const NAN: Complex = { re: Number.NaN, im: Number.NaN };

/** The value of an expression at a point, in double precision; NaN where it is undefined. Infinity is kept as such. */
export function evaluate(node: Node, at: Bindings, budget: Budget): Complex {
  budget.spend();
  const value = (inner: Node): Complex => evaluate(inner, at, budget);
  switch (node.kind) {
    case "num":
      return real(rationalToNumber(node.value));
    case "const":
      return CONSTANTS[node.name];
    case "sym": {
      const bound = at.get(node.name) ?? Number.NaN;
      return typeof bound === "number" ? real(bound) : bound;
    }
    case "neg": {
      const of = value(node.of);
      return { re: -of.re, im: of.im === 0 ? 0 : -of.im };
    }
    case "add":
      return node.args.reduce<Complex>((total, arg) => add(total, value(arg)), real(0));
    case "mul":
      return node.args.reduce<Complex>((total, arg) => multiply(total, value(arg)), real(1));
    case "div":
      return divide(value(node.over), value(node.under));
    case "pow":
      return evaluatePower(node.base, node.exponent, value);
    case "fn":
      return evaluateFunction(node.name, node.args.map(value));
    default:
      return evaluateBig(node, at, budget);
  }
}

const CONSTANTS: Readonly<Record<string, Complex>> & Readonly<Record<"pi" | "e" | "i" | "infty", Complex>> = {
  pi: real(Math.PI),
  e: real(Math.E),
  i: { re: 0, im: 1 },
  infty: real(Infinity),
};

function evaluatePower(baseNode: Node, exponentNode: Node, value: (node: Node) => Complex): Complex {
  const base = value(baseNode);
  // The real branch of odd roots, as school books have it: (-8)^{1/3} = -2.
  if (base.im === 0 && base.re < 0 && exponentNode.kind === "div") {
    const [p, q] = [value(exponentNode.over), value(exponentNode.under)];
    if (p.im === 0 && q.im === 0 && Number.isInteger(p.re) && Number.isInteger(q.re) && Math.abs(q.re % 2) === 1) {
      return real((-((-base.re) ** (1 / q.re))) ** p.re);
    }
  }
  return power(base, value(exponentNode));
}

function evaluateBig(node: Extract<Node, { kind: "big" }>, at: Bindings, budget: Budget): Complex {
  const [from, to] = [evaluate(node.from, at, budget), evaluate(node.to, at, budget)];
  const body = (k: number): Complex => evaluate(node.body, new Map(at).set(node.index, k), budget);
  const finite =
    (node.op === "sum" || node.op === "prod") &&
    node.index !== "" &&
    Number.isInteger(from.re) &&
    Number.isInteger(to.re);
  if (finite && to.re - from.re <= MAX_TERMS) {
    let total = real(node.op === "sum" ? 0 : 1);
    for (let k = from.re; k <= to.re; k++) total = node.op === "sum" ? add(total, body(k)) : multiply(total, body(k));
    return total;
  }
  // Opaque: weights that depend on the bounds, times the body at fixed places. Equal notation gives equal values.
  let total = opaque(node.op, [clip(from), clip(to)]);
  for (const k of [0.37, 0.71, 1.13])
    total = add(total, multiply(opaque(node.op, [clip(from), clip(to), real(k)]), body(k)));
  return total;
}

function clip(a: Complex): Complex {
  return Number.isFinite(a.re) ? a : real(Number.isNaN(a.re) ? Number.NaN : Math.sign(a.re) * 1e3);
}

/** A function at doubles; of a name that is not known, a value that only the same name and arguments have. */
export function evaluateFunction(name: string, args: readonly Complex[]): Complex {
  const a = args[0] ?? NAN;
  const b = args[1];
  switch (name) {
    case "root":
    case "sqrt": {
      const degree = b?.re ?? 2;
      if (a.im === 0 && a.re < 0 && Math.abs(degree % 2) === 1) return real(-((-a.re) ** (1 / degree)));
      if (degree === 2 && a.im === 0) return a.re >= 0 ? real(Math.sqrt(a.re)) : { re: 0, im: Math.sqrt(-a.re) };
      return power(a, real(1 / degree));
    }
    case "abs":
      return real(Math.hypot(a.re, a.im));
    case "sin":
      return sine(a);
    case "cos":
      return cosine(a);
    case "tan":
      return divide(sine(a), cosine(a));
    case "cot":
      return divide(cosine(a), sine(a));
    case "sec":
      return divide(real(1), cosine(a));
    case "csc":
      return divide(real(1), sine(a));
    case "exp":
      return exponential(a);
    case "ln":
      return logarithm(a);
    case "lg":
    case "log":
      // Without a base, log is the natural one or that to base 10: the comparison tries both.
      return divide(logarithm(a), b === undefined ? (name === "lg" ? real(Math.LN10) : real(1)) : logarithm(b));
    case "factorial":
      return real(
        a.im === 0 && a.re > -6 && a.re < 171 && !(a.re < 0 && Number.isInteger(a.re)) ? gamma(a.re + 1) : Number.NaN,
      );
    case "doublefactorial":
      return real(doubleFactorial(a));
    case BINOMIAL_LETTER:
    case "binom":
      if (args.length !== 2) return opaque(name, args);
      return b === undefined ? NAN : real(gamma(a.re + 1) / (gamma(b.re + 1) * gamma(a.re - b.re + 1)));
    case "floor":
      return real(Math.floor(a.re + 1e-12));
    case "ceil":
      return real(Math.ceil(a.re - 1e-12));
    case "max":
      return real(Math.max(...args.map((arg) => arg.re)));
    case "min":
      return real(Math.min(...args.map((arg) => arg.re)));
    case "Re":
      return real(a.re);
    case "Im":
      return real(a.im);
    case "conj":
      return { re: a.re, im: a.im === 0 ? 0 : -a.im };
    default: {
      const simple = a.im === 0 ? REAL_FUNCTIONS[name] : undefined;
      return simple === undefined ? opaque(name, args) : real(simple(a.re));
    }
  }
}

const REAL_FUNCTIONS: Readonly<Record<string, (x: number) => number>> = {
  sinh: Math.sinh,
  cosh: Math.cosh,
  tanh: Math.tanh,
  coth: (x) => 1 / Math.tanh(x),
  arcsin: Math.asin,
  asin: Math.asin,
  arccos: Math.acos,
  acos: Math.acos,
  arctan: Math.atan,
  atan: Math.atan,
  arccot: (x) => Math.PI / 2 - Math.atan(x),
  sgn: Math.sign,
  arcsinh: Math.asinh,
  arccosh: Math.acosh,
  arctanh: Math.atanh,
};

/** A smooth function that no one knows: equal names and arguments have equal values, others hardly ever. */
function opaque(name: string, args: readonly Complex[]): Complex {
  let hash = 2166136261;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 16777619) >>> 0;
  let phase = (hash % 10007) / 1000;
  let result: Complex = real(1.5 + (hash % 101) / 100);
  for (const arg of args) {
    phase = ((phase * 7.31 + 1.7) % 5) + 0.5;
    result = add(
      multiply(result, real(0.7 + phase / 10)),
      sine(add(multiply(arg, real(0.31 + phase / 7)), real(phase))),
    );
  }
  return result;
}

/** n!! of a whole number that is not too large, else NaN. */
function doubleFactorial(a: Complex): number {
  if (a.im !== 0 || !Number.isInteger(a.re) || a.re < 0 || a.re > 300) return Number.NaN;
  let p = 1;
  for (let i = a.re; i > 1; i -= 2) p *= i;
  return p;
}

/** ln n! of a large n, by Stirling's series: right to the last bits from 100 on. */
export function logarithmOfFactorial(n: number): number {
  return n * Math.log(n) - n + Math.log(2 * Math.PI * n) / 2 + 1 / (12 * n) - 1 / (360 * n ** 3);
}
