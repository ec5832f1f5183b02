import { ANSWER_WORD } from "./answer-words.ts";
import { findAnswerBoxes } from "./boxes.ts";
import { type Candidate, findCandidates } from "./extract-candidates.ts";
import type { Extraction } from "./extraction.ts";

/** How Math-Verify and lighteval rank what they find; a lower number goes first. */
export interface PriorityOptions {
  /** The rank of boxes: 0 before all else, 50 beside "final answer is", 55 behind it; negative leaves boxes out. */
  readonly boxed: number;
  /** Whether "answer" is looked for in other languages than English. */
  readonly multilingual: boolean;
  /** Leave out what stands behind no phrase. */
  readonly anchoredOnly: boolean;
}

interface Found extends Extraction {
  readonly end: number;
}

/** How far behind "answer" a formula may stand, and how far a result behind its sign of equality. */
const NEAR = 50;
const NEAR_EQUALS = 100;
/** Occurrences of a phrase that are looked at, from the end. */
const MAX_OCCURRENCES = 50;

/**
 * Finds the answer as Math-Verify and lighteval do: "final answer is ... I hope" (0), "final answer ... is" (50), "answer:" (100),
 * "answer" (200), anything (300), and boxes at a rank of their own. Of one rank, what ends last.
 */
export function extractByPriority(text: string, options: PriorityOptions): Extraction | undefined {
  const candidates = findCandidates(text).filter((candidate) => candidate.text !== "");
  const word = options.multilingual ? ANSWER_WORD : "answer";
  const ranks: [number, () => Found[]][] = [
    [
      0,
      () =>
        behind(text, candidates, /final answer is:?/gi, 10).filter((found) =>
          /^\.?\s?I hope/.test(text.slice(found.end)),
        ),
    ],
    [50, () => behind(text, candidates, /final answer.{0,100}?\sis:?/gis, 10)],
    [100, () => behind(text, candidates, new RegExp(`(?:${word})[:：]`, "giu"), NEAR)],
    [200, () => behind(text, candidates, new RegExp(`(?:${word})`, "giu"), NEAR)],
  ];
  if (options.boxed >= 0) ranks.push([options.boxed, () => boxes(text)]);
  if (!options.anchoredOnly) ranks.push([300, () => candidates.map(asFound)]);
  for (const rank of new Set(ranks.map(([number]) => number).toSorted((a, b) => a - b))) {
    const found = ranks.flatMap(([number, find]) => (number === rank ? find() : []));
    const [last] = found.toSorted((a, b) => b.end - a.end);
    if (last !== undefined) return { answer: last.answer, path: last.path };
  }
  return undefined;
}

function boxes(text: string): Found[] {
  return findAnswerBoxes(text).map((box) => ({ answer: box.content, path: "boxed", end: box.end }));
}

/** The first candidate near behind each occurrence of a phrase, or the last one that a sign of equality leads to. */
function behind(text: string, candidates: readonly Candidate[], phrase: RegExp, near: number): Found[] {
  const found: Found[] = [];
  for (const match of [...text.matchAll(phrase)].slice(-MAX_OCCURRENCES)) {
    const from = match.index + match[0].length;
    const first = candidates.find((candidate) => candidate.start >= from);
    if (first === undefined) continue;
    const result = candidates.findLast(
      (candidate) =>
        !candidate.math &&
        candidate.start >= from &&
        candidate.start <= from + NEAR_EQUALS &&
        /=\s*$/.test(text.slice(Math.max(from, candidate.start - 5), candidate.start)),
    );
    const chosen = result ?? (first.start <= from + near ? first : undefined);
    if (chosen !== undefined) found.push({ ...asFound(chosen), path: "answer-phrase" });
  }
  return found;
}

function asFound(candidate: Candidate): Found {
  return { answer: candidate.text, path: candidate.math ? "last-math" : "last-number", end: candidate.end };
}
