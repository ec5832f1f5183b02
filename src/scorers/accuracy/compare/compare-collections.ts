import type { Answer } from "../values/answer.ts";
import { toInterval } from "./compare-chains.ts";
import type { Comparer, Comparison } from "./comparer.ts";

/** Longest list that is matched item by item. */
const MAX_ITEMS = 120;

/** Lists in any order; one in no braces may stand for a tuple, in order. */
export function compareLists(gold: Answer, pred: Answer, comparer: Comparer): Comparison {
  if (gold.kind === "union" || pred.kind === "union") return compareUnions(gold, pred, comparer);
  if (gold.kind === "tuple" || pred.kind === "tuple") return compareListAndTuple(gold, pred, comparer);
  const [a, b] = [itemsOf(gold), itemsOf(pred)];
  if (gold.kind === "list" && pred.kind === "list" && a.length === 0 && b.length === 0) return "set";
  if (a.length > MAX_ITEMS || b.length > MAX_ITEMS || a.length === 0 || b.length === 0) return undefined;
  // Repeated items may be left out.
  const same = a.length === b.length ? matches(a, b, comparer) : isCovered(a, b, comparer) && isCovered(b, a, comparer);
  return same ? "list" : undefined;
}

/** `1, 2` for (1, 2); the set of one point is that point. */
function compareListAndTuple(gold: Answer, pred: Answer, comparer: Comparer): Comparison {
  const list = gold.kind === "list" ? gold : pred;
  if (list.kind !== "list") return undefined;
  const [only] = list.items;
  if (list.items.length === 1 && only !== undefined)
    return list === gold ? comparer.compare(only, pred) : comparer.compare(gold, only);
  const [a, b] = [itemsOf(gold), itemsOf(pred)];
  if (list.braces || a.length !== b.length) return undefined;
  return a.every((item, i) => compareItem(item, b[i], comparer) !== undefined) ? "ordered-list" : undefined;
}

function itemsOf(answer: Answer): readonly Answer[] {
  return answer.kind === "list" || answer.kind === "tuple" ? answer.items : [answer];
}

function compareItem(gold: Answer, pred: Answer | undefined, comparer: Comparer): Comparison {
  return pred === undefined ? undefined : comparer.compare(gold, pred);
}

/** Whether each item is among others. */
function isCovered(items: readonly Answer[], others: readonly Answer[], comparer: Comparer): boolean {
  return items.every((item) => others.some((other) => comparer.compare(item, other) !== undefined));
}

/** Whether the items can be paired off, in any order. */
function matches(gold: readonly Answer[], pred: readonly Answer[], comparer: Comparer): boolean {
  if (gold.length !== pred.length) return false;
  const left = [...pred];
  for (const item of gold) {
    const at = left.findIndex((other) => comparer.compare(item, other) !== undefined);
    if (at < 0) return false;
    left.splice(at, 1);
  }
  return true;
}

/** Unions piece by piece; `x < 1 or x > 3` is a union too. */
export function compareUnions(gold: Answer, pred: Answer, comparer: Comparer): Comparison {
  const [a, b] = [piecesOf(gold, comparer), piecesOf(pred, comparer)];
  if (a === undefined || b === undefined) return undefined;
  if (gold.kind === "union" && pred.kind === "union") {
    const ordered = [gold.operators, pred.operators].some((operators) =>
      operators.some((operator) => operator === "setminus"),
    );
    if (gold.operators.toSorted().join() !== pred.operators.toSorted().join()) return undefined;
    if (ordered)
      return a.length === b.length && a.every((item, i) => compareItem(item, b[i], comparer) !== undefined)
        ? "set"
        : undefined;
  }
  return matches(a, b, comparer) ? "union" : undefined;
}

function piecesOf(answer: Answer, comparer: Comparer): Answer[] | undefined {
  // Only of a union the members of sets are members.
  if (answer.kind === "union" && answer.operators.some((operator) => operator !== "cup")) return [...answer.items];
  if (answer.kind === "union")
    return answer.items.flatMap((item) => (item.kind === "list" && item.braces ? item.items : [item]));
  if (answer.kind !== "list") return undefined;
  return answer.items.map((item) => (item.kind === "chain" ? (toInterval(item, comparer)?.interval ?? item) : item));
}

/** Points and intervals; of an interval the brackets count, but not at infinity. */
export function compareTuples(
  gold: Extract<Answer, { kind: "tuple" }>,
  pred: Extract<Answer, { kind: "tuple" }>,
  comparer: Comparer,
): Comparison {
  if (gold.items.length !== pred.items.length) return undefined;
  if ((gold.open === ":") !== (pred.open === ":")) return undefined;
  const interval = gold.items.length === 2;
  if (!interval && isHalfOpen(gold) !== isHalfOpen(pred)) return undefined;
  if (interval && comparer.options.strict && (gold.open !== pred.open || gold.close !== pred.close)) {
    // At infinity both brackets mean the same.
    const [low, high] = gold.items;
    const openEnds = gold.open === pred.open || /^-\\infty$/.test(low?.text ?? "");
    const closeEnds = gold.close === pred.close || /^\+?\\infty$/.test(high?.text ?? "");
    if (!openEnds || !closeEnds) return undefined;
  }
  return gold.items.every((item, i) => compareItem(item, pred.items[i], comparer) !== undefined) ? "tuple" : undefined;
}

/** Brackets of two kinds, which only an interval may have. */
function isHalfOpen({ open, close }: { open: string; close: string }): boolean {
  return (open === "(") !== (close === ")");
}

/** Matrices cell by cell; a tuple may stand for a vector, rows in brackets for a matrix. */
export function compareMatrices(gold: Answer, pred: Answer, comparer: Comparer): Comparison {
  const [a, b] = [rowsOf(gold), rowsOf(pred)];
  if (a === undefined || b === undefined) return undefined;
  // A tuple may stand for a column; two matrices must have the same shape.
  const shaped =
    gold.kind === "matrix" && pred.kind === "matrix"
      ? [a, b]
      : isVector(a) && isVector(b)
        ? [[a.flat()], [b.flat()]]
        : [a, b];
  const [x, y] = [shaped[0] ?? [], shaped[1] ?? []];
  if (x.length !== y.length) return undefined;
  const same = x.every(
    (row, i) =>
      row.length === y[i]?.length && row.every((cell, j) => compareItem(cell, y[i]?.[j], comparer) !== undefined),
  );
  return same ? "matrix" : undefined;
}

function isVector(rows: readonly (readonly Answer[])[]): boolean {
  return rows.length === 1 || rows.every((row) => row.length === 1);
}

function rowsOf(answer: Answer): readonly (readonly Answer[])[] | undefined {
  if (answer.kind === "matrix") return answer.rows;
  if (answer.kind === "expression") return [[answer]];
  if (answer.kind !== "tuple") return undefined;
  return answer.items.some((item) => item.kind === "tuple")
    ? answer.items.map((item) => (item.kind === "tuple" ? item.items : [item]))
    : [answer.items];
}
