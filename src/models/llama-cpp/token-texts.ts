/** What a vocabulary tells of tokens. Bytes that are no whole character yet come out as U+FFFD. */
export interface TokenVocabulary {
  detokenize(tokens: Uint32Array, specialTokens: boolean): string;
  isEogToken(token: number): boolean;
}

/** The texts of a model's tokens, each asked for once: a call of the native code takes longer than all else there is to a token. */
export class TokenTexts {
  readonly #vocabulary: TokenVocabulary;
  readonly #texts: string[] = [];
  readonly #ends: boolean[] = [];

  constructor(vocabulary: TokenVocabulary) {
    this.#vocabulary = vocabulary;
  }

  /** The text of a token that stands alone. */
  of(token: number): string {
    return (this.#texts[token] ??= this.join([token]));
  }

  /** The text of tokens in a row. */
  join(tokens: readonly number[]): string {
    return this.#vocabulary.detokenize(Uint32Array.from(tokens), false);
  }

  /** Whether a generation ends with the token. */
  isEnd(token: number): boolean {
    return (this.#ends[token] ??= this.#vocabulary.isEogToken(token));
  }
}
