import type { Answer } from "../values/answer.ts";
import { isNumberWord, readNumberWords } from "./number-words.ts";
import type { Token } from "./token.ts";

/** Words behind a number that go on a sentence, and are no unit. */
const PROSE: ReadonlySet<string> = new Set(
  "of or and to more less than the other others is are at by in on if that which when not no".split(" "),
);
/** Words of a unit, at the most. */
const MAX_UNIT = 4;

/** A number in words with its unit: `twenty-one`, `three hundred and forty-two apples`. undefined for all else. */
export function readWorded(tokens: readonly Token[], text: string): Answer | undefined {
  const words = wordsOf(tokens);
  const [first] = words ?? [];
  if (words === undefined || first === undefined || !beginsNumber(first, words[1])) return undefined;
  const found = readNumberWords(words);
  if (found === undefined) return undefined;
  const unit = words.slice(found.used);
  if (unit.length > MAX_UNIT || unit.some((word) => word === "," || PROSE.has(word) || isNumberWord(word)))
    return undefined;
  const percent = /^per ?cent(?:age)?$/.test(unit.join(" "));
  const node = { kind: "num", value: found.value, decimal: words.includes("point") } as const;
  return { kind: "expression", text, node, unit: percent ? "" : unit.join(" "), percent };
}

function beginsNumber(first: string, second: string | undefined): boolean {
  if (first === "a" || first === "an" || first === "minus" || first === "negative")
    return second !== undefined && isNumberWord(second);
  return isNumberWord(first);
}

/** Tokens as words in lower case, hyphens between them left out; undefined where something else stands among them. */
function wordsOf(tokens: readonly Token[]): string[] | undefined {
  const words: string[] = [];
  for (const [i, token] of tokens.entries()) {
    if (token.kind === "text") words.push(...token.text.toLowerCase().split(/[\s-]+/));
    else if (token.kind === "sep" && token.text !== ";") words.push(token.text);
    else if (token.kind === "sym" && token.text === "a") words.push("a");
    else if (token.text !== "-" || tokens[i - 1]?.kind !== "text" || tokens[i + 1]?.kind !== "text") return undefined;
  }
  return words;
}
