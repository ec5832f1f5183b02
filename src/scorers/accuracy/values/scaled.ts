import type { Complex } from "./complex.ts";
import { bits, type Rational } from "./rational.ts";

/**
 * A complex number `(re + im i) · 2^exponent` whose exponent has no bounds that an answer reaches, and what is known of its error.
 * The larger of |re| and |im| is in [1/2, 1); zero has the exponent -Infinity. Infinity itself has `re` ±Infinity.
 */
export interface Scaled {
  readonly re: number;
  readonly im: number;
  readonly exponent: number;
  /** Binary logarithm of a bound of the absolute error; -Infinity for a number that is exact. */
  readonly error: number;
  /** A part that is not zero was added and disappeared: `e^{1000} + 1`. */
  readonly lost: boolean;
}

/** Bits of a double. */
const DIGITS = 53;
/** How far above its error the logarithm of a number stands that is surely not zero. */
const MARGIN = 6;
/** Bits of a number that must be known for it to be the same as another one. */
export const PRECISE = 24;

/** 0, exactly. */
export const ZERO: Scaled = { re: 0, im: 0, exponent: -Infinity, error: -Infinity, lost: false };

/** A double, taken as exact unless `error` (a binary logarithm) is given; undefined for NaN and for what has overflowed. */
export function fromComplex({ re, im }: Complex, error = -Infinity): Scaled | undefined {
  return Number.isFinite(re) && Number.isFinite(im) ? normal(re, im, 0, error, false) : undefined;
}

/** A fraction, to the nearest double. */
export function fromRational({ n, d }: Rational): Scaled {
  if (n === 0n) return ZERO;
  const [over, under] = [bits(n), bits(d)];
  if (over <= 52 && under <= 52) {
    const value = Number(n) / Number(d);
    const exact = d === 1n ? -Infinity : Math.log2(Math.abs(value)) - DIGITS;
    return normal(value, 0, 0, exact, false);
  }
  const shift = 70 - over + under;
  const quotient = shift >= 0 ? (n << BigInt(shift)) / d : n / (d << BigInt(-shift));
  const value = normal(Number(quotient), 0, -shift, 0, false);
  return { ...value, error: value.exponent - DIGITS };
}

/** ±Infinity, as an answer may say. */
export function infinite(sign: number): Scaled {
  return { re: sign * Infinity, im: 0, exponent: Infinity, error: -Infinity, lost: false };
}

/** Whether a number is infinity itself. */
export function isInfinite(a: Scaled): boolean {
  return a.exponent === Infinity;
}

/** As a double; undefined where doubles overflow or underflow. */
export function toComplex(a: Scaled): Complex | undefined {
  if (a.exponent === -Infinity) return { re: 0, im: 0 };
  if (Math.abs(a.exponent) > 1000) return undefined;
  const scale = 2 ** a.exponent;
  return { re: a.re * scale, im: a.im * scale };
}

/** Whether a number is surely not zero. */
export function isNonzero(a: Scaled): boolean {
  return a.exponent > a.error + MARGIN;
}

/** Whether a number is known to seven digits, or to twelve decimals if it may be zero. */
export function isPrecise(a: Scaled): boolean {
  return a.error <= Math.max(a.exponent - PRECISE, -40);
}

/** -a */
export function negate(a: Scaled): Scaled {
  return { ...a, re: -a.re, im: a.im === 0 ? 0 : -a.im };
}

/** a + b; undefined for infinities of two signs. */
export function add(a: Scaled, b: Scaled): Scaled | undefined {
  if (isInfinite(a) || isInfinite(b)) {
    if (!isInfinite(b)) return a;
    return isInfinite(a) && a.re !== b.re ? undefined : b;
  }
  const [large, small] = a.exponent >= b.exponent ? [a, b] : [b, a];
  if (small.exponent === -Infinity) return { ...large, error: sumOf(a.error, b.error), lost: a.lost || b.lost };
  const scale = 2 ** Math.max(small.exponent - large.exponent, -2000);
  const error = sumOf(sumOf(a.error, b.error), large.exponent - DIGITS);
  const lost = a.lost || b.lost || (small.exponent <= error + 1 && isNonzero(small));
  return normal(large.re + small.re * scale, large.im + small.im * scale, large.exponent, error, lost);
}

/** a · b; undefined for 0 · ∞. */
export function multiply(a: Scaled, b: Scaled): Scaled | undefined {
  if (isInfinite(a) || isInfinite(b)) {
    const real = a.im === 0 && b.im === 0 && a.re !== 0 && b.re !== 0 && isNonzero(a) && isNonzero(b);
    return real ? infinite(Math.sign(a.re) * Math.sign(b.re)) : undefined;
  }
  const [x, y] = [sizeOf(a), sizeOf(b)];
  const error = sumOf(sumOf(x + b.error, y + a.error), Math.max(a.error + b.error, x + y - DIGITS));
  const [re, im] = [a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re];
  return normal(re, im, a.exponent + b.exponent, error, a.lost || b.lost);
}

/** a / b; undefined where b may be 0. */
export function divide(a: Scaled, b: Scaled): Scaled | undefined {
  if (isInfinite(b)) return isInfinite(a) ? undefined : ZERO;
  if (!isNonzero(b)) return undefined;
  if (isInfinite(a)) return b.im === 0 ? infinite(Math.sign(a.re) * Math.sign(b.re)) : undefined;
  const size = b.re * b.re + b.im * b.im;
  const quotient = sizeOf(a) - sizeOf(b);
  const error = sumOf(sumOf(a.error - sizeOf(b), quotient + b.error - sizeOf(b)), quotient - DIGITS);
  const [re, im] = [(a.re * b.re + a.im * b.im) / size, (a.im * b.re - a.re * b.im) / size];
  return normal(re, im, a.exponent - b.exponent, error, a.lost || b.lost);
}

const LN2_HIGH = 6.9314718036912382e-1;
const LN2_LOW = 1.9082149292705877e-10;

/** e^a; undefined where the exponent itself is beyond reason. */
export function exponential(a: Scaled): Scaled | undefined {
  const value = toComplex(a);
  if (value === undefined || a.error > -8 || Math.abs(value.re) > 2 ** 40) return undefined;
  const n = Math.round(value.re / (LN2_HIGH + LN2_LOW));
  const size = Math.exp(value.re - n * LN2_HIGH - n * LN2_LOW);
  const error = sumOf(a.error + 1, Math.log2(1 + Math.abs(value.re) + Math.abs(value.im)) - DIGITS);
  const [re, im] = value.im === 0 ? [size, 0] : [size * Math.cos(value.im), size * Math.sin(value.im)];
  return normal(re, im, n, n + error + 1, a.lost);
}

/** The principal logarithm; undefined where a may be 0. */
export function logarithm(a: Scaled): Scaled | undefined {
  if (!isNonzero(a) || isInfinite(a)) return undefined;
  const re = Math.log(a.im === 0 ? Math.abs(a.re) : Math.hypot(a.re, a.im)) + a.exponent * (LN2_HIGH + LN2_LOW);
  const im = a.im === 0 && a.re > 0 ? 0 : Math.atan2(a.im, a.re);
  const error = sumOf(a.error - a.exponent + 1, Math.log2(1 + Math.abs(re)) - DIGITS + 1);
  return normal(re, im, 0, error, a.lost);
}

/** Largest whole exponent that is multiplied out by squaring. */
const MAX_SQUARED = 1 << 20;

/** a^b: whole powers by squaring, the rest by the principal logarithm; undefined where it cannot be told. */
export function power(a: Scaled, b: Scaled): Scaled | undefined {
  const exponent = toComplex(b);
  const whole = exponent !== undefined && exponent.im === 0 && Number.isInteger(exponent.re) && b.error === -Infinity;
  if (isInfinite(a) || isInfinite(b) || exponent === undefined) return undefined;
  if (a.exponent === -Infinity) return exponent.re > 0 && exponent.im === 0 && a.error === -Infinity ? ZERO : undefined;
  if (whole && a.re === 0.5 && a.im === 0 && a.error === -Infinity)
    return { ...a, exponent: 1 + (a.exponent - 1) * exponent.re };
  if (whole && Math.abs(exponent.re) <= MAX_SQUARED) return wholePower(a, exponent.re);
  // The sign of a negative base is that of its last factor.
  const negative = a.im === 0 && a.re < 0 && whole;
  const log = logarithm(negative ? negate(a) : a);
  const product = log === undefined ? undefined : multiply(log, b);
  const result = product === undefined ? undefined : exponential(product);
  return negative && exponent.re % 2 !== 0 && result !== undefined ? negate(result) : result;
}

function wholePower(a: Scaled, n: number): Scaled | undefined {
  let result: Scaled | undefined = ONE;
  let square: Scaled | undefined = a;
  for (let left = Math.abs(n); left > 0; left = Math.floor(left / 2)) {
    if (square === undefined || result === undefined) return undefined;
    if (left % 2 === 1) result = multiply(result, square);
    if (left > 1) square = multiply(square, square);
  }
  return n < 0 && result !== undefined ? divide(ONE, result) : result;
}

const ONE: Scaled = { re: 0.5, im: 0, exponent: 1, error: -Infinity, lost: false };

/** The square root, or a root of another whole degree: of a negative number the real one where the degree is odd. */
export function root(a: Scaled, degree: number): Scaled | undefined {
  if (isInfinite(a)) return a.re > 0 ? a : undefined;
  if (a.exponent === -Infinity) return { ...a, error: a.error / degree };
  if (a.im === 0 && a.re < 0) {
    const size = root(negate(a), degree);
    if (size === undefined || degree % 2 !== 0) return size === undefined ? undefined : negate(size);
    if (degree === 2) return { ...size, re: 0, im: size.re };
  }
  // The error of a root is that of the number over its size, unless the number may be 0.
  const shift = ((a.exponent % degree) + degree) % degree;
  const scale = 2 ** shift;
  const exponent = (a.exponent - shift) / degree;
  const error = isNonzero(a) ? exponent + 1 + sumOf(a.error - a.exponent, -DIGITS) : (a.error + 1) / degree;
  if (a.im === 0) return normal((a.re * scale) ** (1 / degree), 0, exponent, sumOf(error, exponent - 51), a.lost);
  const log = logarithm(a);
  const part = log === undefined ? undefined : divide(log, normal(degree, 0, 0, -Infinity, false));
  return part === undefined ? undefined : exponential(part);
}

/** log2(|re| + |im|) */
function sizeOf(a: Scaled): number {
  return a.exponent + Math.log2(Math.abs(a.re) + Math.abs(a.im));
}

/** log2(2^a + 2^b) */
export function sumOf(a: number, b: number): number {
  if (a === -Infinity) return b;
  if (b === -Infinity) return a;
  return Math.max(a, b) + Math.log2(1 + 2 ** -Math.abs(a - b));
}

/** With the larger part in [1/2, 1). */
function normal(re: number, im: number, exponent: number, error: number, lost: boolean): Scaled {
  const size = Math.max(Math.abs(re), Math.abs(im));
  if (size === 0) return { re: 0, im: 0, exponent: -Infinity, error, lost };
  let shift = Math.floor(Math.log2(size)) + 1;
  // Doubles below 2^-1022 and above 2^1023 need two steps.
  if (Math.abs(shift) > 1000) {
    const half = 2 ** -Math.trunc(shift / 2);
    return normal(re * half, im * half, exponent + Math.trunc(shift / 2), error, lost);
  }
  if (size * 2 ** -shift >= 1) shift++;
  const scale = 2 ** -shift;
  return { re: re * scale, im: im * scale, exponent: exponent + shift, error, lost };
}
