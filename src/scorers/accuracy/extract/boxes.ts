/** A `\boxed{...}` in a text. */
export interface Box {
  readonly content: string;
  /** Where the backslash stands. */
  readonly start: number;
  /** One past the closing brace. */
  readonly end: number;
}

const BOX_COMMAND = /\\(?:boxed|fbox|framebox)(?![a-zA-Z])\s*(?=(.?))/gs;

/**
 * All `\boxed{...}` and `\fbox{...}` with balanced braces, and `\boxed 5` without braces, outermost only, in order of appearance.
 * A box that never closes is left out: the text was cut there.
 */
export function findBoxes(text: string): Box[] {
  const boxes: Box[] = [];
  let from = 0;
  let unclosed = 0;
  for (const match of text.matchAll(BOX_COMMAND)) {
    const start = match.index;
    if (start < from) continue;
    const open = start + match[0].length;
    if (match[1] === "{") {
      const close = matchingBrace(text, open);
      if (close < 0) {
        if (++unclosed > MAX_UNCLOSED) break;
        continue;
      }
      boxes.push({ content: text.slice(open + 1, close), start, end: close + 1 });
      from = close + 1;
    } else {
      const bare = BARE.exec(text.slice(open, open + 60));
      if (bare === null) continue;
      boxes.push({ content: bare[0], start, end: open + bare[0].length });
      from = open + bare[0].length;
    }
  }
  return boxes;
}

/** A number, or a letter that ends a formula or a sentence: a word behind `\\boxed` speaks of the command. */
const BARE = /^(?:-?\d[\d.,]*\d|-?\d|[a-zA-Z](?=\s*(?:[$\\)}\]*]|[.,;:!?]?\s*(?:\n|$))))/;

const BLANKS = /^(?:\.|…|\\[lc]?dots[cbmo]?|\\cdot|\\square|\\Box|\\quad|[?_□ ]|\\_)*$/;
const WORDS =
  /^(?:(?:the|your|my|final|correct|numerical|numeric|insert|put|write|this|that|for) )*(?:answer|result|solution|value|number|letter|option|choice|expression)(?: (?:here|goes|letter|value|choice|only))*$/i;

/** Whether a box shows how an answer is to be written instead of giving one: nothing, dots, "your answer". */
function isPlaceholder(box: Box): boolean {
  const plain = box.content
    .slice(0, 200)
    .replace(/\\(?:text(?:bf|it|rm)?|mathrm|mathbf)\s*\{([^{}]*)\}/g, "$1")
    .replace(/(?<!\\)[\s$<>[\](){}]+/g, " ")
    .trim();
  return BLANKS.test(plain) || WORDS.test(plain);
}

/** The boxes of a text that hold an answer; where none does, an empty one at its end stands for having given none. */
export function findAnswerBoxes(text: string): Box[] {
  const all = findBoxes(text);
  const filled = all.filter((box) => !isPlaceholder(box));
  const last = all.at(-1);
  if (filled.length > 0 || last === undefined || last.content.trim() !== "") return filled;
  return /\p{L}|\d/u.test(text.slice(last.end)) ? [] : [last];
}

/** Whether a text ends inside of a box: it was cut off there. */
export function endsInBox(text: string): boolean {
  const start = Math.max(text.lastIndexOf("\\boxed"), text.lastIndexOf("\\fbox"));
  const open = start < 0 ? -1 : text.indexOf("{", start);
  if (open < 0 || open > start + 10 || matchingBrace(text, open) >= 0) return false;
  return !text.includes("\n\n", open) && text.length - open < MAX_BOX;
}

/** A text with more boxes that never close is no answer; looking at each of them would take quadratic time. */
const MAX_UNCLOSED = 100;

/** Longest box that is searched for its end: an answer is short, and the search must stay linear in the text. */
const MAX_BOX = 20_000;

/** Where the brace opened at `open` closes, or -1. Escaped braces do not count. */
export function matchingBrace(text: string, open: number): number {
  let depth = 0;
  const limit = Math.min(text.length, open + MAX_BOX);
  for (let i = open; i < limit; i++) {
    const c = text[i];
    if (c === "\\") i++;
    else if (c === "{") depth++;
    else if (c === "}" && --depth === 0) return i;
  }
  return -1;
}
