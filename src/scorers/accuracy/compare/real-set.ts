import type { Answer, Chain } from "../values/answer.ts";
import { expression } from "../values/matrix-arithmetic.ts";
import { type Node, numberNode, variablesOf } from "../values/nodes.ts";
import type { Rational } from "../values/rational.ts";
import { isInequality, reversed, toInterval } from "./compare-chains.ts";
import type { Comparer } from "./comparer.ts";
import { isComplexName } from "./names.ts";
import { linearForm } from "./proportional.ts";
import { RealPoints } from "./real-points.ts";

/** A piece of the real line. */
interface Piece {
  readonly low: number;
  readonly high: number;
  readonly lowClosed: boolean;
  readonly highClosed: boolean;
}

/** A set of real numbers as disjoint pieces in order, and the variable that it was said of, or "". */
interface RealSet {
  readonly pieces: readonly Piece[];
  readonly name: string;
}

const LINE: Piece = { low: -Infinity, high: Infinity, lowClosed: false, highClosed: false };

/**
 * Whether two answers are the same set of real numbers however it is cut up: `[0,1] \cup [1,2]` and `[0,2]`, `x \ne 2` and
 * `(-\infty,2) \cup (2,\infty)`. undefined for answers that are no such sets.
 */
export function compareRealSets(gold: Answer, pred: Answer, comparer: Comparer): boolean | undefined {
  const points = new RealPoints(comparer);
  const a = toRealSet(gold, points);
  const b = a === undefined ? undefined : toRealSet(pred, points);
  if (a === undefined || b === undefined) return undefined;
  if (comparer.options.strict && a.name !== "" && b.name !== "" && a.name !== b.name) return false;
  return (
    a.pieces.length === b.pieces.length &&
    a.pieces.every((piece, i) => {
      const other = b.pieces[i];
      return (
        other !== undefined &&
        piece.low === other.low &&
        piece.high === other.high &&
        piece.lowClosed === other.lowClosed &&
        piece.highClosed === other.highClosed
      );
    })
  );
}

/** `(-∞, 2) ∪ {3}`; undefined for an answer that is no set of real numbers. */
export function realSetText(answer: Answer, comparer: Comparer): string | undefined {
  const set = toRealSet(answer, new RealPoints(comparer));
  if (set === undefined) return undefined;
  const pieces = set.pieces.map(({ low, high, lowClosed, highClosed }) =>
    low === high
      ? `{${numberText(low)}}`
      : `${lowClosed ? "[" : "("}${numberText(low)}, ${numberText(high)}${highClosed ? "]" : ")"}`,
  );
  return pieces.length === 0 ? "{}" : pieces.join(" ∪ ");
}

/** A number to twelve digits. */
export function numberText(value: number): string {
  return Math.abs(value) === Infinity ? `${value < 0 ? "-" : ""}∞` : String(Number(value.toPrecision(12)));
}

function toRealSet(answer: Answer, ends: RealPoints): RealSet | undefined {
  ends.comparer.budget.spend(5);
  switch (answer.kind) {
    case "tuple":
      return fromInterval(answer, ends);
    case "list": {
      if (answer.braces) {
        const points = answer.items.map((item) => ends.at(item));
        return points.some((point) => point === undefined)
          ? undefined
          : { pieces: merge(points.map((point) => pointPiece(point ?? 0))), name: "" };
      }
      const inequalities = answer.items.some((item) => item.kind === "chain" && isInequality(item));
      const parts = answer.items.map((item) => {
        if (inequalities && item.kind === "chain" && item.relations.join() === "=") return fromEquation(item, ends);
        return item.kind === "chain" || item.kind === "tuple" || item.kind === "union"
          ? toRealSet(item, ends)
          : undefined;
      });
      if (answer.items.some((item) => item.kind === "tuple")) return undefined;
      const all = answer.all === true ? intersectAll(parts) : undefined;
      if (all !== undefined) return all;
      const union = unite(parts);
      // `x > 2, x < 5` cannot mean one or the other: that would be every number.
      return isLine(union) ? (intersectAll(parts) ?? union) : union;
    }
    case "chain":
      return fromChain(answer, ends);
    case "words":
      return /^(?:all )?reals?(?: numbers?)?$/i.test(answer.text) ? { pieces: [LINE], name: "" } : undefined;
    case "expression":
      return answer.text === "\\R" ? { pieces: [LINE], name: "" } : undefined;
    case "union": {
      let total = toRealSet(answer.items[0] ?? answer, ends);
      for (const [i, operator] of answer.operators.entries()) {
        const next = answer.items[i + 1];
        const set = next === undefined ? undefined : toRealSet(next, ends);
        if (total === undefined || set === undefined) return undefined;
        const pieces =
          operator === "cup"
            ? [...total.pieces, ...set.pieces]
            : intersect(total.pieces, operator === "cap" ? set.pieces : complement(set.pieces));
        total = { pieces: merge(pieces), name: total.name };
      }
      return total;
    }
    default:
      return undefined;
  }
}

function fromInterval(answer: Extract<Answer, { kind: "tuple" }>, ends: RealPoints): RealSet | undefined {
  const [low, high] = answer.items.map((item) => ends.at(item));
  if (answer.items.length !== 2 || low === undefined || high === undefined || low > high) return undefined;
  const piece = {
    low,
    high,
    lowClosed: answer.open === "[" && low !== -Infinity,
    highClosed: answer.close === "]" && high !== Infinity,
  };
  return { pieces: [piece], name: "" };
}

function fromChain(chain: Chain, ends: RealPoints): RealSet | undefined {
  if (isInequality(chain)) {
    const magnitude = fromMagnitude(chain, ends) ?? fromMagnitude(reversed(chain), ends);
    const found = magnitude === undefined ? toInterval(chain, ends.comparer) : undefined;
    if (found === undefined) return magnitude;
    const set = toRealSet(found.interval, ends);
    return set === undefined ? undefined : { ...set, name: found.name };
  }
  const [left, right] = chain.terms;
  if (chain.relations.join() !== "!=" || left?.kind !== "expression" || left.node.kind !== "sym" || right === undefined)
    return undefined;
  const points = (right.kind === "list" ? right.items : [right]).map((item) => ends.at(item));
  if (points.some((point) => point === undefined)) return undefined;
  return { pieces: complement(merge(points.map((point) => pointPiece(point ?? 0)))), name: left.text };
}

/** `x = 2` beside inequalities. */
function fromEquation(chain: Chain, ends: RealPoints): RealSet | undefined {
  const [left, right] = chain.terms;
  const point = right === undefined ? undefined : ends.at(right);
  if (left?.kind !== "expression" || left.node.kind !== "sym" || point === undefined) return undefined;
  return { pieces: [pointPiece(point)], name: left.text };
}

function unite(sets: readonly (RealSet | undefined)[]): RealSet | undefined {
  const pieces: Piece[] = [];
  for (const set of sets) {
    if (set === undefined) return undefined;
    pieces.push(...set.pieces);
  }
  return { pieces: merge(pieces), name: sets[0]?.name ?? "" };
}

/** What all sets share; undefined if that is nothing. */
function intersectAll(sets: readonly (RealSet | undefined)[]): RealSet | undefined {
  let pieces: readonly Piece[] = [LINE];
  for (const set of sets) {
    if (set === undefined || set.name !== sets[0]?.name) return undefined;
    pieces = intersect(pieces, set.pieces);
  }
  return pieces.length === 0 ? undefined : { pieces, name: sets[0]?.name ?? "" };
}

function isLine(set: RealSet | undefined): boolean {
  const [only] = set?.pieces.length === 1 ? set.pieces : [];
  return only?.low === -Infinity && only.high === Infinity;
}

/** `|2x - 1| < 3` and its kin: the magnitude of what is linear in one variable against a number. */
function fromMagnitude(chain: Chain, ends: RealPoints): RealSet | undefined {
  const [left, right] = chain.terms;
  const [relation] = chain.relations;
  if (chain.terms.length !== 2 || left?.kind !== "expression" || right === undefined) return undefined;
  const [inside] = left.node.kind === "fn" && left.node.name === "abs" ? left.node.args : [];
  const bound = ends.at(right);
  const [name] = inside === undefined ? [] : variablesOf(inside);
  if (inside === undefined || name === undefined || variablesOf(inside).size !== 1 || isComplexName(name))
    return undefined;
  if (right.kind !== "expression" || bound === undefined || bound < 0 || relation === undefined) return undefined;
  const line = linearForm(inside, name, ends.comparer.budget);
  if (line === undefined) return undefined;
  const [low, high] = [negated(right.node), right.node]
    .map((side): Node => ({ kind: "add", args: [side, negated(exactNode(line.offset))] }))
    .map((over) => ends.at(expression({ kind: "div", over, under: exactNode(line.slope) })))
    .toSorted((x, y) => (x ?? 0) - (y ?? 0));
  if (low === undefined || high === undefined) return undefined;
  const closed = relation === "<=" || relation === ">";
  const within = [{ low, high, lowClosed: closed, highClosed: closed }].filter(() => low < high || closed);
  return { pieces: relation.startsWith("<") ? within : complement(within), name };
}

function exactNode(value: Rational): Node {
  return numberNode(value.n, value.d);
}

function negated(node: Node): Node {
  return { kind: "neg", of: node };
}

function pointPiece(at: number): Piece {
  return { low: at, high: at, lowClosed: true, highClosed: true };
}

/** Sorts pieces and joins those that touch. */
function merge(pieces: readonly Piece[]): Piece[] {
  const merged: Piece[] = [];
  for (const piece of pieces.toSorted((a, b) => a.low - b.low || Number(b.lowClosed) - Number(a.lowClosed))) {
    const last = merged.at(-1);
    if (
      last === undefined ||
      piece.low > last.high ||
      (piece.low === last.high && !piece.lowClosed && !last.highClosed)
    ) {
      merged.push(piece);
      continue;
    }
    const further = piece.high > last.high;
    const highClosed =
      piece.high === last.high ? piece.highClosed || last.highClosed : further ? piece.highClosed : last.highClosed;
    merged[merged.length - 1] = { ...last, high: further ? piece.high : last.high, highClosed };
  }
  return merged;
}

/** What is left of the real line. `pieces` are disjoint and in order. */
function complement(pieces: readonly Piece[]): Piece[] {
  const rest: Piece[] = [];
  let [low, lowClosed] = [-Infinity, false];
  for (const piece of pieces) {
    if (low < piece.low || (low === piece.low && lowClosed && !piece.lowClosed))
      rest.push({ low, lowClosed, high: piece.low, highClosed: !piece.lowClosed && piece.low !== -Infinity });
    [low, lowClosed] = [piece.high, !piece.highClosed];
  }
  if (low !== Infinity) rest.push({ low, lowClosed, high: Infinity, highClosed: false });
  return rest;
}

function intersect(a: readonly Piece[], b: readonly Piece[]): Piece[] {
  return a.flatMap((x) =>
    b.flatMap((y) => {
      const low = Math.max(x.low, y.low);
      const high = Math.min(x.high, y.high);
      const lowClosed = (x.low < low || x.lowClosed) && (y.low < low || y.lowClosed);
      const highClosed = (x.high > high || x.highClosed) && (y.high > high || y.highClosed);
      return low < high || (low === high && lowClosed && highClosed) ? [{ low, high, lowClosed, highClosed }] : [];
    }),
  );
}
