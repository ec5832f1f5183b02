import { isInequality, valueOf } from "../compare/compare-chains.ts";
import { isNumberWord, readNumberWords } from "../read/number-words.ts";
import { readPlainMath } from "../read/read-plain-math.ts";
import { ANSWER_WORD, IS_WORD } from "./answer-words.ts";
import { type Candidate, findCandidates } from "./extract-candidates.ts";
import type { Extraction } from "./extraction.ts";

/** From strong to weak; of one strength, the last occurrence that is followed by an answer counts. */
const PHRASES: readonly RegExp[] = [
  /final answer is:?|final answer:/giu,
  new RegExp(
    `(?:${ANSWER_WORD}|result)s? (?:is|are)(?!\\p{L}):?|(?:${ANSWER_WORD})(?=\\s*\\S)${IS_WORD}(?<!${ANSWER_WORD})`,
    "giu",
  ),
  new RegExp(`(?<!\\p{L})(?:${ANSWER_WORD})`, "giu"),
];
/** Occurrences of a phrase that are looked at, from the end. */
const MAX_OCCURRENCES = 20;

/** Finds what a text says the answer is. */
export function extractByPhrase(text: string): Extraction | undefined {
  for (const phrase of PHRASES) {
    const ends = [...text.matchAll(phrase)].map((match) => match.index + match[0].length).slice(-MAX_OCCURRENCES);
    for (const end of ends.toReversed()) {
      const answer = answerAfter(text.slice(end, end + 600));
      if (answer !== undefined) return { answer, path: "answer-phrase" };
    }
  }
  return undefined;
}

/**
 * Finds what the last sentence ends in after "is", "are", "at" or a sign of equality, if that is nothing but mathematics:
 * `So the side is √2.`; or the whole sentence, if it gives values: `x = -2 or x = 3`.
 */
export function extractLastClause(text: string): Extraction | undefined {
  const line = text.trimEnd().slice(-300).split("\n").at(-1) ?? "";
  const sentence = (line.split(/[.!?。]\s+(?=\S)/u).at(-1) ?? "")
    .replace(/(?<=\d.*)\s\([^()]*\)(?=[.!]?$)/, "")
    .replace(/,?\s+(?:or|which is|that is)\s+(?:about|approximately|roughly)\s.*$/, "");
  const whole = withUnitApart(
    withoutMarks(sentence.replace(/^(?:(?:so|thus|hence|therefore|then|finally|now|and)\b[\s,]*)+/i, "")),
  );
  const after = (joint: RegExp): string[] =>
    [...sentence.matchAll(joint)].map((match) => withoutMarks(sentence.slice(match.index + match[0].length)));
  const clauses = [
    ...after(/\b(?:is|are|at|equals|be|get|gives|obtain|yields)\b|(?<!\d)[:：]|[:：](?!\d)/gu),
    whole,
    ...after(/[=≈]/gu),
  ];
  for (const clause of clauses.map(withUnitApart)) {
    if (/[$\\]|^[\d.,]+$/.test(clause)) continue;
    const answer = readPlainMath(clause);
    const valueless =
      clause === whole && answer?.kind === "chain" && !isInequality(answer) && valueOf(answer) === undefined;
    if (answer !== undefined && !valueless) return { answer: clause, path: "last-math" };
  }
  return undefined;
}

/** The words of a text without any formula or number: `The answer is Evelyn.`, `Yes, it is.`, `The function is odd.`, `**Even**`. */
export function extractWords(text: string): Extraction | undefined {
  const stated = [...text.matchAll(STATED_WORDS)].at(-1)?.[1];
  if (stated !== undefined) return { answer: withoutMarks(stated), path: "answer-phrase" };
  const plain = withoutMarks(text);
  const words =
    /^(?:yes|no|true|false)(?!\p{L})/iu.exec(plain)?.[0] ??
    /\b(?:is|are|be)\s+[*_"]*(\p{L}+)$/u.exec(plain)?.[1] ??
    /^\p{L}+$/u.exec(plain)?.[0] ??
    lastNumberWords(plain);
  return words === undefined ? undefined : { answer: words, path: "last-words" };
}

/** How much of the end of a text is searched for numbers in words. */
const MAX_WORDS = 300;

/** The last number that a text says in words: `So there are twenty-one ways.` */
function lastNumberWords(text: string): string | undefined {
  const words = [...text.slice(-MAX_WORDS).matchAll(/\p{L}+/gu)].map(([word]) => word.toLowerCase());
  let last: string | undefined;
  for (let at = 0; at < words.length; at++) {
    const found = isNumberWord(words[at] ?? "") ? readNumberWords(words.slice(at)) : undefined;
    if (found === undefined) continue;
    // "One" is a pronoun more often than a number.
    if (found.used > 1 || words[at] !== "one") last = words.slice(at, at + found.used).join(" ");
    at += found.used - 1;
  }
  return last;
}

const STATED_WORDS = new RegExp(`(?:${ANSWER_WORD})(?: is|:)[\\s:*]*([^\\n.]{1,80})`, "giu");

/** The answer in the sentence after a phrase: all of it if it is mathematics, what follows the phrase at once, what follows "is" or "=", the first formula or number. */
function answerAfter(text: string): string | undefined {
  const candidates = findCandidates(text);
  const clause = plainAnswer(
    /^[\s*:_"]*((?:\$[^$\n]*\$|[^\n$])*?)(?:[.!?]?\s*(?:\n|$)|[.!?。]\s|。)/u.exec(text)?.[1] ?? "",
  );
  if (clause !== "" && readPlainMath(clause) !== undefined) return clause;
  const first = candidates[0];
  if (first === undefined) return undefined;
  if (/^[\s*:_"'=([{-]*$/.test(text.slice(0, first.start))) return chainFrom(text, candidates);
  const sentence = /[.!?。](?=\s|$)|\n\s*\n|。/.exec(text);
  const end = sentence === null ? text.length : sentence.index + 1;
  const inside = candidates.filter((candidate) => candidate.start < end);
  const named = inside.findLast((candidate) => /(?:\bis|\bare|=|est|:)\s*\**$/.test(text.slice(0, candidate.start)));
  return (named ?? inside.find((candidate) => /\d/.test(candidate.text)) ?? inside[0])?.text;
}

/** What a clause says without the words around it: `either 1 or 2` is 1 or 2, `5m` five metres. */
function plainAnswer(clause: string): string {
  return withUnitApart(withoutMarks(clause).replace(/^(?:either|both)\s+(?=\S.*\b(?:or|and)\b)/, ""));
}

/** In prose a letter behind a number is a unit: `5m` and `9m2` as `5 m` and `9 m^2`. */
function withUnitApart(clause: string): string {
  const [, number, unit, power] = GLUED_UNIT.exec(clause) ?? [];
  if (number === undefined || unit === undefined) return clause;
  return `${number} ${unit}${power === undefined ? "" : `^${power === "²" ? "2" : power === "³" ? "3" : power}`}`;
}

const GLUED_UNIT = /^([-+−]?\d[\d.,]*)(mm|cm|dm|km|[mgshLNJWVKA])(?:\^?\{?([23²³])\}?)?$/;

/** Without Markdown, quotes and the stop at the end. */
function withoutMarks(clause: string): string {
  const stopped = withoutEnd(clause.replace(/^[\s*_"“]+/, ""));
  const whole = /[^.][.。]$/.test(stopped) ? withoutEnd(stopped.slice(0, -1)) : stopped;
  return whole.replace(/^\$([^$]*)\$$/, "$1");
}

/** Without white space and marks at the end; a loop, for an expression would look at every space of a text again. */
function withoutEnd(text: string): string {
  let end = text.length;
  while (end > 0 && /[\s*_"”]/.test(text[end - 1] ?? "")) end--;
  return text.slice(0, end);
}

/** `35 + 70 = 105` after a phrase: what follows the last `=`; without one, all of it. */
function chainFrom(text: string, candidates: readonly Candidate[]): string | undefined {
  let [start, last] = [candidates[0], candidates[0]];
  for (const next of candidates.slice(1)) {
    const gap = last === undefined ? "" : text.slice(last.end, next.start).trim();
    if (!/^[-+*/×·=]$/.test(gap)) break;
    if (gap === "=") start = next;
    last = next;
  }
  if (start === undefined || last === undefined || start === last) return start?.text;
  return text.slice(start.start, last.end);
}
