/*
 * Functions of F32 numbers as near as can be to how PyTorch computes them on a CPU: they do not always give the nearest number,
 * so the last bit of a merge depends on how they are computed.
 * Source: SLEEF, https://sleef.org, with fused multiply-add: `Sleef_acosf8_u10`, `Sleef_sinf8_u35`
 */

/** a * b + c of F32 numbers, rounded to F32 once. */
export function fusedMultiplyAdd(a: number, b: number, c: number): number {
  const product = a * b;
  const sum = product + c;
  // The product is exact as a double, the sum is not: what it lacks decides only if it is just between two F32 numbers.
  const rounded = Math.fround(sum);
  const other = rounded + 2 * (sum - rounded);
  if (other === rounded || (Math.fround(other) !== other && Number.isFinite(rounded))) return rounded;
  const added = sum - product;
  const error = product - (sum - added) + (c - added);
  if (error === 0 || !Number.isFinite(error)) return rounded;
  return Math.fround(sum + Math.sign(error) * Math.abs(sum) * Number.EPSILON);
}

/** A polynomial by Horner's rule, highest coefficient first. */
function polynomial(x: number, coefficients: readonly number[]): number {
  return coefficients.reduce((sum, coefficient) => fusedMultiplyAdd(sum, x, Math.fround(coefficient)), 0);
}

/** 1 / pi and pi in three parts, as F32. */
const INVERSE_PI = Math.fround(1 / Math.PI);
const PI_PARTS = [3.141_479_492_187_5, 0.000_113_159_418_106_079_1, 1.984_187_258_941_005_9e-9].map(Math.fround);
const SINE = [
  2.608_315_980_978_659e-6, -0.000_198_106_907_191_686_33, 0.008_333_078_585_565_09, -0.166_666_597_127_914_43,
];

/** @param angle F32, below 125 in size */
export function sine(angle: number): number {
  const turns = roundHalfToEven(Math.fround(angle * INVERSE_PI));
  const rest = PI_PARTS.reduce((left, part) => fusedMultiplyAdd(turns, -part, left), angle);
  const x = turns % 2 === 0 ? rest : -rest;
  const cubic = Math.fround(polynomial(Math.fround(x * x), SINE) * x);
  return Math.fround(Math.fround(Math.fround(x * x) * cubic) + x);
}

const ARC_SINE = [0.041_974_548_25, 0.024_240_460_25, 0.045_474_238_69, 0.074_950_292_71, 0.166_667_729_6];
/** pi / 2 as an unevaluated sum of two F32 numbers. */
const HALF_PI = Math.fround(Math.PI / 2);
const HALF_PI_REST = Math.fround(Math.PI / 2 - HALF_PI);

/**
 * Beyond a half as SLEEF does it; up to there, from -1 on, by steps that were found by comparison with PyTorch 2.13: they give its
 * result for 99 cosines of 100. (It is Intel's MKL that computes it there, whose steps nobody publishes.)
 *
 * @param cosine F32, from -1 to 1
 */
export function arcCosine(cosine: number): number {
  const size = Math.abs(cosine);
  const small = size < 0.5;
  const square = small ? Math.fround(cosine * cosine) : Math.fround(Math.fround(1 - size) * 0.5);
  const bend = Math.fround(square * polynomial(square, ARC_SINE));
  if (small) return Math.fround(HALF_PI - Math.fround(cosine - fusedMultiplyAdd(-cosine, bend, HALF_PI_REST)));
  if (cosine < 0) {
    const root = Math.fround(Math.sqrt(square));
    const rest = fusedMultiplyAdd(root, bend, -HALF_PI_REST) + Math.fround(Math.sqrt(square) - root);
    return Math.fround(2 * Math.fround(HALF_PI - Math.fround(root + Math.fround(rest))));
  }
  if (size === 1) return 0;
  const root = squareRoot(square);
  const half = add(root, Math.fround(polynomial(square, ARC_SINE) * Math.fround(root[0] * square)));
  return Math.fround(half[0] * 2 + half[1] * 2);
}

/** A number as an unevaluated sum of two F32 numbers, the first of which is the nearest to it. */
type Pair = readonly [number, number];

/** x + y where x is the larger. */
function add(x: Pair, y: number): Pair {
  const sum = Math.fround(x[0] + y);
  return [sum, Math.fround(Math.fround(Math.fround(x[0] - sum) + y) + x[1])];
}

/** One step of Newton's method from the F32 root. */
function squareRoot(square: number): Pair {
  const root = Math.fround(Math.sqrt(square));
  const high = Math.fround(root * root);
  const low = fusedMultiplyAdd(root, root, -high);
  const sum = Math.fround(square + high);
  const added = Math.fround(sum - square);
  const error = Math.fround(Math.fround(square - Math.fround(sum - added)) + Math.fround(high - added));
  const rest = Math.fround(error + low);
  const inverse = Math.fround(1 / root);
  const inverseRest = Math.fround(inverse * fusedMultiplyAdd(-root, inverse, 1));
  const quotient = Math.fround(sum * inverse);
  let quotientRest = fusedMultiplyAdd(sum, inverse, -quotient);
  quotientRest = fusedMultiplyAdd(rest, inverse, quotientRest);
  quotientRest = fusedMultiplyAdd(sum, inverseRest, quotientRest);
  return [quotient / 2, quotientRest / 2];
}

function roundHalfToEven(value: number): number {
  const nearest = Math.round(value);
  return nearest - value === 0.5 && nearest % 2 !== 0 ? nearest - 1 : nearest;
}
