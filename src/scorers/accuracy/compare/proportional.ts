import type { Budget } from "../values/budget.ts";
import { evaluate } from "../values/evaluate.ts";
import { type Node, variablesOf, walk } from "../values/nodes.ts";
import { expandPolynomial, type Polynomial } from "../values/polynomial.ts";
import { divideRationals, type Rational, rationalToNumber } from "../values/rational.ts";
import { complexNames, isFiniteComplex, NEEDED, pointsFor } from "./sample-points.ts";

/** How constant a ratio must be, and up to which constants that tells `f + c` from `f + c + 1`. */
const RATIO_PRECISION = 1e-10;
/** Ratios that differ by more than that are not worth an exact comparison. */
const ROUGHLY = 1e-4;
const [SMALLEST, LARGEST] = [1e-5, 3e4];

/**
 * Whether two expressions differ by a constant factor everywhere, as two writings of one equation `f = 0` do: the factor, or
 * undefined. Both being constants says nothing. Polynomials are compared exactly.
 */
export function constantRatio(a: Node, b: Node, budget: Budget): number | undefined {
  const names = new Set([...variablesOf(a), ...variablesOf(b)]);
  if (names.size === 0) return undefined;
  const complex = complexNames(a, b);
  let distance = 0;
  let ratio: number | undefined;
  let agreed = 0;
  for (const point of pointsFor(names, complex)) {
    const [x, y] = [evaluate(a, point.at, budget), evaluate(b, point.at, budget)];
    if (!isFiniteComplex(x) || !isFiniteComplex(y) || x.im !== 0 || y.im !== 0) continue;
    if (Math.abs(x.re) < 1e-9 || Math.abs(y.re) < 1e-9) {
      if (Math.abs(x.re - y.re) < 1e-9) continue;
      return undefined;
    }
    const here = x.re / y.re;
    ratio ??= here;
    distance = Math.max(distance, Math.abs(here / ratio - 1));
    if (distance > ROUGHLY) return undefined;
    agreed++;
  }
  if (agreed < NEEDED) return undefined;
  const [f, g] = [expandPolynomial(a, budget), expandPolynomial(b, budget)];
  if (f !== undefined && g !== undefined) return ratioOfPolynomials(f, g);
  if (distance > RATIO_PRECISION || hasExtreme(a, budget) || hasExtreme(b, budget)) return undefined;
  return ratio;
}

function ratioOfPolynomials(f: Polynomial, g: Polynomial): number | undefined {
  if (f.size !== g.size) return undefined;
  let ratio: Rational | undefined;
  for (const [monomial, x] of f) {
    const y = g.get(monomial);
    const here = y === undefined ? undefined : divideRationals(x, y);
    if (here === undefined || (ratio !== undefined && (ratio.n !== here.n || ratio.d !== here.d))) return undefined;
    ratio = here;
  }
  return ratio === undefined ? undefined : rationalToNumber(ratio);
}

/** Whether a constant stands in an expression beside which a difference of one is not seen. */
function hasExtreme(node: Node, budget: Budget): boolean {
  let found = false;
  walk(node, (inner) => {
    if (found || (inner.kind !== "num" && inner.kind !== "pow" && inner.kind !== "fn")) return;
    const value = inner.kind === "num" ? rationalToNumber(inner.value) : constantOf(inner, budget);
    const size = Math.abs(value);
    found = size > LARGEST || (size < SMALLEST && size > 0);
  });
  return found;
}

/** The value of a constant; 1 for what is none. */
function constantOf(node: Node, budget: Budget): number {
  if (variablesOf(node).size > 0) return 1;
  const { re, im } = evaluate(node, new Map(), budget);
  return Math.hypot(re, im);
}

/** An expression that is linear in one variable, as `slope · name + offset`, exactly; undefined if it is not, or if it is constant. */
export function linearForm(
  node: Node,
  name: string,
  budget: Budget,
): { slope: Rational; offset: Rational } | undefined {
  const polynomial = expandPolynomial(node, budget);
  const slope = polynomial?.get(name);
  const offset = polynomial?.get("");
  if (polynomial === undefined || slope === undefined) return undefined;
  return polynomial.size === (offset === undefined ? 1 : 2) ? { slope, offset: offset ?? { n: 0n, d: 1n } } : undefined;
}
