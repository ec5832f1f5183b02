import {
  addRationals,
  decimalToRational,
  multiplyRationals,
  powRational,
  type Rational,
  rational,
} from "../values/rational.ts";

const GROUPED = String.raw`[1-9]\d{0,2}(?:,\d{3})+(?!\d)(?:\.\d+)?`;
const PLAIN = String.raw`\d+\.\d*|\.\d+|\d+`;
/** Decimals that go on: `\overline{36}`, `\bar{3}`, `\dot{1}4\dot{2}`, `0.1(36)`, `0.333\ldots`. */
const REPEATING = String.raw`\.?\\(?:overline|bar)\s*\{\d+\}|\.?\\dot\s*\{\d\}(?:\d*\\dot\s*\{\d\})?|(?<=\.\d{0,50})\(\d{1,50}\)|(?<=\.\d{1,50})\s?\\ldots`;
const EXPONENT = String.raw`[eE][-+]?\d+(?![\d.a-zA-Z])`;

/** A number at the start of a text; a comma groups digits. */
export const GROUPED_NUMBER = new RegExp(`(?:${GROUPED}|${PLAIN})(?:${REPEATING})?(?:${EXPONENT})?`, "y");
/** A number at the start of a text; a comma separates. */
export const PLAIN_NUMBER = new RegExp(`(?:${PLAIN})(?:${REPEATING})?(?:${EXPONENT})?`, "y");

/** The value of a matched number, and whether it was written as a decimal, which may have been rounded. */
export function readNumber(text: string): { value: Rational | undefined; decimal: boolean } {
  const parts = /^([\d,]*)(?:\.(\d*))?(\s?[.\\(].*?)?(?:[eE]([-+]?\d+))?$/.exec(text);
  if (parts === null) return { value: undefined, decimal: false };
  const [, grouped = "", fraction = "", tail = "", exponent] = parts;
  const whole = grouped.replaceAll(",", "");
  const block = /ldots/.test(tail) ? repeatedBlock(fraction) : tail.replace(/\D/g, "");
  const start = /ldots/.test(tail) ? fraction.slice(0, fraction.length - block.length) : fraction;
  const plain = decimalToRational(`${whole === "" ? "0" : whole}.${start}`);
  let value = block === "" ? plain : withRepeating(plain, block, start.length);
  if (exponent !== undefined && value !== undefined) {
    const power = powRational({ n: 10n, d: 1n }, Number(exponent));
    value = power === undefined ? undefined : multiplyRationals(value, power);
  }
  return { value, decimal: block === "" && text.includes(".") };
}

function withRepeating(value: Rational | undefined, block: string, places: number): Rational | undefined {
  const nines = 10n ** BigInt(block.length) - 1n;
  const rest = rational(BigInt(block), nines * 10n ** BigInt(places));
  return rest === undefined || value === undefined ? undefined : addRationals(value, rest);
}

/** The block that `0.333…` and `0.142857142857…` repeat: written three times, or twice if it is longer than a digit; else "". */
function repeatedBlock(fraction: string): string {
  for (let length = 1; length <= fraction.length / 2; length++) {
    const block = fraction.slice(-length);
    if (fraction.endsWith(block.repeat(length === 1 ? 3 : 2))) return block;
  }
  return "";
}
