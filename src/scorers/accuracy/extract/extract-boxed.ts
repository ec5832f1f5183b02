import { compareTexts } from "../compare/compare-texts.ts";
import { type Box, findAnswerBoxes } from "./boxes.ts";
import type { Extraction } from "./extraction.ts";

/** The last box of a text, joined with those before it that are one answer with it. */
export function extractBoxed(text: string): Extraction | undefined {
  const boxes = findAnswerBoxes(text);
  let first = boxes.length - 1;
  const last = boxes[first];
  if (last === undefined) return undefined;
  for (; first > 0; first--) {
    const [before, box] = [boxes[first - 1], boxes[first]];
    if (before === undefined || box === undefined || !isJoining(text.slice(before.end, box.start))) break;
  }
  const contents = boxes.slice(first).map((box) => box.content.trim());
  // `\boxed{0.5} or \boxed{\frac12}` is one answer in two writings.
  const repeats =
    contents.length > 1 && contents.every((content) => compareTexts(content, last.content).rule !== undefined);
  return { answer: (repeats ? last.content : contents.join(", ")) + percentAfter(text, last), path: "boxed" };
}

/** Whether the text between two boxes makes one answer of them: it is nearly nothing, or it is short and ends in a word of joining. */
function isJoining(gap: string): boolean {
  if (gap.length >= 70 || /\\approx|≈|\\Rightarrow|\\to(?![a-zA-Z])/.test(gap)) return false;
  const plain = gap.replace(/\\(?:[a-zA-Z]+|.)|[\s{}$[\]()]+/g, " ").trim();
  if (/(?:\band|\bor|,|;)(?:\s*[a-zA-Z](?:_\d)?\s*=)?$/.test(plain)) return true;
  return gap.length < 10 && !/=|\.$|\p{L}/u.test(plain);
}

/** `\boxed{28} percent`: the sign stands outside of the box. */
function percentAfter(text: string, box: Box): string {
  if (/%|percent/.test(box.content)) return "";
  const after = text.slice(box.end, box.end + 20);
  return /^[\s$]*(?:\\?%|percent\b|pct\b)/.test(after) ? "\\%" : "";
}
