import { expect, test } from "vitest";
import { mergeTensor } from "../../../src/merge/merge-tensor.ts";
import { karcher } from "../../../src/merge/methods/karcher.ts";

async function meanOf(...vectors: readonly number[][]): Promise<number[]> {
  const tensor = {
    name: "t",
    shape: [vectors[0]?.length ?? 0],
    work: "F32" as const,
    result: "F32" as const,
    dtype: "F32" as const,
    compat: false,
    inputs: vectors.map(() => ({ dtype: "F32" as const, isBase: false, parameters: new Map<string, number>() })),
    parameters: new Map([
      ["max_iter", 100],
      ["tol", 1e-7],
    ]),
  };
  const reads = vectors.map((vector) => async (start: number, into: Uint8Array) => {
    into.set(new Uint8Array(Float32Array.from(vector).buffer).subarray(start, start + into.length));
  });
  const mean: number[] = [];
  for await (const piece of mergeTensor(karcher, tensor, reads, { seed: 0, first: 0 })) {
    mean.push(...new Float32Array(piece.slice().buffer));
  }
  return mean;
}

function rounded(values: readonly number[]): number[] {
  return values.map((value) => Math.round(value * 1e5) / 1e5 + 0);
}

function directionAt(angle: number): number[] {
  return [Math.cos(angle), Math.sin(angle), 0];
}

test("of two directions, the mean is in the middle of the arc, at the mean length", async () => {
  expect(rounded(await meanOf([2, 0], [0, 4]))).toEqual(rounded([3 * Math.SQRT1_2, 3 * Math.SQRT1_2]));
});

test("of three directions on one arc, the mean angle counts, not the mean vector", async () => {
  expect(rounded(await meanOf(directionAt(0), directionAt(0.2), directionAt(1)))).toEqual(rounded(directionAt(0.4)));
});

test("equal vectors are their own mean, and zeros stay zero", async () => {
  expect(rounded(await meanOf([1, 2, 3], [1, 2, 3]))).toEqual([1, 2, 3]);
  expect(await meanOf([0, 0], [0, 0])).toEqual([0, 0]);
});
