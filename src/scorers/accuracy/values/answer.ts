import type { Token } from "../read/token.ts";
import type { Node } from "./nodes.ts";

/** What an answer is, once read. `text` is its compact writing: equal texts are equal answers. */
export type Answer =
  | ExpressionAnswer
  | { readonly kind: "words"; readonly text: string }
  /** Several answers in no order: `1, 2`, `1 or 2`, `\{1, 2\}`, `\pm 1`. */
  | {
      readonly kind: "list";
      readonly text: string;
      readonly items: readonly Answer[];
      readonly braces: boolean;
      /** Joined by "and" only: of inequalities, all hold at once. */
      readonly all?: boolean;
    }
  /** A point, a vector, or an interval: which one is not said by its writing. Brackets `:` are those of a ratio. */
  | {
      readonly kind: "tuple";
      readonly text: string;
      readonly items: readonly Answer[];
      readonly open: string;
      readonly close: string;
    }
  | {
      readonly kind: "union";
      readonly text: string;
      readonly items: readonly Answer[];
      readonly operators: readonly string[];
    }
  | Chain
  | { readonly kind: "matrix"; readonly text: string; readonly rows: readonly (readonly Answer[])[] }
  | { readonly kind: "based"; readonly text: string; readonly digits: string; readonly base: string }
  /** Not understood: equal only to the same writing. */
  | { readonly kind: "opaque"; readonly text: string };

export interface ExpressionAnswer {
  readonly kind: "expression";
  readonly text: string;
  readonly node: Node;
  /** The unit as written, or "". */
  readonly unit: string;
  readonly percent: boolean;
  /** The time of day that it may be. */
  readonly clock?: Clock | undefined;
  /** A second reading: `5 m` as five metres instead of five times m. */
  readonly other?: ExpressionAnswer | undefined;
  /** The unit is a letter without a space, `5m`: it is one only where the other side has a unit. */
  readonly glued?: boolean | undefined;
}

/** A time of day. */
export interface Clock {
  readonly hour: number;
  readonly minute: number;
  /** `am` or `pm`, if said. */
  readonly half?: string | undefined;
  /** It is no ratio. */
  readonly certain: boolean;
}

/** Terms with relations between them: `y = 2x`, `1 < x \le 2`. */
export interface Chain {
  readonly kind: "chain";
  readonly text: string;
  readonly terms: readonly Answer[];
  readonly relations: readonly string[];
}

/** Tokens as compact text. Numbers that stand side by side stay apart: "4 2" is not 42. */
export function compactText(tokens: readonly Token[]): string {
  let text = "";
  for (const [i, token] of tokens.entries()) {
    if (token.kind === "num" && tokens[i - 1]?.kind === "num") text += " ";
    if (token.kind === "cmd" || /^[lr](?:floor|ceil)$/.test(token.text)) text += "\\";
    text += token.kind === "text" ? token.text.replace(/\s+/g, " ") : token.text;
  }
  return text;
}
