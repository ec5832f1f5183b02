/** An exact fraction in lowest terms, `d` > 0. */
export interface Rational {
  readonly n: bigint;
  readonly d: bigint;
}

/** Longest number, in bits, that is kept exact; beyond it callers fall back on floating point. */
const MAX_BITS = 60_000;

/** n/d in lowest terms, or undefined if d is 0. */
export function rational(n: bigint, d = 1n): Rational | undefined {
  if (d === 0n) return undefined;
  if (d === 1n) return { n, d };
  const g = gcd(n, d);
  const s = d < 0n ? -g : g;
  return { n: n / s, d: d / s };
}

/** Reads digits with an optional point and sign: `-3.50`, `.5`, `7.`. */
export function decimalToRational(text: string): Rational | undefined {
  const match = /^([+-]?)(\d*)\.?(\d*)$/.exec(text);
  if (match === null || (match[2] === "" && match[3] === "") || text.length > 2000) return undefined;
  const fraction = match[3] ?? "";
  const n = BigInt(`${match[2]}${fraction}`);
  return rational(match[1] === "-" ? -n : n, 10n ** BigInt(fraction.length));
}

/** a + b */
export function addRationals(a: Rational, b: Rational): Rational | undefined {
  if (a.d === 1n && b.d === 1n) return { n: a.n + b.n, d: 1n };
  return bounded(rational(a.n * b.d + b.n * a.d, a.d * b.d));
}

/** a * b */
export function multiplyRationals(a: Rational, b: Rational): Rational | undefined {
  return bounded(rational(a.n * b.n, a.d * b.d));
}

/** a / b, undefined if b is 0. */
export function divideRationals(a: Rational, b: Rational): Rational | undefined {
  return bounded(rational(a.n * b.d, a.d * b.n));
}

/** a^exponent for a whole exponent, undefined if 0^-n or the result would be too long. */
export function powRational(a: Rational, exponent: number): Rational | undefined {
  const times = Math.abs(exponent);
  if (!Number.isInteger(exponent)) return undefined;
  if (a.n === 0n && exponent < 0) return undefined;
  if (times * Math.max(bits(a.n), bits(a.d)) > MAX_BITS && bits(a.n) + bits(a.d) > 2) return undefined;
  const e = BigInt(times);
  return exponent < 0 ? rational(a.d ** e, a.n ** e) : { n: a.n ** e, d: a.d ** e };
}

/** Bits of a whole number, from its hexadecimal digits. */
export function bits(n: bigint): number {
  return n.toString(16).length * 4;
}

/** The nearest double; right for numbers far beyond the range of doubles on both sides of the line. */
export function rationalToNumber(a: Rational): number {
  const shift = bits(a.n) - bits(a.d);
  if (Math.abs(shift) < 900 && bits(a.n) < 1000 && bits(a.d) < 1000) return Number(a.n) / Number(a.d);
  if (shift > 1100) return a.n < 0n ? -Infinity : Infinity;
  if (shift < -1200) return 0;
  const scale = 80 - shift;
  const quotient = scale >= 0 ? (a.n << BigInt(scale)) / a.d : a.n / (a.d << BigInt(-scale));
  return Number(quotient) * 2 ** -scale;
}

/** `3`, `-1/2`; a number of more than a hundred digits is cut. */
export function rationalText({ n, d }: Rational): string {
  const text = d === 1n ? String(n) : `${n}/${d}`;
  return text.length > 200 ? `${text.slice(0, 200)}...` : text;
}

function bounded(a: Rational | undefined): Rational | undefined {
  return a === undefined || bits(a.n) > MAX_BITS || bits(a.d) > MAX_BITS ? undefined : a;
}

/** The greatest common divisor, not negative. */
export function gcd(a: bigint, b: bigint): bigint {
  let [x, y] = [a < 0n ? -a : a, b < 0n ? -b : b];
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
}
