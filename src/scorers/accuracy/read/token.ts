import type { Rational } from "../values/rational.ts";

/** `num`: a number; `sym`: a letter; `cmd`: a LaTeX command or known word, without backslash; `text`: words; `op`: one sign; `rel`: a relation; `sep`: `,` `;` `and` `or`. */
export interface Token {
  readonly kind:
    | "num"
    | "sym"
    | "cmd"
    | "text"
    | "op"
    | "rel"
    | "sep"
    | "open"
    | "close"
    | "row"
    | "cell"
    | "begin"
    | "end";
  readonly text: string;
  /** The value of a number. */
  readonly value?: Rational | undefined;
  /** A number written with a point: it may have been rounded. */
  readonly decimal?: boolean;
  /** White space stands before it. */
  readonly spaced: boolean;
}
