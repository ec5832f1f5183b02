import type { Answer } from "../values/answer.ts";
import { type Node, variablesOf } from "../values/nodes.ts";

/** `\frac{d}{dx} ...` asks for what follows. */
const DERIVATIVE = /^\\frac\{(?:d|\\partial)/;
/** Functions that name a property of what they are applied to. */
const PROPERTIES: ReadonlySet<string> = new Set("det dim deg ker gcd lcm max min binom".split(" "));

/** How much counts as a name: `any` function or product of names, or what is a name and `only` that. */
type Names = "any" | "only";

/**
 * Whether a left-hand side is a name for what stands on the right: a symbol, f(x), |AB|, a product or quotient of names. `only`
 * leaves out what states a condition: `\sin x = 1` and `xy = 6` do not say what anything is.
 */
export function namesSomething(answer: Answer, names: Names = "any"): boolean {
  if (answer.kind === "words") return true;
  if (answer.kind === "tuple" || answer.kind === "list")
    return answer.items.every((item) => namesSomething(item, names));
  if (answer.kind !== "expression") return answer.kind === "opaque";
  const { node, text } = answer;
  if (variablesOf(node).has("\\ldots") || DERIVATIVE.test(text)) return true;
  if (names === "any") return isAnyName(node);
  return isName(node) || (text.includes(":") && node.kind === "div" && isAnyName(node));
}

function isAnyName(node: Node): boolean {
  switch (node.kind) {
    case "fn":
      return (
        !node.name.startsWith("root") &&
        node.args.every((arg) => variablesOf(arg).size > 0 || node.name.startsWith("'"))
      );
    case "mul":
      return node.args.every(isAnyName);
    case "div":
      return isAnyName(node.over) && isAnyName(node.under);
    default:
      return isName(node);
  }
}

function isName(node: Node): boolean {
  switch (node.kind) {
    case "sym":
    case "big":
      return true;
    case "const":
      return node.name !== "infty";
    case "fn":
      return (
        node.name.startsWith("'") ||
        (PROPERTIES.has(node.name) && variablesOf(node).size > 0) ||
        (node.name === "abs" && node.args.every(isFigure))
      );
    case "mul":
      return isFigure(node);
    case "div":
      return isFigure(node.over) && isFigure(node.under);
    default:
      return false;
  }
}

/** What is written with capitals or a sign of its own, as figures and random variables are: `AB`, `\angle ABC`, `m\angle A`. */
function isFigure(node: Node): boolean {
  if (node.kind === "fn") return node.name.startsWith("'");
  if (node.kind === "sym") return /^(?:[A-Z]|\\(?:angle|triangle|vec))/.test(node.name);
  if (node.kind !== "mul" || !node.args.every((arg) => arg.kind === "sym" || arg.kind === "const")) return false;
  return node.args.some((arg, i) => isFigure(arg) && (i === 0 || arg.kind !== "sym" || arg.name.startsWith("\\")));
}

/** Whether an answer is an expression without variables. */
export function isConstant(answer: Answer): boolean {
  return answer.kind === "expression" && variablesOf(answer.node).size === 0;
}

/** Variables that stand for complex numbers by custom. */
export function isComplexName(name: string): boolean {
  return /^(?:z|w|\\zeta|\\omega)(?:_.*)?$/.test(name);
}
