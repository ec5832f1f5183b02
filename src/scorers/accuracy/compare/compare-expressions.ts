import { deriveSeed, type RandomSource, seededRandom } from "../../../base/random.ts";
import type { Budget } from "../values/budget.ts";
import type { Complex } from "../values/complex.ts";
import { type Bindings, evaluate } from "../values/evaluate.ts";
import { compareRationals, evaluateExact } from "../values/evaluate-exact.ts";
import { hasDecimal, mapNode, type Node, variablesOf, walk } from "../values/nodes.ts";
import { type Rational, rational, rationalToNumber } from "../values/rational.ts";

/** How near two numbers must be. */
export interface Nearness {
  /** Decimals that count where a side is a decimal. */
  readonly precision: number;
  /** Absolute tolerance that the problem declares. */
  readonly tolerance?: number | undefined;
}

/** The rule by which two expressions are equal, or undefined if they are not. */
export type RuleName = "exact-rational" | "decimal" | "tolerance" | "numeric" | "points" | "infinity";

/** Relative distance of two exact values that doubles cannot tell apart. */
const EXACT_RELATIVE = 1e-10;
const TRIALS = 8;
const NEEDED = 3;

/** Compares two expressions: fractions exactly, constants numerically, the rest at seeded points. */
export function compareExpressions(a: Node, b: Node, nearness: Nearness, budget: Budget): RuleName | undefined {
  const [x, y] = [evaluateExact(a, budget), evaluateExact(b, budget)];
  if (x !== undefined && y !== undefined) return compareExact(x, y, hasDecimal(a) || hasDecimal(b), nearness);
  const names = new Set([...variablesOf(a), ...variablesOf(b)]);
  const direct = compareAtPoints(a, b, names, nearness, budget);
  if (direct !== undefined) return direct;
  // \log without a base is read as the natural logarithm first, then as that to base 10.
  if (!hasBareLog(a) && !hasBareLog(b)) return undefined;
  return (
    compareAtPoints(decimalLogs(a), decimalLogs(b), names, nearness, budget) ??
    compareAtPoints(a, decimalLogs(b), names, nearness, budget)
  );
}

function compareExact(x: Rational, y: Rational, decimal: boolean, nearness: Nearness): RuleName | undefined {
  if (x.n === y.n && x.d === y.d) return "exact-rational";
  if (nearness.tolerance !== undefined || decimal) {
    const difference = Math.abs(rationalToNumber({ n: x.n * y.d - y.n * x.d, d: x.d * y.d }));
    if (nearness.tolerance !== undefined && difference <= nearness.tolerance) return "tolerance";
    return decimal &&
      isNear(difference, Math.max(Math.abs(rationalToNumber(x)), Math.abs(rationalToNumber(y))), nearness.precision)
      ? "decimal"
      : undefined;
  }
  return undefined;
}

/** Equal to `precision` decimals; of small numbers, as many digits. */
function isNear(difference: number, size: number, precision: number): boolean {
  return difference <= 0.5 * 10 ** -precision && difference <= size * 10 ** (1 - precision);
}

function compareAtPoints(
  a: Node,
  b: Node,
  names: ReadonlySet<string>,
  nearness: Nearness,
  budget: Budget,
): RuleName | undefined {
  const [inA, inB] = [hasDecimal(a), hasDecimal(b)];
  const decimal = inA || inB;
  if (names.size === 0)
    return compareValues(evaluate(a, NOWHERE, budget), evaluate(b, NOWHERE, budget), decimal, nearness);
  let agreed = 0;
  for (const point of pointsFor(names)) {
    const [x, y] = [evaluate(a, point.at, budget), evaluate(b, point.at, budget)];
    if (!isFiniteComplex(x) || !isFiniteComplex(y)) continue;
    // Where both leave the real numbers, branches may differ: only positive points decide there.
    if (!point.positive && (x.im !== 0 || y.im !== 0)) continue;
    const difference = Math.hypot(x.re - y.re, x.im - y.im);
    const size = Math.max(Math.hypot(x.re, x.im), Math.hypot(y.re, y.im));
    const near =
      difference <= Math.max(size * 1e-9, 1e-11) ||
      (inA !== inB && difference <= Math.max(size, 0.01) * 10 ** -nearness.precision);
    if (!near) {
      // \sqrt{a}\sqrt{b} is \sqrt{ab} where both are real.
      if (!point.positive && (leavesReals(a, point.at, budget) || leavesReals(b, point.at, budget))) continue;
      return undefined;
    }
    agreed++;
  }
  return agreed >= NEEDED ? "points" : undefined;
}

function compareValues(x: Complex, y: Complex, decimal: boolean, nearness: Nearness): RuleName | undefined {
  if (!isFiniteComplex(x) || !isFiniteComplex(y))
    return x.re === y.re && Math.abs(x.re) === Infinity ? "infinity" : undefined;
  const difference = Math.hypot(x.re - y.re, x.im - y.im);
  const size = Math.max(Math.hypot(x.re, x.im), Math.hypot(y.re, y.im));
  // Sums that cancel leave noise where 0 is meant; no answer is a number that near to 0 by itself.
  if (difference <= size * EXACT_RELATIVE || (difference < 1e-14 && size < 1e-14)) return "numeric";
  if (nearness.tolerance !== undefined && difference <= nearness.tolerance) return "tolerance";
  return decimal && isNear(difference, size, nearness.precision) ? "decimal" : undefined;
}

const NOWHERE: Bindings = new Map();

interface Point {
  readonly at: Bindings;
  readonly positive: boolean;
}

/** Seeded points: half of them with positive coordinates only. A variable has the same values in every comparison. */
function pointsFor(names: ReadonlySet<string>): Point[] {
  const sources = [...names].slice(0, 40).map((name): [string, RandomSource] => [name, sourceFor(name)]);
  return Array.from({ length: TRIALS }, (_, trial) => {
    const positive = trial % 2 === 0;
    return {
      positive,
      at: new Map(
        sources.map(([name, random]) => {
          const value = 0.3 + 2.1 * random();
          return [name, !positive && random() < 0.6 ? -value : value];
        }),
      ),
    };
  });
}

const SEEDS = new Map<string, number>();

function sourceFor(name: string): RandomSource {
  let seed = SEEDS.get(name);
  if (seed === undefined) {
    seed = deriveSeed("grading-point", name);
    if (SEEDS.size < 1000) SEEDS.set(name, seed);
  }
  return seededRandom(seed);
}

/**
 * Whether two expressions differ by a constant factor everywhere, as two writings of one equation `f = 0` do: the factor, or
 * undefined. Both being constants says nothing.
 */
export function constantRatio(a: Node, b: Node, budget: Budget): number | undefined {
  const names = new Set([...variablesOf(a), ...variablesOf(b)]);
  if (names.size === 0) return undefined;
  let ratio: number | undefined;
  let agreed = 0;
  for (const point of pointsFor(names)) {
    const [x, y] = [evaluate(a, point.at, budget), evaluate(b, point.at, budget)];
    if (!isFiniteComplex(x) || !isFiniteComplex(y) || x.im !== 0 || y.im !== 0) continue;
    if (Math.abs(x.re) < 1e-9 || Math.abs(y.re) < 1e-9) {
      if (Math.abs(x.re - y.re) < 1e-9) continue;
      return undefined;
    }
    const here = x.re / y.re;
    if (ratio !== undefined && Math.abs(here - ratio) > Math.abs(ratio) * 1e-8) return undefined;
    ratio ??= here;
    agreed++;
  }
  return agreed >= NEEDED ? ratio : undefined;
}

/** The root of an expression that is linear in one variable, exactly, and the sign of its slope. */
export function linearRoot(node: Node, name: string, budget: Budget): { root: Rational; rising: boolean } | undefined {
  const at = (n: bigint): Rational | undefined => evaluateExact(node, budget, new Map([[name, { n, d: 1n }]]));
  const [y0, y1, y2] = [at(0n), at(1n), at(2n)];
  if (y0 === undefined || y1 === undefined || y2 === undefined) return undefined;
  const slope = { n: y1.n * y0.d - y0.n * y1.d, d: y1.d * y0.d };
  const next = { n: y2.n * y1.d - y1.n * y2.d, d: y2.d * y1.d };
  if (slope.n === 0n || compareRationals(slope, next) !== 0) return undefined;
  const [n, d] = [-y0.n * slope.d, y0.d * slope.n];
  const root = rational(n, d);
  return root === undefined ? undefined : { root, rising: slope.n > 0n === slope.d > 0n };
}

function isFiniteComplex(a: Complex): boolean {
  return Number.isFinite(a.re) && Number.isFinite(a.im) && Math.abs(a.re) < 1e200;
}

function hasBareLog(node: Node): boolean {
  let found = false;
  walk(node, (inner) => {
    if (inner.kind === "fn" && inner.name === "log" && inner.args.length === 1) found = true;
  });
  return found;
}

function decimalLogs(node: Node): Node {
  return mapNode(node, (inner) =>
    inner.kind === "fn" && inner.name === "log" && inner.args.length === 1
      ? { kind: "fn", name: "lg", args: inner.args.map(decimalLogs) }
      : undefined,
  );
}

/** Whether a root, power or logarithm inside leaves the real numbers. */
function leavesReals(node: Node, at: Bindings, budget: Budget): boolean {
  let found = false;
  walk(node, (inner) => {
    if (!found && (inner.kind === "pow" || inner.kind === "fn")) found = evaluate(inner, at, budget).im !== 0;
  });
  return found;
}
