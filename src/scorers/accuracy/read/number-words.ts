import { addRationals, multiplyRationals, type Rational, rational } from "../values/rational.ts";

const SMALL =
  "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(
    " ",
  );
const TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split(" ");

/** Numbers below a hundred that are one word. */
const UNITS: ReadonlyMap<string, number> = new Map([
  ...SMALL.map((word, i): [string, number] => [word, i]),
  ...TENS.map((word, i): [string, number] => [word, 20 + 10 * i]),
  ["fourty", 40],
]);
const SCALES: ReadonlyMap<string, number> = new Map([
  ["thousand", 1e3],
  ["million", 1e6],
  ["billion", 1e9],
  ["trillion", 1e12],
]);
const PARTS: ReadonlyMap<string, number> = new Map([
  ["half", 2],
  ["third", 3],
  ["quarter", 4],
  ["fourth", 4],
  ["fifth", 5],
  ["sixth", 6],
  ["seventh", 7],
  ["eighth", 8],
  ["ninth", 9],
  ["tenth", 10],
]);

/** A number that words begin with, and how many of them say it. */
export interface WordedNumber {
  readonly value: Rational;
  readonly used: number;
}

/** Whether a word can begin or go on a number: `twenty`, `hundred`, `half`. */
export function isNumberWord(word: string): boolean {
  const lower = word.toLowerCase();
  return UNITS.has(lower) || SCALES.has(lower) || lower === "hundred" || lower === "dozen" || lower === "half";
}

/**
 * The number at the start of words in lower case, hyphens taken apart: `two hundred and five`, `minus seven`, `two thirds`, `half a
 * million`, `two point five`. Commas are words of their own. undefined where none stands.
 */
export function readNumberWords(words: readonly string[]): WordedNumber | undefined {
  const [first] = words;
  if (first === "minus" || first === "negative") {
    const found = readNumberWords(words.slice(1));
    return found === undefined || found.value.n <= 0n
      ? undefined
      : { value: { n: -found.value.n, d: found.value.d }, used: found.used + 1 };
  }
  if (first === "half") return readHalf(words);
  const article = first === "a" || first === "an" ? 1 : 0;
  const whole = readWhole(words, article);
  if (whole === undefined) return undefined;
  return readPoint(words, whole) ?? readParts(words, whole) ?? { value: rationalOf(whole.value), used: whole.used };
}

interface Whole {
  readonly value: number;
  readonly used: number;
}

/** The number of the last word: what may follow it depends on that. */
type Last = "start" | "unit" | "tens" | "hundred" | "scale";

function readWhole(words: readonly string[], start: number): Whole | undefined {
  let [total, group, at, limit] = [0, 0, start, Infinity];
  let last: Last = "start";
  let used = 0;
  for (; at < words.length; at++) {
    const joined = words[at] === "and" || words[at] === ",";
    // `two hundred and five`, `one thousand, two hundred`: only in front of more.
    if (joined && (last === "hundred" || last === "scale")) {
      const next = words[at + 1] ?? "";
      if (UNITS.has(next)) continue;
      break;
    }
    const word = words[at] ?? "";
    const unit = UNITS.get(word);
    const scale = SCALES.get(word);
    if (unit !== undefined) {
      const begins = last === "start" || last === "hundred" || last === "scale";
      if (!begins && !(last === "tens" && unit > 0 && unit < 10)) break;
      if (unit === 0 && last !== "start") break;
      group += unit;
      last = unit >= 20 ? "tens" : "unit";
    } else if (word === "hundred") {
      if (last === "start") group = 1;
      else if ((last !== "unit" && last !== "tens") || group >= 100) break;
      group *= 100;
      last = "hundred";
    } else if (scale !== undefined) {
      if (last === "scale" || scale >= limit) break;
      total += (last === "start" ? 1 : group) * scale;
      [group, limit, last] = [0, scale, "scale"];
    } else if (word === "dozen" && total === 0 && (last === "start" || last === "unit")) {
      return { value: (last === "start" ? 1 : group) * 12, used: at + 1 };
    } else break;
    used = at + 1;
  }
  return used === 0 ? undefined : { value: total + group, used };
}

/** `half`, `half a million`. */
function readHalf(words: readonly string[]): WordedNumber {
  const scale = words[1] === "a" ? SCALES.get(words[2] ?? "") : undefined;
  return scale === undefined ? { value: { n: 1n, d: 2n }, used: 1 } : { value: rationalOf(scale / 2), used: 3 };
}

/** `two point five`, digit by digit. */
function readPoint(words: readonly string[], whole: Whole): WordedNumber | undefined {
  if (words[whole.used] !== "point") return undefined;
  let digits = "";
  for (const word of words.slice(whole.used + 1)) {
    const digit = UNITS.get(word);
    if (digit === undefined || digit > 9) break;
    digits += String(digit);
  }
  const part = rational(BigInt(`0${digits}`), 10n ** BigInt(digits.length));
  const value = part === undefined ? undefined : addRationals(rationalOf(whole.value), part);
  return digits === "" || value === undefined ? undefined : { value, used: whole.used + 1 + digits.length };
}

/** `two thirds`, `one and a half`, `two and three quarters`. */
function readParts(words: readonly string[], whole: Whole): WordedNumber | undefined {
  const under = partOf(words[whole.used]);
  if (under !== undefined && whole.value > 0 && whole.value < 100)
    return wordedNumber(rational(BigInt(whole.value), BigInt(under)), whole.used + 1);
  if (words[whole.used] !== "and") return undefined;
  const rest = words.slice(whole.used + 1);
  const over = rest[0] === "a" ? { value: 1, used: 1 } : readWhole(rest, 0);
  const parts = over === undefined ? undefined : partOf(rest[over.used]);
  const part = over === undefined || parts === undefined ? undefined : rational(BigInt(over.value), BigInt(parts));
  if (over === undefined || part === undefined) return undefined;
  return wordedNumber(addRationals(rationalOf(whole.value), part), whole.used + over.used + 2);
}

function partOf(word: string | undefined): number | undefined {
  if (word === undefined) return undefined;
  return PARTS.get(word === "halves" ? "half" : word.replace(/s$/, ""));
}

function wordedNumber(value: Rational | undefined, used: number): WordedNumber | undefined {
  return value === undefined ? undefined : { value, used };
}

function rationalOf(value: number): Rational {
  return multiplyRationals({ n: BigInt(Math.round(value * 2)), d: 1n }, { n: 1n, d: 2n }) ?? { n: 0n, d: 1n };
}
