import type { TokenTexts } from "./token-texts.ts";

const THINK_START = "<think>";
const THINK_END = "</think>";

/** Longest run of tokens that is waited for until its bytes make whole characters: UTF-8 has at most 4 bytes a character. */
const MAX_PARTIAL_TOKENS = 4;

/**
 * The text of a completion as it grows: finds stop strings and the end of thinking token by token, at a cost that does not
 * grow with the text. The text that is handed out in the end is detokenised as a whole.
 */
export class GeneratedText {
  readonly tokens: number[] = [];
  /** Tokens up to and with the one that completed the first `</think>`, or null. */
  thinkingTokens: number | null = null;
  readonly #texts: TokenTexts;
  readonly #stop: readonly string[];
  /** Enough of the end of the text for any mark that may still be completed by the next token. */
  #tail = "";
  readonly #tailLength: number;
  #partial: number[] = [];
  /** Whether a stop string is in the text. */
  stopped = false;
  /** Tokens up to and with the one that completed the first `<think>`. */
  #openedAt: number | undefined;

  constructor(texts: TokenTexts, stop: readonly string[]) {
    this.#texts = texts;
    this.#stop = stop.filter((text) => text !== "");
    this.#tailLength = Math.max(THINK_END.length, ...this.#stop.map((text) => text.length)) - 1;
  }

  /** Adds a token; true if a stop string is now in the text. */
  push(token: number): boolean {
    this.tokens.push(token);
    const piece = this.#partial.length === 0 ? this.#texts.of(token) : this.#texts.join([...this.#partial, token]);
    if (piece.endsWith("\ufffd") && this.#partial.length + 1 < MAX_PARTIAL_TOKENS) {
      this.#partial.push(token);
      return false;
    }
    if (this.#partial.length > 0) this.#partial = [];

    const recent = this.#tail + piece;
    this.#tail = this.#tailLength === 0 ? "" : recent.slice(-this.#tailLength);
    if (this.#openedAt === undefined && recent.includes(THINK_START)) this.#openedAt = this.tokens.length;
    if (this.thinkingTokens === null && recent.includes(THINK_END)) this.thinkingTokens = this.tokens.length;
    this.stopped ||= this.#stop.some((text) => recent.includes(text));
    return this.stopped;
  }

  /** Tokens since a `<think>` was opened, in this text or at the end of the prompt; undefined if none is open. */
  tokensOfThinking(prompt: string): number | undefined {
    if (this.thinkingTokens !== null) return undefined;
    if (prompt.trimEnd().endsWith(THINK_START)) return this.tokens.length;
    return this.#openedAt === undefined ? undefined : this.tokens.length - this.#openedAt;
  }

  /** The whole text, cut before the first stop string. */
  text(): string {
    const whole = this.#texts.join(this.tokens);
    if (!this.stopped) return whole;
    const places = this.#stop.map((text) => whole.indexOf(text)).filter((place) => place >= 0);
    return whole.slice(0, Math.min(whole.length, ...places));
  }
}
