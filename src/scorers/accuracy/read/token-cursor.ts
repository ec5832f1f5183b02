import { divideRationals } from "../values/rational.ts";
import type { Token } from "./token.ts";

/** A place in a list of tokens, and what can be read there without knowing about expressions. */
export class TokenCursor {
  readonly #tokens: readonly Token[];
  protected at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get atEnd(): boolean {
    return this.at === this.#tokens.length;
  }

  /** The `\\circ` after `^`; moves past it. */
  protected degreeSign(): boolean {
    const [a, b, c] = [this.peek(), this.peek(1), this.peek(2)];
    const length = a?.text === "circ" ? 1 : a?.text === "{" && b?.text === "circ" && c?.text === "}" ? 3 : 0;
    this.at += length;
    return length > 0;
  }

  /** The fraction of a mixed number; moves past it. */
  protected plainFraction(): Token["value"] {
    const texts = [0, 1, 2, 3, 4, 5, 6].map((i) => this.peek(i));
    const latex = texts[0]?.text === "frac" && texts[0].kind === "cmd";
    const [over, under, length] = !latex
      ? texts[0]?.kind === "num" && texts[0].spaced && texts[1]?.text === "/" && !texts[1].spaced
        ? [texts[0], texts[2], 3]
        : []
      : texts[1]?.text === "{"
        ? texts[3]?.text === "}" && texts[4]?.text === "{" && texts[6]?.text === "}"
          ? [texts[2], texts[5], 7]
          : []
        : [undefined, undefined, 0];
    if (latex && length === 0) return this.#shortFraction(texts[1]);
    if (over?.value === undefined || under?.value === undefined || length === undefined) return undefined;
    if (over.value.d !== 1n || under.value.d !== 1n || over.decimal === true || under.decimal === true)
      return undefined;
    this.at += length;
    return divideRationals(over.value, under.value);
  }

  /** `\frac12` and `\frac45` take a digit each. */
  #shortFraction(digits: Token | undefined): Token["value"] {
    if (digits?.kind !== "num" || !/^\d\d$/.test(digits.text)) return undefined;
    this.at += 2;
    return divideRationals({ n: BigInt(digits.text[0] ?? "0"), d: 1n }, { n: BigInt(digits.text[1] ?? "1"), d: 1n });
  }

  /** The `^{-1}` of `f^{-1}(x)`. */
  protected inverseMark(): boolean {
    const written = [0, 1, 2, 3, 4, 5].map((i) => this.peek(i)?.text).join("");
    if (written !== "^{-1}(") return false;
    this.at += 5;
    return true;
  }

  /** The tokens of a subscript as they are written, without braces. */
  protected rawArgument(): string {
    const first = this.peek();
    if (first === undefined) return "";
    this.at++;
    if (first.text !== "{") return first.text;
    let text = "";
    let depth = 1;
    for (; !this.atEnd; this.at++) {
      const token = this.peek();
      if (token?.text === "{") depth++;
      if (token?.text === "}" && --depth === 0) break;
      text += token?.text ?? "";
    }
    this.at++;
    return text;
  }

  protected peek(ahead = 0): Token | undefined {
    return this.#tokens[this.at + ahead];
  }

  protected is(kind: Token["kind"], text: string): boolean {
    const token = this.#tokens[this.at];
    return token !== undefined && token.kind === kind && token.text === text;
  }
}
