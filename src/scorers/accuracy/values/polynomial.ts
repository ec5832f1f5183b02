import type { Budget } from "./budget.ts";
import { evaluateExact } from "./evaluate-exact.ts";
import type { Node } from "./nodes.ts";
import { addRationals, multiplyRationals, type Rational, rationalText } from "./rational.ts";

/** Coefficients by monomial; a monomial is written `x^2 y`, the constant one "". */
export type Polynomial = ReadonlyMap<string, Rational>;

/** Largest number of terms, and largest power, that is multiplied out. */
const MAX_TERMS = 60;
const MAX_POWER = 12;

/** An expression multiplied out; undefined if it is no polynomial with fractions as coefficients, or a large one. */
export function expandPolynomial(node: Node, budget: Budget): Polynomial | undefined {
  budget.spend(2);
  const exact = evaluateExact(node, budget);
  if (exact !== undefined) return new Map(exact.n === 0n ? [] : [["", exact]]);
  const expand = (inner: Node): Polynomial | undefined => expandPolynomial(inner, budget);
  switch (node.kind) {
    case "sym":
      return new Map([[node.name, ONE]]);
    case "neg":
      return scale(expand(node.of), { n: -1n, d: 1n });
    case "add":
      return node.args.map(expand).reduce((a, b) => combine(a, b));
    case "mul":
      return node.args.map(expand).reduce((a, b) => multiply(a, b, budget));
    case "div": {
      const under = evaluateExact(node.under, budget);
      return under === undefined || under.n === 0n ? undefined : scale(expand(node.over), { n: under.d, d: under.n });
    }
    case "pow": {
      const exponent = evaluateExact(node.exponent, budget);
      const base = expand(node.base);
      if (exponent?.d !== 1n || exponent.n < 1n || exponent.n > BigInt(MAX_POWER)) return undefined;
      let power = base;
      for (let i = 1n; i < exponent.n; i++) power = multiply(power, base, budget);
      return power;
    }
    default:
      return undefined;
  }
}

const ONE: Rational = { n: 1n, d: 1n };

/** A polynomial divided by the coefficient of its first term, as an equation `f = 0` may be. */
export function monic(polynomial: Polynomial): Polynomial | undefined {
  const [first] = sorted(polynomial);
  if (first === undefined) return polynomial;
  const { n, d } = first[1];
  return scale(polynomial, n < 0n ? { n: -d, d: -n } : { n: d, d: n });
}

/** `x^2 - 1/2 x y + 3`: higher degrees first, then by the alphabet. */
export function polynomialText(polynomial: Polynomial): string {
  const terms = sorted(polynomial).map(([monomial, { n, d }], i) => {
    const size = rationalText({ n: n < 0n ? -n : n, d });
    const sign = n < 0n ? "- " : i === 0 ? "" : "+ ";
    return sign + (monomial === "" ? size : size === "1" ? monomial : `${size} ${monomial}`);
  });
  return terms.length === 0 ? "0" : terms.join(" ").replace(/^- /, "-");
}

function sorted(polynomial: Polynomial): [string, Rational][] {
  return [...polynomial].toSorted(([a], [b]) => degree(b) - degree(a) || (a < b ? -1 : 1));
}

function degree(monomial: string): number {
  return [...powersOf(monomial).values()].reduce((sum, power) => sum + power, 0);
}

function combine(a: Polynomial | undefined, b: Polynomial | undefined): Polynomial | undefined {
  if (a === undefined || b === undefined) return undefined;
  const sum = new Map(a);
  for (const [monomial, coefficient] of b) {
    const total = addRationals(sum.get(monomial) ?? { n: 0n, d: 1n }, coefficient);
    if (total === undefined) return undefined;
    if (total.n === 0n) sum.delete(monomial);
    else sum.set(monomial, total);
  }
  return sum.size > MAX_TERMS ? undefined : sum;
}

function scale(a: Polynomial | undefined, by: Rational): Polynomial | undefined {
  const scaled = new Map<string, Rational>();
  for (const [monomial, coefficient] of a ?? []) {
    const scaledBy = multiplyRationals(coefficient, by);
    if (scaledBy === undefined) return undefined;
    scaled.set(monomial, scaledBy);
  }
  return a === undefined ? undefined : scaled;
}

function multiply(a: Polynomial | undefined, b: Polynomial | undefined, budget: Budget): Polynomial | undefined {
  if (a === undefined || b === undefined) return undefined;
  let total: Polynomial | undefined = new Map();
  for (const [monomial, coefficient] of a) {
    budget.spend(b.size);
    const shifted = new Map([...b].map(([other, value]) => [monomialProduct(monomial, other), value] as const));
    total = combine(total, scale(shifted, coefficient));
  }
  return total;
}

function monomialProduct(a: string, b: string): string {
  const powers = new Map(powersOf(a));
  for (const [name, power] of powersOf(b)) powers.set(name, (powers.get(name) ?? 0) + power);
  return [...powers]
    .toSorted(([x], [y]) => (x < y ? -1 : 1))
    .map(([name, power]) => (power === 1 ? name : `${name}^${power}`))
    .join(" ");
}

function powersOf(monomial: string): ReadonlyMap<string, number> {
  const factors = monomial === "" ? [] : monomial.split(" ");
  return new Map(
    factors.map((factor) => {
      const mark = factor.lastIndexOf("^");
      return mark < 0 ? [factor, 1] : [factor.slice(0, mark), Number(factor.slice(mark + 1))];
    }),
  );
}
