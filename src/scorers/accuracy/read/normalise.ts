import { matchingBrace } from "../extract/boxes.ts";
import { withoutEmphasis } from "./notation/emphasis.ts";
import { withoutUnicode } from "./notation/unicode.ts";

/** Rewrites an answer into plain LaTeX: no Unicode mathematics, no delimiters, no commands that only change how it looks. */
export function normalise(raw: string): string {
  let text = withoutEmphasis(withoutQuotes(withOuterBrackets(raw.trim())));
  // The whole of it is one number in groups of three digits.
  if (/^\$?\s*\d{1,3}(?: \d{3})+\s*\$?$/.test(text)) text = text.replaceAll(" ", "");
  // Formulas in lines of their own are a list.
  text = text.replace(/\$\s*\n\s*\$/g, "$, $");
  // JSON escaped twice; inside of matrices `\\` ends a row.
  if (!text.includes("\\begin")) text = text.replace(/\\\\(?=[a-zA-Z({[\])}])/g, "\\");
  if (/[²³]/.test(text)) text = text.replace(/(?<=\d)m(?=[²³](?![\p{L}\d]))/gu, " m");
  text = withoutTags(unbox(stripDelimiters(withoutUnicode(text))));
  if (text.includes("\\")) text = withoutLayout(text);
  if (/[a-zA-Z]{3}/.test(text)) text = withoutPhrases(text);
  return joinThousands(text)
    .replace(/\.{3,}/g, "\\ldots ")
    .replace(/\p{Sc}|~/gu, " ")
    .replace(/\bRs\.?\s*(?=\d)/g, "")
    .replace(/([)\]])\s*U\s*([([])/g, "$1\\cup $2")
    .replace(/\(\s*mod\s+(\w+)\s*\)|(?<![a-zA-Z\\])mod\s+(\w+)/g, " \\text{ mod$1$2}")
    .replace(/(?<![a-zA-Z])([ap])\.\s?m\.?(?![a-zA-Z])/gi, "$1m")
    .replace(/(?<!\\[a-zA-Z]{1,20})\{([:;,.=<>])\}/g, "$1")
    .replaceAll("**", "^")
    .replace(/(?<=\d)\s*[xX]\s*(?=\d)/g, "\\times ")
    .replace(/\s+/g, " ")
    .trim()
    .replace(/(?:\\\\|(?<!\\)\\|[.,;:。?])+$/, "")
    .trim();
}

/** Words that add nothing to a number or a list: `USD 5`, `the set`, `either 1 or 2`, `8 o'clock`. */
function withoutPhrases(text: string): string {
  return text
    .replace(/\b(?:USD|EUR|GBP)\s*(?=\d)/g, "")
    .replace(/\\text\s*\{\s*:\s*\}/g, ":")
    .replace(/(:\d\d)?\s*(?:\\text\s*\{\s*)?o'clock(?:\s*\})?/gi, (_all, minutes?: string) => minutes ?? ":00")
    .replace(/^\s*(\\text(?:bf|it|rm)?\s*\{\s*)?(?:an?|the)\s+(?=[a-z]{4})/i, "$1")
    .replace(/^\s*(\\text(?:bf|it|rm)?\s*\{\s*)?(?:either|both)\s+(?=\S.*\b(?:or|and)\b)/i, "$1");
}

/** HTML around words: `<b>7</b>`. */
function withoutTags(text: string): string {
  return /<\/[a-z]{1,9}>/.test(text) ? text.replace(/<\/?[a-z]{1,9}>/g, " ") : text;
}

/** Marks of quotation and of Markdown around the whole. */
function withoutQuotes(text: string): string {
  const inner = /^(\*\*|__|["'`*])(.+)\1$/s.exec(text)?.[2] ?? /^[“‘「](.+)[”’」]$/s.exec(text)?.[1];
  return inner === undefined || /^["'`*]|["'`*]$/.test(inner) ? (inner ?? text) : withoutQuotes(inner.trim());
}

/** Intervals with open ends as `]0, 1[`: a text that begins or ends with the wrong bracket is read so. */
function withOuterBrackets(text: string): string {
  if (!/^\$?\s*\]|\[\s*\$?$/.test(text) || text.length > 500) return text;
  return text.replace(
    /([[\]])([^[\]]*[,;][^[\]]*)([[\]])/g,
    (_all, open: string, ends: string, close: string) =>
      `${open === "]" ? "(" : "["}${ends}${close === "[" ? ")" : "]"}`,
  );
}

function stripDelimiters(text: string): string {
  return text
    .replace(/^\s*(?:\\\[|\\\()(.*?)(?:\\\]|\\\))\s*[.,]?\s*$/s, "$1")
    .replace(/\\[()]/g, " ")
    .replace(/\\\$/g, " ")
    .replace(/^\\\[|\\\]$/g, " ");
}

function unbox(text: string): string {
  let result = text;
  for (let times = 0; times < 20; times++) {
    const at = /\\(?:boxed|fbox|framebox)\s*\{/.exec(result);
    if (at === null) return result;
    const open = at.index + at[0].length - 1;
    const close = matchingBrace(result, open);
    result =
      result.slice(0, at.index) +
      (close < 0 ? result.slice(open + 1) : `${result.slice(open + 1, close)} ${result.slice(close + 1)}`);
  }
  return result;
}

/** Commands that change how an answer looks: sizes, fonts, accents of vectors, spaces. */
const LAYOUT =
  /(?<!\\)\\(?:left|right|middle|[bB]igg?[lrm]?|displaystyle|textstyle|scriptstyle|limits|nolimits|hfill|noindent|nonumber|notag|tiny|small|normalsize|large|Large|LARGE|huge|Huge|bf|rm|it|sf|tt|cal|bm|boldsymbol|math(?:bf|it|cal|sf|tt|frak|scr|normal|strut)|ensuremath|vec|overrightarrow|hat|widehat|tilde|underline|thinspace|medspace|thickspace|enspace|mbox\{\})(?![a-zA-Z])|(?<!\\)\\[,!;:> ]/g;

/** Other spellings of commands, in the order of their rewriting. */
const REWRITES: readonly (readonly [RegExp, string])[] = [
  [/\\(?:left|right)\s*\./g, " "],
  [/\\(?:[hv]?phantom|hspace|vspace|hskip|label|tag)\*?\s*\{[^{}]*\}/g, " "],
  [/\\(?:text|f)?color(?:box\s*(?:\{[^{}]*\}(?=\s*\{[^{}]*\}\s*\{))?)?\s*\{[^{}]*\}/g, " "],
  [/\\left\s*\\\{\s*\\begin\s*\{(?:array|aligned|matrix)\}(?:\s*\{[^{}]*\})?/g, "\\begin{cases}"],
  [/\\end\s*\{(?:array|aligned|matrix)\}\s*\\right\s*\./g, "\\end{cases}"],
  [/\\n(?![a-zA-Z])/g, " "],
  [/\\(?:begin|end)\s*\{(?:align|aligned|equation|gather|gathered|split|center)\*?\}/g, " "],
];
const SPELLINGS: readonly (readonly [RegExp, string])[] = [
  [/\\(?:d|t|c|x|s|nice)frac(?![a-zA-Z])/g, "\\frac"],
  [/\\(?:dbinom|tbinom)/g, "\\binom"],
  [/\\operatorname\*?\s*\{([^{}]*)\}/g, "\\$1 "],
  [/\\(?:lt|textless)(?![a-zA-Z])/g, "<"],
  [/\\(?:gt|textgreater)(?![a-zA-Z])/g, ">"],
  [/\\(?:leqslant|leq|leqq)(?![a-zA-Z])/g, "\\le "],
  [/\\(?:geqslant|geq|geqq)(?![a-zA-Z])/g, "\\ge "],
  [/\\(?:neq|not\s*=)(?![a-zA-Z])/g, "\\ne "],
  [/\\lbrace(?![a-zA-Z])/g, "\\{"],
  [/\\rbrace(?![a-zA-Z])/g, "\\}"],
  [/\\lbrack(?![a-zA-Z])/g, "["],
  [/\\rbrack(?![a-zA-Z])/g, "]"],
  [/\\(?:degree|textdegree)(?![a-zA-Z])/g, "^\\circ "],
  [/\\(?:mid|vert|lvert|rvert)(?![a-zA-Z])/g, "|"],
  [/\^\s*\{?\s*\\text\s*\{(?:st|nd|rd|th)\}\s*\}?/g, " "],
  [/\^\s*(?:\\prime(?![a-zA-Z])|\{\s*\\prime\s*\})/g, "'"],
  [/\^\s*\{\s*((?:\\prime\s*){2,3})\}/g, "''"],
  [/\\mathbb\s*\{?\s*([A-Z])\s*\}?/g, "\\$1 "],
  [/\\(?:pmod|bmod|mod)\s*\{?\s*(\w+)\s*\}?/g, " \\text{ mod$1}"],
  [/\\(?:cdots|dots|dotsc|dotsb|dotsm|dotso)(?![a-zA-Z])/g, "\\ldots "],
  [/\\%|\\percent(?![a-zA-Z])/g, "%"],
  [/\\varnothing/g, "\\emptyset "],
  [/\\var(epsilon|theta|phi|rho|sigma|kappa)(?![a-zA-Z])/g, "\\$1 "],
  [/\\surd(?![a-zA-Z])/g, "\\sqrt "],
  [/\\colon(?![a-zA-Z])/g, ":"],
  [/\{\s*([a-zA-Z])\s*\}(?=\s*_)/g, "$1"],
];

function withoutLayout(text: string): string {
  const plain = rewrite(withoutQuads(joinThousands(text)), REWRITES).replace(LAYOUT, (command) =>
    /^\\[a-zA-Z!]/.test(command) ? "" : " ",
  );
  return rewrite(plain, SPELLINGS);
}

/** Wide spaces; one between two statements is a comma. */
function withoutQuads(text: string): string {
  const relation = /[=<>]|\\(?:le|ge|ne|equiv)/;
  return text.replace(/\\q?quad(?![a-zA-Z])/g, (quad, at: number) => {
    const [before, after] = [text.slice(0, at), text.slice(at + quad.length)];
    const joined =
      /(?:[,;]|\band|\bor)\s*\}?\s*$/.test(before) ||
      /^\s*(?:[,;]|\\q?quad|(?:\\text\s*\{\s*)?(?:and|or)\b)/.test(after);
    return !joined && relation.test(before) && relation.test(after) ? ", " : " ";
  });
}

function rewrite(text: string, rules: readonly (readonly [RegExp, string])[]): string {
  return rules.reduce((result, [pattern, replacement]) => result.replace(pattern, replacement), text);
}

/** Thousands separators that can be nothing else: `{,}`, `,\!`, `\,` and `\!` between groups of three digits. */
function joinThousands(text: string): string {
  if (!/\d(?:\{,\}|,\s*\\!|\\[,!;: ])/.test(text)) return text;
  return text.replace(/(?<![\d.])[1-9]\d{0,2}(?:(?:\{,\}|,\s*\\!|\\[,!;: ]|,)\s*\d{3})+(?!\d)/g, (run) =>
    run.replace(/[^\d]/g, ""),
  );
}
