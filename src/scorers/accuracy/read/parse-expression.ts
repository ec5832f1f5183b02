import type { Budget } from "../values/budget.ts";
import { type Node, numberNode } from "../values/nodes.ts";
import { addRationals } from "../values/rational.ts";
import { CommandGrammar, times } from "./parse-command.ts";
import type { Token } from "./token.ts";

const MAX_DEPTH = 64;
const CLOSER: Readonly<Record<string, string>> = {
  "(": ")",
  "[": "]",
  "{": "}",
  "\\{": "\\}",
  lfloor: "rfloor",
  lceil: "rceil",
};
/** Commands that stand between their arguments: `{n \choose k}`. */
const INFIX: Readonly<Record<string, (a: Node, b: Node) => Node>> = {
  over: (over, under) => ({ kind: "div", over, under }),
  choose: (n, k) => ({ kind: "fn", name: "binom", args: [n, k] }),
};

/** Parses tokens as one expression, or says undefined if they are none. `\pm` must have been expanded before. */
export function parseExpression(tokens: readonly Token[], budget: Budget): Node | undefined {
  if (tokens.length === 0) return undefined;
  const parser = new ExpressionParser(tokens, budget);
  const node = parser.sum(0);
  return node !== undefined && parser.atEnd ? node : undefined;
}

/** Recursive descent; every method returns undefined if it cannot go on, and the whole is undefined then. */
class ExpressionParser extends CommandGrammar {
  readonly #budget: Budget;
  #bars = 0;

  constructor(tokens: readonly Token[], budget: Budget) {
    super(tokens);
    this.#budget = budget;
  }

  override sum(depth: number): Node | undefined {
    const left = depth > MAX_DEPTH ? undefined : this.#terms(depth);
    const token = this.peek();
    const make = token?.kind === "cmd" ? INFIX[token.text] : undefined;
    if (left === undefined || make === undefined) return left;
    this.at++;
    const right = this.#terms(depth);
    return right === undefined ? undefined : make(left, right);
  }

  #terms(depth: number): Node | undefined {
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
      const term = this.product(depth + 1);
      if (term === undefined) return undefined;
      args.push(negative ? negate(term) : term);
      if (!(this.is("op", "-") || this.is("op", "+"))) break;
    }
    const [only] = args;
    return args.length === 1 ? only : { kind: "add", args };
  }

  protected override product(depth: number): Node | undefined {
    let result = this.power(depth);
    while (result !== undefined) {
      this.#budget.spend();
      if (this.is("op", "*")) {
        this.at++;
        const factor = this.signed(depth);
        result = factor === undefined ? undefined : times(result, factor);
      } else if (this.is("op", "/") || this.is("op", ":")) {
        this.at++;
        const under = this.signed(depth);
        result = under === undefined ? undefined : { kind: "div", over: result, under };
      } else if (this.startsFactor()) {
        const factor = this.power(depth);
        result = factor === undefined ? undefined : times(result, factor);
      } else break;
    }
    return result;
  }

  protected override signed(depth: number): Node | undefined {
    if (!this.is("op", "-")) {
      if (this.is("op", "+")) this.at++;
      return this.power(depth);
    }
    this.at++;
    const of = this.power(depth);
    return of === undefined ? undefined : negate(of);
  }

  protected override power(depth: number): Node | undefined {
    let base = this.#atom(depth + 1);
    while (base !== undefined) {
      this.#budget.spend();
      if (this.is("op", "!")) {
        this.at++;
        const double = this.is("op", "!");
        if (double) this.at++;
        base = { kind: "fn", name: double ? "doublefactorial" : "factorial", args: [base] };
      } else if (this.is("op", "%")) {
        this.at++;
        base = { kind: "div", over: base, under: numberNode(100n) };
      } else if (this.is("op", "^")) {
        this.at++;
        if (this.degreeSign()) {
          base = { kind: "div", over: times(base, { kind: "const", name: "pi" }), under: numberNode(180n) };
          continue;
        }
        const exponent = this.argument(depth);
        if (exponent === undefined) return undefined;
        // 2^3^2 is 2^(3^2)
        base = { kind: "pow", base, exponent: this.is("op", "^") ? this.#tower(exponent, depth) : exponent };
      } else break;
    }
    return base;
  }

  #tower(base: Node, depth: number): Node {
    this.at++;
    const exponent = depth > MAX_DEPTH ? undefined : this.argument(depth + 1);
    if (exponent === undefined) return base;
    return { kind: "pow", base, exponent: this.is("op", "^") ? this.#tower(exponent, depth + 1) : exponent };
  }

  protected override argument(depth: number): Node | undefined {
    if (this.is("open", "{")) return this.bracketed(depth);
    if (this.is("op", "-")) {
      this.at++;
      const of = this.argument(depth + 1);
      return of === undefined || depth > MAX_DEPTH ? undefined : negate(of);
    }
    return this.#atom(depth + 1);
  }

  protected override bracketed(depth: number): Node | undefined {
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
        return this.symbol(token.text, depth);
      case "text":
        this.at++;
        return this.symbol(`\\${token.text.toLowerCase()}`, depth);
      case "open": {
        if (token.text !== "lfloor" && token.text !== "lceil") return this.bracketed(depth);
        const of = this.bracketed(depth);
        return of === undefined
          ? undefined
          : { kind: "fn", name: token.text === "lfloor" ? "floor" : "ceil", args: [of] };
      }
      case "op":
        return token.text === "|" ? this.#absolute(depth) : undefined;
      case "cmd":
        this.at++;
        return this.command(token.text, depth);
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

  #absolute(depth: number): Node | undefined {
    this.at++;
    this.#bars++;
    const of = this.sum(depth + 1);
    this.#bars--;
    if (of === undefined || !this.is("op", "|")) return undefined;
    this.at++;
    return { kind: "fn", name: "abs", args: [of] };
  }

  /** Whether a factor follows without a sign between: not in "4 2", "5%2" and `n \choose k`. */
  protected override startsFactor(): boolean {
    const [token, before] = [this.peek(), this.peek(-1)];
    if (token === undefined || before?.text === "%") return false;
    if (token.kind === "op") return token.text === "|" && this.#bars === 0;
    if (token.kind === "num") return before?.kind !== "num";
    if (token.kind === "cmd") return INFIX[token.text] === undefined;
    return token.kind === "sym" || token.kind === "text" || token.kind === "open";
  }
}

function negate(node: Node): Node {
  return node.kind === "num"
    ? { kind: "num", value: { n: -node.value.n, d: node.value.d }, decimal: node.decimal }
    : { kind: "neg", of: node };
}
