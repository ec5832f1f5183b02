import { powerOfTen } from "../../../base/power.ts";
import type { Budget } from "../values/budget.ts";
import { type Bindings, evaluate } from "../values/evaluate.ts";
import { evaluateExact } from "../values/evaluate-exact.ts";
import { isSameValue } from "../values/evaluate-scaled.ts";
import { hasDecimal, mapNode, type Node, variablesOf, walk } from "../values/nodes.ts";
import { type Rational, rationalToNumber } from "../values/rational.ts";
import { complexNames, isFiniteComplex, NEEDED, type Point, pointsFor } from "./sample-points.ts";

/** How near two numbers must be. */
export interface Nearness {
  /** Decimals that count where a side is a decimal. */
  readonly precision: number;
  /** Absolute tolerance that the problem declares. */
  readonly tolerance?: number | undefined;
}

/** The rule by which two expressions are equal, or undefined if they are not. */
export type RuleName = "exact-rational" | "decimal" | "tolerance" | "numeric" | "points" | "infinity";

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
  if (nearness.tolerance === undefined && !decimal) return undefined;
  const distance = { n: magnitude(x.n * y.d - y.n * x.d), d: x.d * y.d };
  if (nearness.tolerance !== undefined && rationalToNumber(distance) <= nearness.tolerance) return "tolerance";
  if (!decimal) return undefined;
  // Of the larger one; both fractions are divided by it, so that nothing underflows.
  const [a, b] = [magnitude(x.n) * y.d, magnitude(y.n) * x.d];
  const share = rationalToNumber({ n: distance.n, d: a > b ? a : b });
  const near = rationalToNumber(distance) <= 0.5 * powerOfTen(-nearness.precision);
  return near && share <= powerOfTen(1 - nearness.precision) ? "decimal" : undefined;
}

function magnitude(n: bigint): bigint {
  return n < 0n ? -n : n;
}

/** Equal to `precision` decimals; of small numbers, as many digits. */
function isNear(difference: number, size: number, precision: number): boolean {
  return difference <= 0.5 * powerOfTen(-precision) && difference <= size * powerOfTen(1 - precision);
}

function compareAtPoints(
  a: Node,
  b: Node,
  names: ReadonlySet<string>,
  nearness: Nearness,
  budget: Budget,
): RuleName | undefined {
  const [inA, inB] = [hasDecimal(a), hasDecimal(b)];
  if (names.size === 0) return compareConstants(a, b, inA || inB, nearness, budget);
  let agreed = 0;
  let [unsure, first]: (Point | undefined)[] = [undefined, undefined];
  const points = pointsFor(names, complexNames(a, b));
  for (const point of points) {
    const [x, y] = [evaluate(a, point.at, budget), evaluate(b, point.at, budget)];
    if (!isFiniteComplex(x) || !isFiniteComplex(y)) {
      unsure ??= point;
      continue;
    }
    // Where both leave the real numbers, branches may differ: only positive points decide there.
    if (!point.positive && (x.im !== 0 || y.im !== 0)) continue;
    const difference = Math.hypot(x.re - y.re, x.im - y.im);
    const size = Math.max(Math.hypot(x.re, x.im), Math.hypot(y.re, y.im));
    const near =
      difference <= size * 1e-9 ||
      (inA !== inB && difference <= Math.max(size, 0.01) * powerOfTen(-nearness.precision));
    // What is that small is the noise of sums that cancel, or small indeed.
    const noise = !near && difference <= 1e-11;
    if (!near && !noise) {
      // \sqrt{a}\sqrt{b} is \sqrt{ab} where both are real.
      if (!point.positive && (leavesReals(a, point.at, budget) || leavesReals(b, point.at, budget))) continue;
      return undefined;
    }
    first ??= point;
    if (noise || size < 1e-100) unsure ??= point;
    agreed++;
  }
  // Doubles overflow, underflow, and lose small parts of sums: then numbers that do not have the last word.
  const decisive = unsure ?? first;
  if (decisive === undefined || (agreed < NEEDED && unsure === undefined)) return undefined;
  if (inA !== inB && unsure === undefined) return "points";
  const deciding = agreed < NEEDED ? points.filter((point) => point.positive) : [decisive];
  return deciding.every((point) => isSameValue(a, b, point.at, budget) === true) ? "points" : undefined;
}

/** Two constants: exactly beyond the range of doubles, too. */
function compareConstants(
  a: Node,
  b: Node,
  decimal: boolean,
  nearness: Nearness,
  budget: Budget,
): RuleName | undefined {
  const [x, y] = [evaluate(a, NOWHERE, budget), evaluate(b, NOWHERE, budget)];
  const [finite, difference] = [isFiniteComplex(x) && isFiniteComplex(y), Math.hypot(x.re - y.re, x.im - y.im)];
  const size = Math.max(Math.hypot(x.re, x.im), Math.hypot(y.re, y.im));
  const apart = finite && difference > 1e-7 && difference > size * 1e-7;
  if (!apart && isSameValue(a, b, NOWHERE, budget) === true)
    return x.re === y.re && Math.abs(x.re) === Infinity && isLiteralInfinity(a) ? "infinity" : "numeric";
  if (!finite) return undefined;
  if (nearness.tolerance !== undefined && difference <= nearness.tolerance) return "tolerance";
  return decimal && size > 1e-200 && isNear(difference, size, nearness.precision) ? "decimal" : undefined;
}

/** Whether infinity stands in an expression. */
function isLiteralInfinity(node: Node): boolean {
  let found = false;
  walk(node, (inner) => {
    if (inner.kind === "const" && inner.name === "infty") found = true;
  });
  return found;
}

const NOWHERE: Bindings = new Map();

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
