import { ANSWER_WORD, IS_WORD } from "./answer-words.ts";
import { findAnswerBoxes } from "./boxes.ts";
import type { Extraction } from "./extraction.ts";

/** Finds the letter of a multiple-choice answer: boxed, after "answer is", at the start, or the last one that stands alone. */
export function extractChoice(text: string, choices: readonly string[]): Extraction | undefined {
  const letters = choices
    .map((choice) => choice.replace(/[^\p{L}\p{N}]/gu, ""))
    .filter((choice) => choice !== "")
    .join("|");
  if (letters === "") return undefined;
  const letter = `(?:\\\\(?:text|mathrm|textbf|mathbf)\\s*\\{\\s*)?[(*\\[]{0,8}(${letters})(?![\\p{Script=Latin}\\p{N}'’])`;
  const box = findAnswerBoxes(text).at(-1);
  if (box !== undefined) {
    const found = new RegExp(`^\\s*\\$?\\s*${letter}`, "u").exec(box.content)?.[1];
    return { answer: found ?? box.content, path: "boxed" };
  }
  const phrase = [
    ...text.matchAll(
      new RegExp(
        `(?:${ANSWER_WORD}|choice|option|choose|pick|select|say|选项)${IS_WORD}(?:\\s+(?:for sure|definitely|clearly|therefore))*\\s*[:：]?[\\s$*]{0,20}${letter}`,
        "giu",
      ),
    ),
  ];
  const anchored = phrase.findLast((match) => match[1] === match[1]?.toUpperCase())?.[1];
  if (anchored !== undefined) return { answer: anchored, path: "answer-phrase" };
  const only = new RegExp(`^[\\s(]{0,20}(${letters})[\\s).]*$`, "iu").exec(text)?.[1];
  if (only !== undefined) return { answer: only.toUpperCase(), path: "choice" };
  const start = new RegExp(`^\\s*${letter}(?!\\s+(?:is|are|can|was|and|or)\\b)`, "u").exec(text)?.[1];
  if (start !== undefined) return { answer: start, path: "choice" };
  const alone = [...text.matchAll(new RegExp(`(?<![\\p{L}\\p{N}\\\\])${letter}`, "gu"))].at(-1)?.[1];
  return alone === undefined ? undefined : { answer: alone, path: "choice" };
}
