/** An answer found in a text. */
export interface Extraction {
  readonly answer: string | null;
  /** `boxed`, `answer-tag`, `answer-phrase`, `choice`, `hashes`, `truncated` (the text ends inside of a box), `last-math`, `last-number`, `last-words` or `none`. */
  readonly path: string;
}
