import { WorkError } from "../../base/errors.ts";

/** The longest tokens of common vocabularies are runs of 128 spaces or 256 equal signs; a whole text of them is none. */
const CHARACTERS_PER_TOKEN = 256;

/** A server may send a token in two pieces where it ends in the middle of a letter, and empty ones before and after. */
const PIECES_PER_TOKEN = 2;
const SPARE_PIECES = 64;

/** What an answer of so many tokens at the most can be: servers that ignore max_tokens would send for ever. */
export class AnswerLimits {
  readonly #maxTokens: number;
  readonly #where: string;
  #pieces = 0;
  #characters = 0;

  /** @param where the address, for the error */
  constructor(maxTokens: number, where: string) {
    this.#maxTokens = maxTokens;
    this.#where = where;
  }

  /** How many characters the whole answer of the server may have around so many of text: JSON, one event a piece. */
  get transferredCharacters(): number {
    return 2 ** 20 + 4 * CHARACTERS_PER_TOKEN * this.#maxTokens;
  }

  /** @throws WorkError if this piece is more than so many tokens can be */
  add(piece: string): void {
    if (piece === "") return;
    this.#pieces++;
    this.#characters += piece.length;
    if (
      this.#characters > CHARACTERS_PER_TOKEN * this.#maxTokens ||
      this.#pieces > PIECES_PER_TOKEN * this.#maxTokens + SPARE_PIECES
    ) {
      throw this.tooLong(`goes on after ${this.#pieces} pieces of text with ${this.#characters} characters`);
    }
  }

  /** The error for an answer that is longer than was asked for. */
  tooLong(what: string): WorkError {
    return new WorkError(`${this.#where} was asked for at most ${this.#maxTokens} tokens and ${what}`, {
      hint: "The server seems to ignore max_tokens; nothing that it answers can be compared.",
    });
  }
}

/** Whether a text can have so many tokens, if at most so many were asked for. Tokens that are not shown are possible. */
export function isPlausibleCount(tokens: number, characters: number, maxTokens: number): boolean {
  // One more: some servers count the end token.
  return tokens <= maxTokens + 1 && characters <= tokens * CHARACTERS_PER_TOKEN;
}

/** Every token of a prompt has a byte, but for a few that a server puts in front. */
export function isPlausiblePrompt(tokens: number, prompt: string): boolean {
  return tokens <= Buffer.byteLength(prompt) + SPARE_TOKENS;
}

const SPARE_TOKENS = 16;
