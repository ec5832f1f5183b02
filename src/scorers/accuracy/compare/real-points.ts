import type { Answer } from "../values/answer.ts";
import { evaluate } from "../values/evaluate.ts";
import { evaluateScaled } from "../values/evaluate-scaled.ts";
import { type Node, variablesOf } from "../values/nodes.ts";
import { isInfinite } from "../values/scaled.ts";
import { compareExpressions } from "./compare-expressions.ts";
import type { Comparer } from "./comparer.ts";

/** Ends beyond are not told apart by doubles. */
const [SMALLEST, LARGEST] = [1e-100, 1e100];
/** Relative distance of two ends that are looked at exactly. */
const CLOSE = 1e-6;

/** The ends of the pieces of two sets as doubles that are the same only where the ends are. */
export class RealPoints {
  readonly comparer: Comparer;
  readonly #known: { readonly at: number; readonly node: Node }[] = [];

  constructor(comparer: Comparer) {
    this.comparer = comparer;
  }

  /** A real number, or ±Infinity for infinity itself; undefined for all else, and where its place among the others cannot be told. */
  at(answer: Answer): number | undefined {
    if (answer.kind !== "expression" || variablesOf(answer.node).size > 0) return undefined;
    const { node } = answer;
    const { re, im } = evaluate(node, new Map(), this.comparer.budget);
    const size = Math.abs(re);
    if (im !== 0 || Number.isNaN(re)) return undefined;
    if (size > LARGEST) {
      const value = evaluateScaled(node, new Map(), this.comparer.budget);
      return value !== undefined && isInfinite(value) ? value.re : undefined;
    }
    if (size < SMALLEST && !this.#areSame(node, ZERO)) return undefined;
    for (const { at, node: other } of this.#known) {
      if (Math.abs(at - re) > Math.max(Math.abs(at), size) * CLOSE && Math.abs(at - re) > 1e-12) continue;
      if (this.#areSame(node, other)) return at;
      if (at === re) return undefined;
    }
    this.#known.push({ at: re, node });
    return re;
  }

  #areSame(a: Node, b: Node): boolean {
    const { precision, tolerance } = this.comparer.options;
    return compareExpressions(a, b, { precision, tolerance }, this.comparer.budget) !== undefined;
  }
}

const ZERO: Node = { kind: "num", value: { n: 0n, d: 1n }, decimal: false };
