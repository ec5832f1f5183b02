import type { Rational } from "./rational.ts";

/** A parsed expression. */
export type Node =
  | { readonly kind: "num"; readonly value: Rational; readonly decimal: boolean }
  | { readonly kind: "const"; readonly name: "pi" | "e" | "i" | "infty" }
  | { readonly kind: "sym"; readonly name: string }
  | { readonly kind: "add" | "mul"; readonly args: readonly Node[] }
  | { readonly kind: "div"; readonly over: Node; readonly under: Node }
  | { readonly kind: "pow"; readonly base: Node; readonly exponent: Node }
  | { readonly kind: "neg"; readonly of: Node }
  /** A named function; an unknown one is opaque: equal arguments give equal values. */
  | { readonly kind: "fn"; readonly name: string; readonly args: readonly Node[] }
  /** A sum, product, integral, limit over `index`; evaluated if finite and short, else opaque in its bounds and its body. */
  | {
      readonly kind: "big";
      readonly op: string;
      readonly index: string;
      readonly from: Node;
      readonly to: Node;
      readonly body: Node;
    };

/** An integer or fraction node. */
export function numberNode(n: bigint, d = 1n): Node {
  return { kind: "num", value: { n, d }, decimal: false };
}

/** Calls `visit` on every node of a tree. */
export function walk(node: Node, visit: (node: Node) => void): void {
  visit(node);
  switch (node.kind) {
    case "add":
    case "mul":
    case "fn":
      for (const arg of node.args) walk(arg, visit);
      break;
    case "div":
      walk(node.over, visit);
      walk(node.under, visit);
      break;
    case "pow":
      walk(node.base, visit);
      walk(node.exponent, visit);
      break;
    case "neg":
      walk(node.of, visit);
      break;
    case "big":
      walk(node.from, visit);
      walk(node.to, visit);
      walk(node.body, visit);
      break;
    default:
  }
}

/** The free variables of an expression. */
export function variablesOf(node: Node): Set<string> {
  const names = new Set<string>();
  const bound = new Set<string>();
  walk(node, (inner) => {
    if (inner.kind === "sym") names.add(inner.name);
    if (inner.kind === "big") bound.add(inner.index);
  });
  for (const name of bound) names.delete(name);
  return names;
}

/** A tree with other nodes for some: `change` gives the new one, or undefined to look inside. */
export function mapNode(node: Node, change: (node: Node) => Node | undefined): Node {
  const changed = change(node);
  if (changed !== undefined) return changed;
  const inner = (child: Node): Node => mapNode(child, change);
  switch (node.kind) {
    case "add":
    case "mul":
      return { kind: node.kind, args: node.args.map(inner) };
    case "fn":
      return { ...node, args: node.args.map(inner) };
    case "div":
      return { kind: "div", over: inner(node.over), under: inner(node.under) };
    case "pow":
      return { kind: "pow", base: inner(node.base), exponent: inner(node.exponent) };
    case "neg":
      return { kind: "neg", of: inner(node.of) };
    case "big":
      return { ...node, from: inner(node.from), to: inner(node.to), body: inner(node.body) };
    default:
      return node;
  }
}

/** An expression with each of `names` replaced by its number. */
export function withNames(node: Node, names: readonly string[]): Node {
  return mapNode(node, (inner) => {
    const at = inner.kind === "sym" ? names.indexOf(inner.name) : -1;
    return at < 0 ? undefined : { kind: "sym", name: `\\${at}` };
  });
}

/** Whether a number written with a point stands in the expression. */
export function hasDecimal(node: Node): boolean {
  let found = false;
  walk(node, (inner) => {
    if (inner.kind === "num" && inner.decimal) found = true;
  });
  return found;
}
