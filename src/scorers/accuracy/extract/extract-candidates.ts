/** A formula or number in a text. */
export interface Candidate {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** Between math delimiters, or written in LaTeX. */
  readonly math: boolean;
}

const GROUP = String.raw`\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}`;
/** `$..$`, `$$..$$`, `\(..\)`, `\[..\]`; bounded so that stray delimiters cost little. */
const DELIMITED = String.raw`\$\$(?<d1>[^$]{1,2000})\$\$|\$(?<d2>(?:[^$\\\n]|\\[^\n]|\\?\n(?!\s*\n)){1,2000}?)\$|\\\((?<d3>(?:[^\\]|\\[^()]){1,2000}?)\\\)|\\\[(?<d4>(?:[^\\]|\\[^[\]]){1,2000}?)\\\]`;
/** LaTeX without delimiters, as small models write it. */
const BARE_LATEX = String.raw`-?\d*\\(?:d|t|c)?frac${GROUP}${GROUP}|-?\d*\\sqrt(?:\[\d+\])?${GROUP}`;
const NUMBER_TEXT = String.raw`[-+−]?(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|[1-9]\d{0,2}(?:[ \u00a0\u202f]\d{3})+(?![\d.,]\d|\d)|\d+\.\d+|\.\d+|\d+)(?:[eE][-+]?\d+\b)?`;
/** A number with its sign and percent, or a chain of them such as `35 + 70 = 105` or `13/28`. */
const PLAIN = String.raw`(?<![a-zA-Z\d.\\^_])(?:[$€£]\s?)?${NUMBER_TEXT}(?:\^(?:\{-?\d+\}|-?\d+))?(?:\s?[/:]\s?${NUMBER_TEXT})?(?:\s*(?:\\?%|percent\b|pct\b|[ap]m\b|[ap]\.m\.|o['’]clock\b))?`;

const CANDIDATE = new RegExp(`${DELIMITED}|(?<latex>${BARE_LATEX})|(?<plain>${PLAIN})`, "gu");

/** The sign at the end of a proof. */
const ENDING = /^\s*\\(?:blacksquare|square|Box|qed)\s*$/;

/** All formulas and numbers of a text in order. A currency sign before a number is not a delimiter. */
export function findCandidates(text: string): Candidate[] {
  const found: Candidate[] = [];
  for (const match of text.matchAll(CANDIDATE)) {
    const groups = match.groups ?? {};
    const inner = groups.d1 ?? groups.d2 ?? groups.d3 ?? groups.d4;
    const end = match.index + match[0].length;
    if (inner !== undefined && ENDING.test(inner)) continue;
    if (inner !== undefined) {
      found.push({ text: inner.trim() + percentAt(text, end), start: match.index, end, math: true });
    } else {
      found.push({ text: match[0].trim(), start: match.index, end, math: groups.latex !== undefined });
    }
  }
  return found;
}

/**
 * The last formula or number of a text, looked for from its end. Of `matchTypes`, `["latex"]` prefers formulas, and `["expr"]`
 * takes plain numbers only, in any country's writing: `1 000`, `1000,99`.
 */
export function lastCandidate(text: string, matchTypes: readonly string[] | undefined): Candidate | undefined {
  if (matchTypes !== undefined && !matchTypes.includes("latex")) return lastPlainNumber(text);
  // A text is cut at a line so that no formula is cut in two.
  const cut = text.length > 4000 ? Math.max(0, text.indexOf("\n", text.length - 4000)) : 0;
  const near = joinNeighbours(text.slice(cut), findCandidates(text.slice(cut)));
  const found = near.length > 0 || cut === 0 ? near : findCandidates(text);
  const math =
    matchTypes === undefined || matchTypes.includes("expr") ? undefined : found.findLast((candidate) => candidate.math);
  return math ?? found.at(-1);
}

/** How much of the end of a text is searched for arithmetic. */
const MAX_ARITHMETIC = 200;

const ANY_NUMBER =
  /(?<![a-zA-Z\d.,])[-+−]?(?:\d{1,3}(?:[ ,]\d{3})+(?!\d)(?:[.,]\d+)?|\d+(?:[.,]\d+)?|\.\d+)(?:\s?\/\s?\d+)?(?:\s*(?:%|percent\b|pct\b))?/gu;

/** Arithmetic such as `2*3` or `(2+3)`, between white space. */
const ARITHMETIC = /(?<=^|[\s=])-?\(*-?\d[\d.()\s]*(?:[-+*×÷/^]\s*[-(]*\d[\d.()]*\s*)+(?=[.,:;)$\s]|$)/gu;

function lastPlainNumber(text: string): Candidate | undefined {
  const sum = [...text.slice(-MAX_ARITHMETIC).matchAll(ARITHMETIC)].at(-1)?.[0].trim();
  if (sum !== undefined && text.trimEnd().replace(/\.$/, "").endsWith(sum))
    return { text: sum, start: text.lastIndexOf(sum), end: text.length, math: false };
  const match = [...text.matchAll(ANY_NUMBER)].at(-1);
  if (match === undefined) return undefined;
  const grouped = match[0].replace(/^([-+−]?\d{1,3}(?:[ ,]\d{3})+)/, (run) => run.replace(/[ ,]/g, ""));
  return { text: grouped.replace(",", "."), start: match.index, end: match.index + match[0].length, math: false };
}

const MAX_GAP = 40;
const JOINT = /^\s*(?:,|;|and|or)(?:\s*(?:and|or))?\s*$/;
/** Numbers in prose are one answer only if it is said that either is: `12 or 16`. */
const PLAIN_JOINT = /^ or $/;

/** `$21,16$ or $11$` is one answer. */
function joinNeighbours(text: string, candidates: readonly Candidate[]): Candidate[] {
  const joined: Candidate[] = [];
  for (const candidate of candidates) {
    const before = joined.at(-1);
    const gap = before === undefined ? "" : text.slice(before.end, Math.min(candidate.start, before.end + MAX_GAP));
    const formulas = before?.math === true && candidate.math;
    if (before !== undefined && (formulas ? JOINT : PLAIN_JOINT).test(gap)) {
      joined[joined.length - 1] = {
        ...candidate,
        text: `${before.text}${text.slice(before.end, candidate.start)} ${candidate.text}`,
        start: before.start,
      };
    } else joined.push(candidate);
  }
  return joined;
}

function percentAt(text: string, end: number): string {
  return /^\s*(?:\\?%|percent\b|pct\b)/.test(text.slice(end, end + 12)) ? "\\%" : "";
}
