import type { Answer } from "../values/answer.ts";
import type { Budget } from "../values/budget.ts";
import { compareChains, isInequality, toInterval, valueOf } from "./compare-chains.ts";
import { compareLists, compareMatrices, compareTuples, compareUnions } from "./compare-collections.ts";
import { compareBased, compareScalars, compareWords } from "./compare-scalars.ts";
import type { CompareOptions, Comparer, Comparison } from "./comparer.ts";
import { isComplexName } from "./names.ts";

/** Compares two answers that have been read. */
export function createComparer(options: CompareOptions, budget: Budget): Comparer {
  const comparer: Comparer = { options, budget, compare: (gold, pred) => compareAny(gold, pred, comparer) };
  return comparer;
}

function compareAny(gold: Answer, pred: Answer, comparer: Comparer): Comparison {
  comparer.budget.spend(3);
  if (gold.text !== "" && gold.text === pred.text) return "string";
  if (gold.kind === "chain" || pred.kind === "chain") {
    const rule = compareWithChain(gold, pred, comparer);
    if (rule !== undefined) return rule;
  }
  if (gold.kind === "list" || pred.kind === "list") return compareLists(gold, pred, comparer);
  if (gold.kind === "union" || pred.kind === "union") return compareUnions(gold, pred, comparer);
  if (gold.kind === "matrix" || pred.kind === "matrix") return compareMatrices(gold, pred, comparer);
  if (gold.kind === "tuple" && pred.kind === "tuple") return compareTuples(gold, pred, comparer);
  if (gold.kind === "based" || pred.kind === "based") return compareBased(gold, pred, comparer);
  if (gold.kind === "expression" && pred.kind === "expression") {
    const rule = compareScalars(gold, pred, comparer);
    if (rule !== undefined) return rule;
  }
  return compareWords(gold, pred);
}

function compareWithChain(gold: Answer, pred: Answer, comparer: Comparer): Comparison {
  const excluded = compareExclusion(gold, pred, comparer) ?? compareExclusion(pred, gold, comparer);
  if (excluded !== undefined) return excluded;
  if (gold.kind === "chain" && pred.kind === "chain") return compareChains(gold, pred, comparer);
  if (gold.kind === "chain") {
    if (isInequality(gold)) return compareWithSet(gold, pred, comparer);
    const value = valueOf(gold, "only") ?? identityOf(gold, comparer);
    return value === undefined ? undefined : comparer.compare(value, pred);
  }
  if (pred.kind !== "chain") return undefined;
  if (isInequality(pred))
    return comparer.options.allowSetRelationComp ? compareWithSet(pred, gold, comparer) : undefined;
  const value = valueOf(pred) ?? identityOf(pred, comparer);
  return value === undefined ? undefined : comparer.compare(gold, value);
}

/** `(x-2)(x+2) = x^2-4` says that something is x^2-4. */
function identityOf(chain: Extract<Answer, { kind: "chain" }>, comparer: Comparer): Answer | undefined {
  const [left, right] = chain.terms;
  if (chain.relations.join() !== "=" || left?.kind !== "expression" || right === undefined) return undefined;
  return comparer.compare(left, right) === undefined ? undefined : right;
}

/** `z \\ne 0` for the complex numbers without 0. */
function compareExclusion(set: Answer, chain: Answer, comparer: Comparer): Comparison {
  if (set.kind !== "union" || chain.kind !== "chain" || chain.relations.join() !== "!=") return undefined;
  const [all, excluded] = set.items;
  const [left, right] = chain.terms;
  if (set.operators.join() !== "setminus" || all?.text !== "\\C" || excluded === undefined) return undefined;
  const named = left?.kind === "expression" && left.node.kind === "sym" && isComplexName(left.node.name);
  return named && right !== undefined ? comparer.compare(excluded, right) && "set" : undefined;
}

function compareWithSet(chain: Extract<Answer, { kind: "chain" }>, set: Answer, comparer: Comparer): Comparison {
  if (set.kind !== "tuple" && !(set.kind === "list" && set.items.length === 1)) return undefined;
  const interval = toInterval(chain, comparer)?.interval;
  return interval === undefined || comparer.compare(interval, set) === undefined ? undefined : "interval";
}
