import { matchingBrace } from "./boxes.ts";

/** Single characters with a LaTeX spelling. */
const UNICODE: Readonly<Record<string, string>> = {
  "−": "-",
  "–": "-",
  "—": "-",
  "‐": "-",
  "×": "\\times ",
  "·": "\\cdot ",
  "⋅": "\\cdot ",
  "∙": "\\cdot ",
  "÷": "\\div ",
  π: "\\pi ",
  "∞": "\\infty ",
  "≤": "\\le ",
  "⩽": "\\le ",
  "≥": "\\ge ",
  "⩾": "\\ge ",
  "≠": "\\ne ",
  "≈": "\\approx ",
  "∪": "\\cup ",
  "∩": "\\cap ",
  "∈": "\\in ",
  "∅": "\\emptyset ",
  "°": "^\\circ ",
  "±": "\\pm ",
  "∓": "\\mp ",
  θ: "\\theta ",
  α: "\\alpha ",
  β: "\\beta ",
  γ: "\\gamma ",
  λ: "\\lambda ",
  μ: "\\mu ",
  φ: "\\phi ",
  ω: "\\omega ",
  σ: "\\sigma ",
  "，": ",",
  "；": ";",
  "：": ":",
  "（": "(",
  "）": ")",
  "【": "[",
  "】": "]",
  "＝": "=",
  "％": "%",
  "、": ",",
  "′": "'",
  "∣": "|",
  "⟨": "\\langle ",
  "⟩": "\\rangle ",
  "→": "\\to ",
  "∑": "\\sum ",
  "∫": "\\int ",
  Δ: "\\Delta ",
  ℝ: "\\mathbb{R}",
  ℤ: "\\mathbb{Z}",
  "\u00a0": " ",
  "\u2009": " ",
  "\u202f": " ",
  "⁄": "/",
  "∖": "\\setminus ",
};
const UNICODE_PATTERN = new RegExp(`[${Object.keys(UNICODE).join("")}]`, "gu");
const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ";
const SUPERSCRIPT_MEANING = "0123456789+-n";

/** Rewrites an answer into plain LaTeX: no Unicode mathematics, no delimiters, no commands that only change how it looks. */
export function normalise(raw: string): string {
  let text = raw.trim();
  // The whole of it is one number in groups of three digits.
  if (/^\$?\s*\d{1,3}(?: \d{3})+\s*\$?$/.test(text)) text = text.replaceAll(" ", "");
  // Formulas in lines of their own are a list.
  text = text.replace(/\$\s*\n\s*\$/g, "$, $");
  // JSON escaped twice; inside of matrices `\\` ends a row.
  if (!text.includes("\\begin")) text = text.replace(/\\\\(?=[a-zA-Z({[\])}])/g, "\\");
  if (/[^\x20-\x7e]/.test(text)) text = withoutUnicode(text);
  text = unbox(stripDelimiters(text));
  if (text.includes("\\")) text = withoutLayout(text);
  return joinThousands(text)
    .replace(/[$€£]/g, " ")
    .replace(/\b(?:USD|EUR|Rs\.?)\s*(?=\d)/g, "")
    .replace(/([)\]])\s*U\s*([([])/g, "$1\\cup $2")
    .replace(/\(\s*mod\s+(\w+)\s*\)/g, " \\text{ mod$1}")
    .replace(/(?<![a-zA-Z])([ap])\.\s?m\.?(?![a-zA-Z])/gi, "$1m")
    .replaceAll("**", "^")
    .replace(/\s+/g, " ")
    .trim()
    .replace(/(?:\\\\|[.,;:。])+$/, "")
    .trim();
}

function withoutUnicode(text: string): string {
  return text
    .replace(
      new RegExp(`[${SUPERSCRIPTS}]+`, "g"),
      (run) =>
        `^{${Array.from(run)
          .map((c) => SUPERSCRIPT_MEANING[SUPERSCRIPTS.indexOf(c)])
          .join("")}}`,
    )
    .replace(/[½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞]/g, (c) => c.normalize("NFKC").replace(/(\d+)\u2044(\d+)/, "\\frac{$1}{$2}"))
    .replace(/([∛∜√])\s*(\d+(?:\.\d+)?|[a-zA-Z]|\([^()]*\)|\{[^{}]*\})/g, (_all, root: string, of: string) => {
      const inner = /^[({]/.test(of) ? of.slice(1, -1) : of;
      return `\\sqrt${root === "∛" ? "[3]" : root === "∜" ? "[4]" : ""}{${inner}}`;
    })
    .replace(UNICODE_PATTERN, (c) => UNICODE[c] ?? c);
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
    const at = /\\(?:boxed|fbox)\s*\{/.exec(result);
    if (at === null) return result;
    const open = at.index + at[0].length - 1;
    const close = matchingBrace(result, open);
    result =
      result.slice(0, at.index) +
      (close < 0 ? result.slice(open + 1) : `${result.slice(open + 1, close)} ${result.slice(close + 1)}`);
  }
  return result;
}

/** Commands that are dropped with what they take or without. */
const LAYOUT =
  /(?<!\\)\\(?:left|right|bigg?[lr]?|Bigg?[lr]?|displaystyle|textstyle|scriptstyle|limits|nolimits|hfill|bf|rm|it|bm|boldsymbol|mathbf|mathit|mathcal|mathsf|vec|overrightarrow|hat|widehat|tilde|underline|phantom|mbox\{\}|,|!|;|:| )(?![a-zA-Z])/g;

function withoutLayout(text: string): string {
  return joinThousands(text)
    .replace(/\\(?:left|right)\s*\./g, " ")
    .replace(/\\q?quad/g, " ")
    .replace(/\\(?:hspace|vspace|label|tag)\*?\s*\{[^{}]*\}/g, " ")
    .replace(/\\(?:text)?color\s*\{[^{}]*\}/g, " ")
    .replace(/\\(?:begin|end)\s*\{(?:align|aligned|equation|gather|split)\*?\}/g, " ")
    .replace(LAYOUT, (command) => (/^\\[a-zA-Z]/.test(command) ? "" : command === "\\!" ? "" : " "))
    .replace(/\\(?:d|t|c|x)frac(?![a-zA-Z])/g, "\\frac")
    .replace(/\\(?:dbinom|tbinom)/g, "\\binom")
    .replace(/\\operatorname\*?\s*\{([^{}]*)\}/g, "\\$1 ")
    .replace(/\\(?:lt|textless)(?![a-zA-Z])/g, "<")
    .replace(/\\(?:gt|textgreater)(?![a-zA-Z])/g, ">")
    .replace(/\\(?:leqslant|leq|leqq)(?![a-zA-Z])/g, "\\le ")
    .replace(/\\(?:geqslant|geq|geqq)(?![a-zA-Z])/g, "\\ge ")
    .replace(/\\(?:neq|not\s*=)(?![a-zA-Z])/g, "\\ne ")
    .replace(/\\(?:lbrace|lbrack)(?![a-zA-Z])/g, (c) => (c === "\\lbrace" ? "\\{" : "["))
    .replace(/\\(?:rbrace|rbrack)(?![a-zA-Z])/g, (c) => (c === "\\rbrace" ? "\\}" : "]"))
    .replace(/\\(?:degree|textdegree)(?![a-zA-Z])/g, "^\\circ ")
    .replace(/\\(?:mid|vert|lvert|rvert)(?![a-zA-Z])/g, "|")
    .replace(/\\mathbb\s*\{?\s*([A-Z])\s*\}?/g, "\\$1 ")
    .replace(/\\p?mod\s*\{?\s*(\w+)\s*\}?/g, " \\text{ mod$1}")
    .replace(/\\(?:cdots|dots|dotsc|dotsb|dotsm|dotso)(?![a-zA-Z])/g, "\\ldots ")
    .replace(/\\%|\\percent(?![a-zA-Z])/g, "%")
    .replace(/\\varnothing/g, "\\emptyset ")
    .replace(/\\colon(?![a-zA-Z])/g, ":")
    .replaceAll("~", " ");
}

/** Thousands separators that can be nothing else: `{,}`, `,\!`, `\,` and `\!` between groups of three digits. */
function joinThousands(text: string): string {
  if (!/\d(?:\{,\}|,\s*\\!|\\[,!;: ])/.test(text)) return text;
  return text.replace(/(?<![\d.])\d{1,3}(?:(?:\{,\}|,\s*\\!|\\[,!;: ]|,)\s*\d{3})+(?!\d)/g, (run) =>
    run.replace(/[^\d]/g, ""),
  );
}
