import { expect, test } from "vitest";
import { BernoulliSource } from "../../../src/merge/methods/bernoulli.ts";
import { karcher } from "../../../src/merge/methods/karcher.ts";

function meanOf(...vectors: readonly number[][]): number[] {
  const tensor = {
    name: "t",
    shape: [vectors[0]?.length ?? 0],
    work: "F32" as const,
    dtype: "F32" as const,
    compat: false,
    inputs: vectors.map(() => ({ dtype: "F32" as const, isBase: false, parameters: new Map<string, number>() })),
    parameters: new Map([
      ["max_iter", 100],
      ["tol", 1e-7],
    ]),
  };
  const values = vectors.map((vector) => Float32Array.from(vector));
  return Array.from(karcher.merge(tensor, values, new BernoulliSource(0)));
}

function rounded(values: readonly number[]): number[] {
  return values.map((value) => Math.round(value * 1e5) / 1e5 + 0);
}

function directionAt(angle: number): number[] {
  return [Math.cos(angle), Math.sin(angle), 0];
}

test("of two directions, the mean is in the middle of the arc, at the mean length", () => {
  expect(rounded(meanOf([2, 0], [0, 4]))).toEqual(rounded([3 * Math.SQRT1_2, 3 * Math.SQRT1_2]));
});

test("of three directions on one arc, the mean angle counts, not the mean vector", () => {
  expect(rounded(meanOf(directionAt(0), directionAt(0.2), directionAt(1)))).toEqual(rounded(directionAt(0.4)));
});

test("equal vectors are their own mean, and zeros stay zero", () => {
  expect(rounded(meanOf([1, 2, 3], [1, 2, 3]))).toEqual([1, 2, 3]);
  expect(meanOf([0, 0], [0, 0])).toEqual([0, 0]);
});
