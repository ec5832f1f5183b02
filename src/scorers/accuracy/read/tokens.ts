import { readLetters, readWords } from "./read-letters.ts";
import { GROUPED_NUMBER, PLAIN_NUMBER, readNumber } from "./read-number.ts";
import type { Token } from "./token.ts";

const RELATIONS: Readonly<Record<string, string>> = {
  le: "<=",
  ge: ">=",
  ne: "!=",
  in: "in",
  approx: "~",
  simeq: "~",
  equiv: "=",
  subset: "subset",
  subseteq: "subset",
  to: "to",
  rightarrow: "to",
  notin: "notin",
  propto: "propto",
  sim: "sim",
  Rightarrow: "=>",
  implies: "=>",
  iff: "=>",
  ll: "<<",
  gg: ">>",
  perp: "perp",
  parallel: "parallel",
  cong: "cong",
};
const JOINING: Readonly<Record<string, string>> = { lor: "or", vee: "or", land: "and", wedge: "and" };
const OPERATORS: Readonly<Record<string, string>> = {
  cdot: "*",
  times: "*",
  ast: "*",
  div: "/",
  pm: "pm",
  mp: "mp",
  cup: "cup",
  cap: "cap",
  bigcup: "cup",
  setminus: "setminus",
  backslash: "setminus",
};

const TEXT =
  /\\(?:text(?:bf|it|rm|normal|tt|sf|sc|up|sl)?|emph|mathrm|mbox|hbox|textnormal)\s*\{((?:[^{}]|\{[^{}]*\})*)\}/y;
const COMMAND = /\\([a-zA-Z]+|.)/sy;
const LETTERS = /[a-zA-Z]+|\p{L}+/uy;

/** Cuts normalised LaTeX into tokens. Never fails: what it does not know becomes an `op` that no expression can contain. */
export function tokenise(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let depth = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    return pattern.exec(text);
  };
  while (at < text.length) {
    const c = text[at] ?? "";
    const spaced = at === 0 || text[at - 1] === " ";
    if (c === " " || c === "\n" || c === "\t") {
      at++;
      continue;
    }
    const push = (kind: Token["kind"], value: string, length: number): void => {
      tokens.push({ kind, text: value, spaced });
      at += length;
    };
    if (/[\d.]/.test(c)) {
      // Inside of brackets a comma separates: (1,234) is a pair.
      const number = take(depth === 0 ? GROUPED_NUMBER : PLAIN_NUMBER);
      if (number !== null) {
        tokens.push({ kind: "num", text: number[0], ...readNumber(number[0]), spaced });
        at += number[0].length;
        continue;
      }
      push("op", c, 1);
    } else if (c === "\\") {
      const worded = take(TEXT);
      if (worded !== null) {
        pushText(tokens, (worded[1] ?? "").replace(/\\[ ,;:!]/g, " "), spaced);
        at += worded[0].length;
        continue;
      }
      const command = take(COMMAND)?.[1] ?? "";
      const length = command.length + 1;
      const environment =
        command === "begin" || command === "end"
          ? /^\s*\{([a-zA-Z]+)\*?\}(?:\s*\{[clr| ]*\})?/.exec(text.slice(at + length, at + length + 60))
          : null;
      if (environment !== null) {
        depth += command === "begin" ? 1 : -1;
        push(command === "begin" ? "begin" : "end", environment[1] ?? "", length + environment[0].length);
      } else if (command === "\\") push("row", "\\\\", length);
      else if (command === "{") push("open", "\\{", length);
      else if (command === "}") push("close", "\\}", length);
      else if (command === "langle") push("open", "(", length);
      else if (command === "rangle") push("close", ")", length);
      else if (command === "lfloor" || command === "lceil") push("open", command, length);
      else if (command === "rfloor" || command === "rceil") push("close", command, length);
      else if (JOINING[command] !== undefined) push("sep", JOINING[command], length);
      else if (RELATIONS[command] !== undefined) push("rel", RELATIONS[command], length);
      else if (OPERATORS[command] !== undefined) push("op", OPERATORS[command], length);
      else push("cmd", command === "infinity" ? "infty" : command, length);
    } else if (/[a-zA-Z]/.test(c) || c > "\u007f") {
      const run = take(LETTERS)?.[0];
      if (run === undefined) push("op", c, 1);
      else {
        tokens.push(...readLetters(run, tokens.at(-1), spaced));
        at += run.length;
      }
    } else if ("({[".includes(c)) push("open", c, 1);
    else if (")}]".includes(c)) push("close", c, 1);
    else if (c === "," || c === ";") push("sep", c, 1);
    else if (c === "&") push("cell", c, 1);
    else {
      const relation = /^(?:<=|>=|!=|==|=|<|>|≡)/.exec(text.slice(at, at + 2))?.[0];
      if (relation !== undefined) push("rel", relation === "==" ? "=" : relation, relation.length);
      else push("op", c, 1);
    }
    const last = tokens.at(-1);
    if (last?.kind === "open") depth++;
    else if (last?.kind === "close") depth--;
  }
  return tokens;
}

/** The words of `\\text{...}`: a separator, a ratio's "to", numbers, or words; words in a row with commas are a list. */
function pushText(tokens: Token[], content: string, spaced: boolean): void {
  const words = content.trim();
  if (words === "") return;
  if (/^[,;]?\s*(?:and|or)$/i.test(words))
    tokens.push({ kind: "sep", text: words.toLowerCase().endsWith("or") ? "or" : "and", spaced });
  else if (/^to$/i.test(words)) tokens.push({ kind: "op", text: ":", spaced });
  else if (/^(?:Re|Im|arg|Arg)$/.test(words)) tokens.push({ kind: "cmd", text: words, spaced });
  else if (/^[eid]$/.test(words)) tokens.push({ kind: "sym", text: words, spaced });
  else if (/^-?\.?\d/.test(words)) for (const token of tokenise(words)) tokens.push(token);
  else if (/^[^,;]+(?:[,;][^,;]+)+$/.test(words)) {
    for (const [i, part] of words.split(/[,;]/).entries()) {
      if (i > 0) tokens.push({ kind: "sep", text: ",", spaced: false });
      pushText(tokens, part, true);
    }
  } else if (/^(?:and|or) | (?:and|or)$/.test(words)) {
    const [first = "", ...rest] = words
      .split(/^(and|or) | (and|or)$/)
      .filter((part) => part !== undefined && part !== "");
    for (const part of [first, ...rest]) pushText(tokens, part, true);
  } else if (/^\w+ (?:and|or) \w+$/.test(words) && tokens.at(-1)?.kind !== "num") {
    const [left = "", word = "", right = ""] = words.split(" ");
    pushText(tokens, left, true);
    tokens.push({ kind: "sep", text: word, spaced: true });
    pushText(tokens, right, true);
  } else tokens.push(...readWords(words, tokens.at(-1), spaced || /^\s/.test(content)));
}
