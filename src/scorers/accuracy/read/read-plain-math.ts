import type { Answer } from "../values/answer.ts";
import { Budget, BudgetExceeded } from "../values/budget.ts";
import { normalise } from "./normalise.ts";
import { readAnswer } from "./read-answer.ts";
import { isFunctionName } from "./read-letters.ts";
import { tokenise } from "./tokens.ts";

const MAX_LENGTH = 200;
const MAX_STEPS = 5000;
/** Short words that are no product of variables. */
const SHORT_WORDS: ReadonlySet<string> = new Set(
  "a i an as at be by do go he if in is it me my no of on so to up us we".split(" "),
);

/** Reads a piece of prose that is one mathematical answer and nothing else: no words, and all of it is understood. Else undefined. */
export function readPlainMath(text: string): Answer | undefined {
  if (text.length > MAX_LENGTH || !/[\p{L}\p{N}√∞]/u.test(text)) return undefined;
  const outside = text.replace(/\\[a-zA-Z]+/g, " ");
  for (const [run] of outside.matchAll(/\p{L}+/gu)) {
    const known = run === "and" || run === "or" || run === "U" || isFunctionName(run);
    if (!known && (run.length > 2 || SHORT_WORDS.has(run.toLowerCase()))) return undefined;
  }
  try {
    const answer = readAnswer(tokenise(normalise(text)), new Budget(MAX_STEPS));
    return isUnderstood(answer) ? answer : undefined;
  } catch (error) {
    if (error instanceof BudgetExceeded) return undefined;
    throw error;
  }
}

function isUnderstood(answer: Answer): boolean {
  switch (answer.kind) {
    case "opaque":
    case "words":
      return false;
    case "list":
    case "tuple":
    case "union":
      return answer.items.every(isUnderstood);
    case "chain":
      return answer.terms.every(isUnderstood);
    case "matrix":
      return answer.rows.flat().every(isUnderstood);
    default:
      return true;
  }
}
