import { readAnswer } from "../read/read-answer.ts";
import { tokenise } from "../read/tokens.ts";
import type { Answer } from "../values/answer.ts";
import type { Comparer } from "./comparer.ts";

/** A letter, answered by the letter and what it stands for, or the other way round: `A. 5`, `\text{(A) } 5`, `Option A`. */
export function compareChoice(gold: string, pred: string): string | undefined {
  const [a, b] = [letterOf(gold), letterOf(pred)];
  return a !== undefined && b !== undefined && a.letter === b.letter && (a.alone || b.alone)
    ? "choice-letter"
    : undefined;
}

/** `(C) 16` for 16: what the letter stands for. */
export function compareContent(gold: string, pred: string, comparer: Comparer): string | undefined {
  const content = /^(?:\\text(?:bf)?\s*\{\s*)?\(?[A-H](?:\)|[.:](?=\s))\s*\}?\s*(\S.*)$/.exec(pred)?.[1];
  if (content === undefined) return undefined;
  const read = (text: string): Answer => readAnswer(tokenise(text), comparer.budget);
  return comparer.compare(read(gold), read(content)) === undefined ? undefined : "choice-content";
}

function letterOf(text: string): { letter: string; alone: boolean } | undefined {
  const plain = text
    .replace(/\\(?:text|textbf|mathrm|mathbf)\s*\{([^{}]*)\}/g, "$1")
    .replace(/[$*]|\\ /g, " ")
    .trim();
  const alone = /^(?:(?:option|choice|answer)\s+)?\(?([A-H])\)?[.:]?$/i.exec(plain)?.[1];
  const labelled = /^\(?([A-H])(?:\)|[.:])\s*[^\s,;]/.exec(plain)?.[1];
  const letter = alone ?? labelled;
  return letter === undefined || !/[A-H]/.test(letter) ? undefined : { letter, alone: alone !== undefined };
}
