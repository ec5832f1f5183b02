import type { Budget } from "./budget.ts";
import { type Node, numberNode } from "./nodes.ts";
import { addRationals } from "./rational.ts";
import { TokenCursor } from "./token-cursor.ts";
import type { Token } from "./tokens.ts";

const MAX_DEPTH = 64;
const FUNCTIONS: ReadonlySet<string> = new Set(
  "sin cos tan cot sec csc sinh cosh tanh coth arcsin arccos arctan asin acos atan arccot log ln lg exp det arg Re Im gcd lcm max min sgn deg dim ker Arg sqrt abs".split(
    " ",
  ),
);
const BIG: ReadonlySet<string> = new Set(["sum", "prod", "int", "lim", "oint", "iint", "bigcap", "coprod"]);
/** Letters that name functions when a bracket follows at once; capitals do before plain arguments, others before numbers only. */
const FUNCTION_LETTER = /^\\?(?:[fghFG]|phi|psi|Phi|Psi)(?:_.*|'*)?(?:\^-1)?$/;
const CAPITAL = /^[A-Z](?:_.*|'*)?$/;
const GREEK_CONSTANT: Readonly<Record<string, "pi" | "infty">> = { pi: "pi", infty: "infty" };
const CLOSER: Readonly<Record<string, string>> = {
  "(": ")",
  "[": "]",
  "{": "}",
  "\\{": "\\}",
  lfloor: "rfloor",
  lceil: "rceil",
};

/** Parses tokens as one expression, or says undefined if they are none. `\pm` must have been expanded before. */
export function parseExpression(tokens: readonly Token[], budget: Budget): Node | undefined {
  if (tokens.length === 0) return undefined;
  const parser = new ExpressionParser(tokens, budget);
  const node = parser.sum(0);
  return node !== undefined && parser.atEnd ? node : undefined;
}

/** Recursive descent; every method returns undefined if it cannot go on, and the whole is undefined then. */
class ExpressionParser extends TokenCursor {
  readonly #budget: Budget;
  #bars = 0;

  constructor(tokens: readonly Token[], budget: Budget) {
    super(tokens);
    this.#budget = budget;
  }

  sum(depth: number): Node | undefined {
    if (depth > MAX_DEPTH) return undefined;
    const args: Node[] = [];
    for (;;) {
      let negative = false;
      let signs = 0;
      while (this.is("op", "-") || this.is("op", "+")) {
        if (this.peek()?.text === "-") negative = !negative;
        this.at++;
        signs++;
      }
      if (args.length > 0 && signs === 0) break;
      const term = this.#product(depth + 1);
      if (term === undefined) return undefined;
      args.push(negative ? negate(term) : term);
      if (!(this.is("op", "-") || this.is("op", "+"))) break;
    }
    const [only] = args;
    return args.length === 1 ? only : { kind: "add", args };
  }

  #product(depth: number): Node | undefined {
    let result = this.#power(depth);
    while (result !== undefined) {
      this.#budget.spend();
      if (this.is("op", "*")) {
        this.at++;
        const factor = this.#signed(depth);
        result = factor === undefined ? undefined : times(result, factor);
      } else if (this.is("op", "/") || this.is("op", ":")) {
        this.at++;
        const under = this.#signed(depth);
        result = under === undefined ? undefined : { kind: "div", over: result, under };
      } else if (this.#startsFactor()) {
        const factor = this.#power(depth);
        result = factor === undefined ? undefined : times(result, factor);
      } else break;
    }
    return result;
  }

  #signed(depth: number): Node | undefined {
    if (!this.is("op", "-")) {
      if (this.is("op", "+")) this.at++;
      return this.#power(depth);
    }
    this.at++;
    const of = this.#power(depth);
    return of === undefined ? undefined : negate(of);
  }

  #power(depth: number): Node | undefined {
    let base = this.#atom(depth + 1);
    while (base !== undefined) {
      this.#budget.spend();
      if (this.is("op", "!")) {
        this.at++;
        base = { kind: "fn", name: "factorial", args: [base] };
      } else if (this.is("op", "%")) {
        this.at++;
        base = { kind: "div", over: base, under: numberNode(100n) };
      } else if (this.is("op", "^")) {
        this.at++;
        if (this.degreeSign()) {
          base = { kind: "div", over: times(base, { kind: "const", name: "pi" }), under: numberNode(180n) };
          continue;
        }
        const exponent = this.#argument(depth);
        if (exponent === undefined) return undefined;
        // 2^3^2 is 2^(3^2)
        base = { kind: "pow", base, exponent: this.is("op", "^") ? this.#tower(exponent, depth) : exponent };
      } else break;
    }
    return base;
  }

  #tower(base: Node, depth: number): Node {
    this.at++;
    const exponent = depth > MAX_DEPTH ? undefined : this.#argument(depth + 1);
    if (exponent === undefined) return base;
    return { kind: "pow", base, exponent: this.is("op", "^") ? this.#tower(exponent, depth + 1) : exponent };
  }

  /** What `^`, `_` and commands take: a group, a signed number, or a single token (of `\frac12`, single digits). */
  #argument(depth: number): Node | undefined {
    if (this.is("open", "{")) return this.#bracketed(depth);
    if (this.is("op", "-")) {
      this.at++;
      const of = this.#argument(depth + 1);
      return of === undefined || depth > MAX_DEPTH ? undefined : negate(of);
    }
    return this.#atom(depth + 1);
  }

  #bracketed(depth: number): Node | undefined {
    const open = this.peek();
    if (open === undefined || depth > MAX_DEPTH) return undefined;
    const close = CLOSER[open.text];
    this.at++;
    const inner = this.sum(depth + 1);
    if (inner === undefined || !this.is("close", close ?? "")) return undefined;
    this.at++;
    return inner;
  }

  #atom(depth: number): Node | undefined {
    const token = this.peek();
    if (token === undefined || depth > MAX_DEPTH) return undefined;
    this.#budget.spend();
    switch (token.kind) {
      case "num":
        return this.#number(token);
      case "sym":
        this.at++;
        return this.#symbol(token.text, depth);
      case "text":
        this.at++;
        return this.#symbol(`\\${token.text.toLowerCase()}`, depth);
      case "open": {
        if (token.text === "lfloor" || token.text === "lceil") {
          const of = this.#bracketed(depth);
          return of === undefined
            ? undefined
            : { kind: "fn", name: token.text === "lfloor" ? "floor" : "ceil", args: [of] };
        }
        return this.#bracketed(depth);
      }
      case "op":
        return token.text === "|" ? this.#absolute(depth) : undefined;
      case "cmd":
        this.at++;
        return this.#command(token.text, depth);
      default:
        return undefined;
    }
  }

  /** A number, with the fraction of a mixed number after it: `3\frac{1}{2}`, `3 1/2`. */
  #number(token: Token): Node | undefined {
    this.at++;
    if (token.value === undefined) return undefined;
    const whole: Node = { kind: "num", value: token.value, decimal: token.decimal === true };
    if (token.decimal === true || token.value.d !== 1n) return whole;
    const fraction = this.plainFraction();
    if (fraction === undefined) return whole;
    const sum = addRationals(token.value, fraction);
    return sum === undefined ? undefined : { kind: "num", value: sum, decimal: false };
  }

  #symbol(name: string, depth: number): Node | undefined {
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
    if (FUNCTION_LETTER.test(full) && this.inverseMark()) full += "^-1";
    if (this.is("open", "(")) {
      const start = this.at;
      const args = this.#callArguments(depth);
      if (args !== undefined && isApplication(full, args)) return { kind: "fn", name: `'${full}`, args };
      this.at = start;
    }
    if (full === "e") return { kind: "const", name: "e" };
    if (full === "i") return { kind: "const", name: "i" };
    return { kind: "sym", name: full };
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

  #absolute(depth: number): Node | undefined {
    this.at++;
    this.#bars++;
    const of = this.sum(depth + 1);
    this.#bars--;
    if (of === undefined || !this.is("op", "|")) return undefined;
    this.at++;
    return { kind: "fn", name: "abs", args: [of] };
  }

  #command(name: string, depth: number): Node | undefined {
    const constant = GREEK_CONSTANT[name];
    if (constant !== undefined) return { kind: "const", name: constant };
    if (name === "frac") return this.#two(depth, (over, under) => ({ kind: "div", over, under }));
    if (name === "binom" || name === "choose")
      return this.#two(depth, (n, k) => ({ kind: "fn", name: "binom", args: [n, k] }));
    if (name === "sqrt") {
      const degree = this.is("open", "[") ? this.#bracketed(depth) : undefined;
      const of = this.is("open", "(") ? this.#bracketed(depth) : this.#shortArgument(depth);
      if (of === undefined) return undefined;
      return { kind: "fn", name: "root", args: [of, degree ?? numberNode(2n)] };
    }
    if (name === "overline" || name === "bar" || name === "dot" || name === "ddot") {
      const of = this.#argument(depth);
      return of === undefined ? undefined : { kind: "fn", name: `'${name}`, args: [of] };
    }
    if (BIG.has(name)) return this.#big(name, depth);
    if (FUNCTIONS.has(name)) return this.#function(name, depth);
    if (name === "circ" || name === "ldots" || name === "cdots" || name === "dots")
      return { kind: "sym", name: `\\${name}` };
    if (/^[a-zA-Z]+$/.test(name)) return this.#symbol(`\\${name}`, depth);
    return undefined;
  }

  #two(depth: number, make: (a: Node, b: Node) => Node): Node | undefined {
    const digits = this.peek();
    if (digits?.kind === "num" && /^\d{2,}$/.test(digits.text)) {
      this.at++;
      const [a, b] = [BigInt(digits.text[0] ?? "0"), BigInt(digits.text.slice(1))];
      return digits.text.length === 2 ? make(numberNode(a), numberNode(b)) : undefined;
    }
    const a = this.#argument(depth);
    const b = a === undefined ? undefined : this.#argument(depth);
    return a === undefined || b === undefined ? undefined : make(a, b);
  }

  /** `\sqrt2x` is √2·x. */
  #shortArgument(depth: number): Node | undefined {
    const token = this.peek();
    if (token?.kind === "num" && /^\d+$/.test(token.text) && token.value !== undefined) {
      this.at++;
      return { kind: "num", value: token.value, decimal: false };
    }
    return this.#argument(depth);
  }

  #function(name: string, depth: number): Node | undefined {
    let exponent: Node | undefined;
    let base: Node | undefined;
    for (let i = 0; i < 2; i++) {
      if (this.is("op", "^")) {
        this.at++;
        exponent = this.#argument(depth);
      } else if (this.is("op", "_")) {
        this.at++;
        base = this.#argument(depth);
      }
    }
    const args = this.is("open", "(")
      ? this.#callArguments(depth)
      : this.is("open", "{")
        ? one(this.#bracketed(depth))
        : one(this.#implicitArgument(depth));
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
    let result = this.is("op", "-") ? this.#signed(depth) : this.#power(depth);
    while (result !== undefined && this.#startsFactor()) {
      const next = this.peek();
      if (next?.kind === "cmd" && FUNCTIONS.has(next.text) && next.text !== "sqrt") break;
      if (next?.kind === "open") break;
      const factor = this.#power(depth);
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
        to = this.#argument(depth);
        if (to === undefined) return undefined;
      }
    }
    let body = this.#product(depth + 1);
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
    const from = this.#argument(depth);
    return from === undefined ? undefined : ["", from];
  }

  #startsFactor(): boolean {
    const token = this.peek();
    if (token === undefined) return false;
    if (token.kind === "op") return token.text === "|" && this.#bars === 0;
    if (token.kind === "num") {
      // "4 2" is no product.
      const before = this.peek(-1);
      return before?.kind !== "num";
    }
    return token.kind === "sym" || token.kind === "text" || token.kind === "cmd" || token.kind === "open";
  }
}

/** `f(x+1)`, `P(0)`, `F(x, y)`, `y(0)`; but `x(y+1)` and `P(1+r)` are products. */
function isApplication(name: string, args: readonly Node[]): boolean {
  if (FUNCTION_LETTER.test(name) || args.length > 1) return true;
  const [arg] = args;
  return arg?.kind === "num" ? CAPITAL.test(name) || arg.value.n === 0n : arg?.kind === "sym" && CAPITAL.test(name);
}

function one(node: Node | undefined): Node[] | undefined {
  return node === undefined ? undefined : [node];
}

function negate(node: Node): Node {
  return node.kind === "num"
    ? { kind: "num", value: { n: -node.value.n, d: node.value.d }, decimal: node.decimal }
    : { kind: "neg", of: node };
}

function times(a: Node, b: Node): Node {
  return a.kind === "mul" ? { kind: "mul", args: [...a.args, b] } : { kind: "mul", args: [a, b] };
}
