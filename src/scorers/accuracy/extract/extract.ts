import { withoutEmphasis } from "../read/notation/emphasis.ts";
import { withAsciiDigits } from "../read/notation/unicode.ts";
import { endsInBox, findAnswerBoxes } from "./boxes.ts";
import { extractBoxed } from "./extract-boxed.ts";
import { extractByPriority } from "./extract-by-priority.ts";
import { lastCandidate } from "./extract-candidates.ts";
import { extractChoice } from "./extract-choice.ts";
import { extractByPhrase, extractLastClause, extractWords } from "./extract-phrase.ts";
import type { Extraction } from "./extraction.ts";
import { withoutRunOn } from "./run-on.ts";

/** An extraction order: ours, or one that reproduces another project's for comparison. */
export type ExtractionProfile = "default" | "math-verify" | "lighteval" | "qwen" | "gsm8k";

/** Every extraction profile, the default first. */
export const EXTRACTION_PROFILES: readonly ExtractionProfile[] = [
  "default",
  "math-verify",
  "lighteval",
  "qwen",
  "gsm8k",
];

export interface ExtractOptions {
  readonly profile?: ExtractionProfile | undefined;
  /** The letters of a multiple-choice question. */
  readonly choices?: readonly string[] | undefined;
  /** What counts as an answer outside of boxes: formulas, plain numbers, or (if left out) both. */
  readonly matchTypes?: readonly string[] | undefined;
  /** Leave out the last resort: the last formula or number of a text that names no answer. */
  readonly anchoredOnly?: boolean | undefined;
  /** Math-Verify's rank of boxes: 0 first, 50 beside "final answer is", negative never. If left out, the profile's own. */
  readonly boxedPriority?: number | undefined;
}

/** Longest text that is searched; of a longer one, the end. */
const MAX_TEXT = 400_000;

const NONE: Extraction = { answer: null, path: "none" };

/** Finds the final answer in a model's text. */
export function extractAnswer(text: string, options: ExtractOptions = {}): Extraction {
  const searched = withAsciiDigits(withoutGaps(text.length > MAX_TEXT ? text.slice(-MAX_TEXT) : text));
  const own = withoutRunOn(searched);
  const found = extractFrom(own, options);
  // "The answer is as follows", and then the question again: nothing was cut off that was not an answer.
  const given = found.answer !== null && found.answer !== "" && found.path !== "last-words";
  return given || own.length === searched.length ? found : extractFrom(searched, options);
}

/** Long white space, which means nothing and costs expressions quadratic time, as a space or an empty line. */
function withoutGaps(text: string): string {
  return text.replace(/\s{40,}/g, (gap) => (gap.includes("\n") ? "\n\n" : " "));
}

function extractFrom(text: string, options: ExtractOptions): Extraction {
  const own = options.profile === undefined || options.profile === "default";
  const searched = own ? withoutEmphasis(text) : text;
  if (options.choices !== undefined) return extractChoice(searched, options.choices) ?? NONE;
  // What a model says after its reasoning outweighs what it wrote while reasoning.
  const conclusion = own ? searched.split("</think>").at(-1) : undefined;
  if (conclusion !== undefined && conclusion.length < searched.length) {
    const found = extractFrom(conclusion, options);
    if (found.answer !== null && found.answer !== "") return found;
  }
  const ranked = own && (options.boxedPriority ?? 0) !== 0;
  for (const step of ORDERS[ranked ? "math-verify" : (options.profile ?? "default")]) {
    if (options.anchoredOnly === true && GUESSES.has(step)) continue;
    const found = step(searched, options);
    if (found !== undefined) return found;
  }
  return NONE;
}

type Step = (text: string, options: ExtractOptions) => Extraction | undefined;

/** A text that ends inside of a box has no answer yet: never guessed. */
const byCutBox: Step = (text) => (endsInBox(text) ? { answer: null, path: "truncated" } : undefined);

const byHashes: Step = (text) => {
  const match = [...text.matchAll(/####\s*([^\n]+)/g)].at(-1);
  return match?.[1] === undefined ? undefined : { answer: match[1].trim(), path: "hashes" };
};

const byAnswerTag: Step = (text) => {
  const match = [...text.matchAll(/<answer>([^<]{1,2000})<\/answer>/g)].at(-1);
  return match?.[1] === undefined ? undefined : { answer: match[1].trim(), path: "answer-tag" };
};

const byLastCandidate: Step = (text, { matchTypes }) => {
  const found = lastCandidate(text, matchTypes);
  return found === undefined ? undefined : { answer: found.text, path: found.math ? "last-math" : "last-number" };
};

const byLastNumber: Step = (text) => {
  const match = text
    .replaceAll(",", "")
    .match(/-?\d*\.?\d+/g)
    ?.at(-1);
  return match === undefined ? undefined : { answer: match, path: "last-number" };
};

/** OpenAI's GSM8K solutions end in `A: 18`. */
const byLetterA: Step = (text) => {
  const match = [...text.matchAll(/\bA:\s*(-?[$]?[\d.,]+)/g)].at(-1);
  return match?.[1] === undefined ? undefined : { answer: match[1].replace(/[.,]+$/, ""), path: "answer-phrase" };
};

const byHope: Step = (text) => {
  const phrase = "final answer is $";
  const [start, end] = [text.indexOf(phrase), text.lastIndexOf("$. I hope")];
  const from = start + phrase.length;
  return start < 0 || end < from ? undefined : { answer: text.slice(from, end), path: "answer-phrase" };
};

const byLastBox: Step = (text) => {
  const box = findAnswerBoxes(text).at(-1);
  return box === undefined ? undefined : { answer: box.content, path: "boxed" };
};

/** Everything after the last "answer is". */
const byQwenPhrase: Step = (text) => {
  const at = Math.max(text.lastIndexOf("he answer is"), text.lastIndexOf("final answer is"));
  if (at < 0) return undefined;
  const rest = text.slice(text.indexOf("is", at + 3) + 2).split("\n\n")[0] ?? "";
  const answer = rest
    .trim()
    .replace(/^:\s*/, "")
    .replace(/[./]+$/, "");
  return { answer, path: "answer-phrase" };
};

const byMathVerify: Step = (text, { anchoredOnly = false, boxedPriority = 50 }) =>
  extractByPriority(text, { boxed: boxedPriority, multilingual: false, anchoredOnly });

const byLighteval: Step = (text, { anchoredOnly = false, boxedPriority = 55 }) =>
  extractByPriority(text, { boxed: boxedPriority, multilingual: true, anchoredOnly });

const ORDERS: Readonly<Record<ExtractionProfile, readonly Step[]>> = {
  default: [
    byCutBox,
    extractBoxed,
    byAnswerTag,
    byHashes,
    extractByPhrase,
    extractLastClause,
    byLastCandidate,
    extractWords,
  ],
  "math-verify": [byMathVerify],
  lighteval: [byLighteval],
  qwen: [byHope, byLastBox, byQwenPhrase, byLastNumber],
  gsm8k: [byHashes, byLetterA, byLastNumber],
};

/** Steps that take what stands last in a text that names no answer. */
const GUESSES: ReadonlySet<Step> = new Set([extractLastClause, byLastCandidate, byLastNumber, extractWords]);
