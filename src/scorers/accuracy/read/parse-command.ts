import { type Node, numberNode, walk } from "../values/nodes.ts";
import { SCALES } from "./read-letters.ts";
import { TokenCursor } from "./token-cursor.ts";

const FUNCTIONS: ReadonlySet<string> = new Set(
  "sin cos tan cot sec csc sinh cosh tanh coth arcsin arccos arctan asin acos atan arccot log ln lg exp det arg Arg Re Im gcd lcm max min sgn deg dim ker Arg sqrt abs floor ceil tg ctg cotg arctg arcctg cosec".split(
    " ",
  ),
);
/** Names of functions in other countries. */
const ALIASES: Readonly<Record<string, string>> = {
  tg: "tan",
  ctg: "cot",
  cotg: "cot",
  arctg: "arctan",
  arcctg: "arccot",
  cosec: "csc",
};
const BIG: ReadonlySet<string> = new Set(["sum", "prod", "int", "lim", "oint", "iint", "bigcap", "coprod"]);
const ACCENTS: ReadonlySet<string> = new Set(["overline", "bar", "dot", "ddot"]);
const BARS: ReadonlySet<string> = new Set(["overline", "bar"]);
const CONSTANTS: Readonly<Record<string, "pi" | "infty">> = { pi: "pi", infty: "infty" };
/** Letters that name functions when a bracket follows at once; capitals do before plain arguments, others before numbers only. */
const FUNCTION_LETTER = /^\\?(?:[fghFG]|phi|psi|Phi|Psi)(?:_.*|'*)?(?:\^-1)?$/;
const CAPITAL = /^[A-Z](?:_.*|'*)?$/;

/** The part of the grammar that is named: symbols, applications, commands, functions, sums and integrals. */
export abstract class CommandGrammar extends TokenCursor {
  /** Indices of the sums that are being read: there `i` is no imaginary unit. */
  readonly #bound: string[] = [];

  abstract sum(depth: number): Node | undefined;
  protected abstract product(depth: number): Node | undefined;
  protected abstract power(depth: number): Node | undefined;
  protected abstract signed(depth: number): Node | undefined;
  /** What `^`, `_` and commands take: a group, a signed number, or a single token. */
  protected abstract argument(depth: number): Node | undefined;
  protected abstract bracketed(depth: number): Node | undefined;
  protected abstract startsFactor(): boolean;

  protected symbol(name: string, depth: number): Node | undefined {
    let full = name;
    for (;;) {
      if (this.is("op", "'")) {
        this.at++;
        full += "'";
      } else if (this.is("op", "_")) {
        this.at++;
        full += `_${this.rawArgument()}`;
      } else break;
    }
    const chosen = /^[CA]_\d{1,3}$/.test(full) && this.is("op", "^") ? this.#countOf(full, depth) : undefined;
    if (chosen !== undefined) return chosen;
    if (FUNCTION_LETTER.test(full) && this.inverseMark()) full += "^-1";
    if (this.is("open", "(")) {
      const start = this.at;
      const args = this.#callArguments(depth);
      if (args !== undefined && isApplication(full, args)) return { kind: "fn", name: `'${full}`, args };
      this.at = start;
    }
    if ((full === "e" || full === "i") && !this.#bound.includes(full)) return { kind: "const", name: full };
    return { kind: "sym", name: full };
  }

  /** `C_{10}^{3}`, combinations, and `A_{5}^{2}`, arrangements; the cursor stands at the `^`. */
  #countOf(name: string, depth: number): Node | undefined {
    const start = this.at;
    this.at++;
    const n = BigInt(name.slice(2));
    const k = this.argument(depth);
    if (n > 2n && k?.kind === "num" && k.value.d === 1n && k.value.n >= 0n && k.value.n <= n) {
      const [all, rest] = [numberNode(n), numberNode(n - k.value.n)];
      if (name.startsWith("C")) return { kind: "fn", name: "binom", args: [all, k] };
      return { kind: "div", over: factorial(all), under: factorial(rest) };
    }
    this.at = start;
    return undefined;
  }

  #callArguments(depth: number): Node[] | undefined {
    const start = this.at;
    const args: Node[] = [];
    do {
      this.at++;
      const arg = this.sum(depth + 1);
      if (arg === undefined) break;
      args.push(arg);
    } while (this.is("sep", ","));
    if (args.length > 0 && this.is("close", ")")) {
      this.at++;
      return args;
    }
    this.at = start;
    return undefined;
  }

  /** What follows a command; the cursor stands behind its name. */
  protected command(name: string, depth: number): Node | undefined {
    const constant = CONSTANTS[name];
    if (constant !== undefined) return { kind: "const", name: constant };
    const scale = SCALES.get(name);
    if (scale !== undefined) return numberNode(scale);
    if (name === "frac") return this.#two(depth, (over, under) => ({ kind: "div", over, under }));
    if (name === "binom") return this.#two(depth, (n, k) => ({ kind: "fn", name: "binom", args: [n, k] }));
    if (name === "sqrt" || name === "cbrt") {
      const degree = name === "cbrt" ? numberNode(3n) : this.is("open", "[") ? this.bracketed(depth) : undefined;
      const of = this.is("open", "(") ? this.bracketed(depth) : this.#shortArgument(depth);
      if (of === undefined) return undefined;
      return { kind: "fn", name: "root", args: [of, degree ?? numberNode(2n)] };
    }
    if (ACCENTS.has(name)) {
      const of = this.argument(depth);
      if (of === undefined) return undefined;
      return { kind: "fn", name: BARS.has(name) && isComplex(of) ? "conj" : `'${name}`, args: [of] };
    }
    if (BIG.has(name)) return this.#big(name, depth);
    if (FUNCTIONS.has(name)) return this.#function(ALIASES[name] ?? name, depth);
    if (name === "circ" || name === "ldots") return { kind: "sym", name: `\\${name}` };
    return /^[a-zA-Z]+$/.test(name) ? this.symbol(`\\${name}`, depth) : undefined;
  }

  /** Two arguments; of `\frac12`, single digits. */
  #two(depth: number, make: (a: Node, b: Node) => Node): Node | undefined {
    const digits = this.peek();
    if (digits?.kind === "num" && /^\d{2,}$/.test(digits.text)) {
      this.at++;
      const [a, b] = [BigInt(digits.text[0] ?? "0"), BigInt(digits.text.slice(1))];
      return digits.text.length === 2 ? make(numberNode(a), numberNode(b)) : undefined;
    }
    const a = this.argument(depth);
    const b = a === undefined ? undefined : this.argument(depth);
    return a === undefined || b === undefined ? undefined : make(a, b);
  }

  /** `\sqrt2x` is √2·x. */
  #shortArgument(depth: number): Node | undefined {
    const token = this.peek();
    if (token?.kind === "num" && /^\d+$/.test(token.text) && token.value !== undefined) {
      this.at++;
      return { kind: "num", value: token.value, decimal: false };
    }
    return this.argument(depth);
  }

  #function(name: string, depth: number): Node | undefined {
    let exponent: Node | undefined;
    let base: Node | undefined;
    for (let i = 0; i < 2; i++) {
      if (this.is("op", "^")) {
        this.at++;
        exponent = this.argument(depth);
      } else if (this.is("op", "_")) {
        this.at++;
        base = this.argument(depth);
      }
    }
    const args = this.is("open", "(")
      ? this.#callArguments(depth)
      : one(this.is("open", "{") ? this.bracketed(depth) : this.#implicitArgument(depth));
    if (args === undefined) return undefined;
    const inverse = exponent?.kind === "num" && exponent.value.n === -1n && exponent.value.d === 1n;
    const call: Node = {
      kind: "fn",
      name: inverse ? `arc${name}` : name,
      args: base === undefined ? args : [...args, base],
    };
    return exponent === undefined || inverse ? call : { kind: "pow", base: call, exponent };
  }

  /** `\sin 2x`, `\ln 2`: the factors up to a sign, a slash or the next function. */
  #implicitArgument(depth: number): Node | undefined {
    let result = this.is("op", "-") ? this.signed(depth) : this.power(depth);
    while (result !== undefined && this.startsFactor()) {
      const next = this.peek();
      if (next?.kind === "cmd" && FUNCTIONS.has(next.text) && next.text !== "sqrt") break;
      if (next?.kind === "open") break;
      const factor = this.power(depth);
      result = factor === undefined ? undefined : times(result, factor);
    }
    return result;
  }

  #big(op: string, depth: number): Node | undefined {
    let from: Node | undefined;
    let to: Node | undefined;
    let index = "";
    for (let i = 0; i < 2; i++) {
      if (this.is("op", "_")) {
        this.at++;
        const lower = this.#lowerBound(depth);
        if (lower === undefined) return undefined;
        [index, from] = lower;
      } else if (this.is("op", "^")) {
        this.at++;
        to = this.argument(depth);
        if (to === undefined) return undefined;
      }
    }
    this.#bound.push(index);
    let body = this.product(depth + 1);
    this.#bound.pop();
    if (body === undefined) return undefined;
    if (op === "int" && body.kind === "mul") {
      // The variable of integration: x in x dx.
      const [d, variable] = body.args.slice(-2);
      if (d?.kind === "sym" && d.name === "d" && variable?.kind === "sym") {
        index = variable.name;
        body = { kind: "mul", args: body.args.slice(0, -2) };
      }
    }
    return { kind: "big", op, index, from: from ?? numberNode(0n), to: to ?? numberNode(0n), body };
  }

  /** `{k=1}`, `{x \to 0}`, or a plain bound. */
  #lowerBound(depth: number): [string, Node] | undefined {
    const [open, index, relation] = [this.peek(), this.peek(1), this.peek(2)];
    if (open?.text === "{" && index?.kind === "sym" && relation?.kind === "rel") {
      this.at += 3;
      const from = this.sum(depth + 1);
      if (from === undefined || !this.is("close", "}")) return undefined;
      this.at++;
      return [index.text, from];
    }
    const from = this.argument(depth);
    return from === undefined ? undefined : ["", from];
  }
}

/** `f(x+1)`, `P(0)`, `F(x, y)`, `y(0)`; but `x(y+1)` and `P(1+r)` are products. */
function isApplication(name: string, args: readonly Node[]): boolean {
  if (FUNCTION_LETTER.test(name) || args.length > 1) return true;
  const [arg] = args;
  return arg?.kind === "num" ? CAPITAL.test(name) || arg.value.n === 0n : arg?.kind === "sym" && CAPITAL.test(name);
}

/** Whether a bar over an expression is complex conjugation: over z, and beside i. */
function isComplex(node: Node): boolean {
  let found = false;
  walk(node, (inner) => {
    if (inner.kind === "const" ? inner.name === "i" : inner.kind === "sym" && /^[zw](?:_.*)?$/.test(inner.name))
      found = true;
  });
  return found;
}

function factorial(of: Node): Node {
  return { kind: "fn", name: "factorial", args: [of] };
}

function one(node: Node | undefined): Node[] | undefined {
  return node === undefined ? undefined : [node];
}

/** a * b, flat. */
export function times(a: Node, b: Node): Node {
  return a.kind === "mul" ? { kind: "mul", args: [...a.args, b] } : { kind: "mul", args: [a, b] };
}
