import { normalise } from "../read/normalise.ts";
import { withDecimalPoint } from "../read/notation/decimal-comma.ts";
import { readAnswer } from "../read/read-answer.ts";
import { splitUnit } from "../read/split-unit.ts";
import { tokenise } from "../read/tokens.ts";
import type { Answer } from "../values/answer.ts";
import { Budget, BudgetExceeded } from "../values/budget.ts";
import { createComparer } from "./compare-answers.ts";
import { compareChoice, compareContent } from "./compare-choice.ts";
import type { CompareOptions, Comparer } from "./comparer.ts";
import { normalForms } from "./normal-form.ts";
import { compareRealSets } from "./real-set.ts";

/** How strictly answers are compared. Names and defaults are Math-Verify's where it has them. */
export interface CompareTextOptions {
  /** Decimals that count where one side is a decimal; 6 if left out. */
  readonly precision?: number | undefined;
  /** Bracket types, variable names, units and bases count; true if left out. */
  readonly strict?: boolean | undefined;
  /** Whether an inequality may answer a gold interval; true if left out. */
  readonly allowSetRelationComp?: boolean | undefined;
  /** Whether 10% answers 10, by the rule `percent-face`; true if left out. */
  readonly percentFace?: boolean | undefined;
  /** Absolute tolerance that the problem declares. */
  readonly tolerance?: number | undefined;
  /** Unit that the problem asks for: an answer may leave it out, and in another unit is wrong. */
  readonly unit?: string | undefined;
}

/** Longest answer that is read; longer ones are compared as strings only. */
const MAX_ANSWER = 2048;
/** How much of a longer one is compared. */
const MAX_LONG = 100_000;
/** Steps of one comparison; an honest answer takes some hundreds. */
const MAX_STEPS = 60_000;

/** Whether two bare answers are equal, by which rule, and how each was read. */
export interface Verdict {
  readonly rule: string | undefined;
  /** The answer has nothing in it. */
  readonly empty: boolean;
  /** The answer could not be read. */
  readonly unparsed: boolean;
  /** The steps of the comparison did not suffice. */
  readonly timeout: boolean;
  /** The normal forms of the gold and of the answer, worked out when asked for. */
  readonly normalForms: () => readonly [gold: string, pred: string];
}

/** Compares two bare answers. Never throws, and always ends. */
export function compareTexts(goldText: string, predText: string, options: CompareTextOptions = {}): Verdict {
  if (goldText.length > MAX_ANSWER || predText.length > MAX_ANSWER) return compareLongTexts(goldText, predText);
  const [gold, pred] = [normalise(goldText), normalise(predText)];
  const verdict = (rule: string | undefined, state: Partial<Verdict> = {}): Verdict => ({
    rule,
    empty: pred === "",
    unparsed: false,
    timeout: false,
    normalForms: () => normalForms(gold, pred),
    ...state,
  });
  if (gold === pred && gold !== "") return verdict("string");
  const budget = new Budget(MAX_STEPS);
  try {
    const a = withUnit(readAnswer(tokenise(gold), budget), options.unit);
    const b = readAnswer(tokenise(pred), budget);
    if (a.text === "" || b.text === "") return verdict(undefined, { empty: b.text === "" });
    const comparer = createComparer({ ...DEFAULTS, ...given(options) }, budget);
    const rule =
      comparer.compare(a, b) ??
      compareSets(a, b, comparer) ??
      compareChoice(goldText, predText) ??
      compareContent(gold, pred, comparer) ??
      compareWithPoints(gold, pred, comparer, options.unit);
    return verdict(rule, { unparsed: rule === undefined && b.kind === "opaque" });
  } catch (error) {
    if (!(error instanceof BudgetExceeded)) throw error;
    return verdict(undefined, { timeout: true });
  }
}

const DEFAULTS: CompareOptions = {
  precision: 6,
  strict: true,
  tolerance: undefined,
  allowSetRelationComp: true,
  percentFace: true,
};

/** The options that were given: one that is there without a value leaves the default. */
function given(options: CompareTextOptions): Partial<CompareOptions> {
  return Object.fromEntries(Object.entries(options).filter(([name, value]) => name in DEFAULTS && value !== undefined));
}

/** As strings, without white space. */
function compareLongTexts(goldText: string, predText: string): Verdict {
  const [gold, pred] = [plain(goldText), plain(predText)];
  return {
    rule: gold === pred && gold !== "" ? "string" : undefined,
    empty: pred === "",
    unparsed: true,
    timeout: false,
    normalForms: () => [gold, pred],
  };
}

function plain(text: string): string {
  return text.replace(/\s+/g, "").slice(0, MAX_LONG);
}

/** A gold number in the unit that the problem asks for: then an answer in another one is wrong. */
function withUnit(answer: Answer, unit: string | undefined): Answer {
  if (unit === undefined || unit === "") return answer;
  if (answer.kind === "list") return { ...answer, items: answer.items.map((item) => withUnit(item, unit)) };
  if (answer.kind !== "expression" || answer.unit !== "" || answer.percent) return answer;
  const split = splitUnit(tokenise(normalise(`1 ${unit}`)));
  // The text must not be that of the bare number, or the same digits in any unit would be the same string.
  return { ...answer, text: `${answer.text} ${split.unit}`, unit: split.unit, percent: split.percent };
}

/** `0,5` for 0.5 and for 1/2: with the decimal commas of either side read as points. */
function compareWithPoints(
  gold: string,
  pred: string,
  comparer: Comparer,
  unit: string | undefined,
): string | undefined {
  const [a, b] = [withDecimalPoint(gold), withDecimalPoint(pred)];
  if (a === undefined && b === undefined) return undefined;
  const read = (text: string): Answer => readAnswer(tokenise(text), comparer.budget);
  const rule = comparer.compare(withUnit(read(a ?? gold), unit), read(b ?? pred));
  return rule === undefined ? undefined : "decimal-comma";
}

function compareSets(gold: Answer, pred: Answer, comparer: Comparer): string | undefined {
  // A gold interval may be answered by an inequality, unless the caller forbids it.
  if (pred.kind === "chain" && gold.kind !== "chain" && !comparer.options.allowSetRelationComp) return undefined;
  return compareRealSets(gold, pred, comparer) === true ? "real-set" : undefined;
}
