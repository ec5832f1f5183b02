import * as fc from "fast-check";
import { expect, test } from "vitest";
import { BlasDot } from "../../../../src/merge/methods/torch/blas-dot.ts";
import { arcCosine, fusedMultiplyAdd, sine } from "../../../../src/merge/methods/torch/vector-math.ts";

const float = fc.float({ noNaN: true, noDefaultInfinity: true, min: -(2 ** 60), max: 2 ** 60 });

/** A finite number as a fraction with the denominator 2^300, which holds all products of two F32 numbers. */
const SCALE = 300n;
function exact(value: number): bigint {
  const cell = new DataView(new ArrayBuffer(8));
  cell.setFloat64(0, value);
  const bits = cell.getBigUint64(0);
  const exponent = (bits >> 52n) & 0x7ffn;
  const fraction = bits & 0xf_ffff_ffff_ffffn;
  if (exponent === 0n) return 0n;
  const shift = exponent - 1075n + SCALE;
  const whole = fraction | 0x10_0000_0000_0000n;
  const size = shift >= 0n ? whole << shift : whole >> -shift;
  return value < 0 ? -size : size;
}

/** Both neighbours of an F32 number. */
function neighbours(value: number): [number, number] {
  const cell = new DataView(new ArrayBuffer(4));
  const step = (by: number): number => {
    cell.setFloat32(0, value);
    cell.setUint32(0, cell.getUint32(0) + by);
    return cell.getFloat32(0);
  };
  return [step(1), step(-1)];
}

function expectNear(value: number, truth: number): void {
  const nearest = Math.fround(truth);
  expect([nearest, ...neighbours(nearest)]).toContain(value);
}

function after(value: number): number {
  return neighbours(Math.fround(value))[0];
}

/** 64 elements, zero but for these. */
function vectorOf(values: Readonly<Record<number, number>>): Float32Array {
  const vector = new Float32Array(64);
  for (const [index, value] of Object.entries(values)) vector[Number(index)] = value;
  return vector;
}

function isNearest(result: number, a: number, b: number, c: number): boolean {
  const wanted = ((exact(a) * exact(b)) >> SCALE) + exact(c);
  const miss = (value: number): bigint => {
    const difference = exact(value) - wanted;
    return difference < 0n ? -difference : difference;
  };
  return neighbours(result).every((other) => miss(result) <= miss(other));
}

test("a product and a sum are rounded once, to the nearest number", () => {
  fc.assert(
    fc.property(float, float, float, (a, b, c) => {
      fc.pre(Math.abs(a * b + c) > 1e-30);
      expect(isNearest(fusedMultiplyAdd(a, b, c), a, b, c)).toBe(true);
    }),
    { numRuns: 2000 },
  );
});

test("what is just beside the middle between two numbers is not rounded as the middle itself", () => {
  const [a, b, c] = [1 + 2 ** -23, 2 ** 5 * (1 - 2 ** -23), 2 ** 29 + 2 ** 6];
  // a * b is 2^5 - 2^-41. As a double, the sum is the middle between c and the next number, which is the even one of the two.
  expect(Math.fround(a * b + c)).toBe(c + 2 ** 6);
  for (const sign of [1, -1]) expect(fusedMultiplyAdd(sign * a, b, sign * c)).toBe(sign * c);
});

test("sines and arc cosines are within one unit in the last place", () => {
  for (let i = -1000; i <= 1000; i++) {
    const cosine = Math.fround(i / 1000);
    expectNear(arcCosine(cosine), Math.acos(cosine));
    const angle = Math.fround(1.5 + i / 700);
    expectNear(sine(angle), Math.sin(angle));
  }
  expect([arcCosine(1), arcCosine(-1), sine(0)]).toEqual([0, Math.fround(Math.PI), 0]);
  expect(arcCosine(Number.NaN)).toBeNaN();
});

test("where PyTorch's result is not the nearest number, it is PyTorch's", () => {
  // Read off mergekit's vectors: two tensors of nuslerp_f32 come out with these results and no other ones.
  const cosine = Math.fround(0.9743382334709167);
  expect(arcCosine(cosine)).toBe(after(Math.acos(cosine)));
  const part = Math.fround(Math.fround(0.7) * arcCosine(Math.fround(0.9562935829162598)));
  expect(sine(part)).toBe(after(Math.sin(part)));
});

function blasDot(a: Float32Array, b: Float32Array): number {
  const dot = new BlasDot();
  dot.add(a, b);
  return dot.total();
}

test("a dot product is added in lanes of 32, each vector folded in half first", () => {
  const ones = new Float32Array(64).fill(1);
  const big = 2 ** 25;
  // What cancels first leaves the 1 as it is; what the 1 is added to before swallows it.
  expect(blasDot(vectorOf({ 0: big, 32: -big, 4: 1 }), ones)).toBe(1);
  expect(blasDot(vectorOf({ 0: big, 4: -big, 8: 1 }), ones)).toBe(1);
  expect(blasDot(vectorOf({ 0: big, 8: -big, 4: 1 }), ones)).toBe(0);
  expect(blasDot(vectorOf({ 0: big, 8: -big, 16: 1 }), ones)).toBe(1);
  expect(blasDot(vectorOf({ 0: big, 16: -big, 1: 1 }), ones)).toBe(1);
  expect(blasDot(vectorOf({ 0: big, 1: -big, 16: 1 }), ones)).toBe(0);
  expect(blasDot(Float32Array.of(3, 4), Float32Array.of(3, 4))).toBe(25);
});
