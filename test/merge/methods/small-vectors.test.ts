import { expect, test } from "vitest";
import { mergeTensor } from "../../../src/merge/merge-tensor.ts";
import { mergeMethodOf } from "../../../src/merge/methods/index.ts";

interface Given {
  readonly weights?: readonly number[];
  readonly base?: boolean;
  readonly parameters?: Readonly<Record<string, number>>;
}

/** What a method makes of vectors, in F32; of them the first is the base model's if there is one. */
async function merged(name: string, vectors: readonly number[][], given: Given = {}): Promise<number[]> {
  const method = mergeMethodOf(name);
  if (method === undefined) throw new Error(`There is no method ${name}`);
  const { weights = [], base = false, parameters = {} } = given;
  const tensor = {
    name: "t",
    shape: [1, vectors[0]?.length ?? 0],
    work: "F32" as const,
    result: "F32" as const,
    dtype: "F32" as const,
    compat: false,
    inputs: vectors.map((_, index) => ({
      dtype: "F32" as const,
      isBase: base && index === 0,
      parameters: new Map([["weight", weights[index] ?? 1]]),
    })),
    parameters: new Map(
      method.parameters
        .filter(({ scope }) => scope === "merge")
        .map(({ name: key, fallback = 0 }) => [key, parameters[key] ?? fallback]),
    ),
  };
  const reads = vectors.map((vector) => (start: number, into: Uint8Array) => {
    into.set(new Uint8Array(Float32Array.from(vector).buffer).subarray(start, start + into.length));
    return Promise.resolve();
  });
  const result: number[] = [];
  for await (const piece of mergeTensor(method, tensor, reads, { seed: 0, first: 0 })) {
    result.push(...new Float32Array(piece.slice().buffer));
  }
  return result.map((value) => Math.round(value * 1e5) / 1e5 + 0);
}

test("multislerp of two directions is in the middle of their arc, at their mean length", async () => {
  const [x = 0, y = 0] = await merged("multislerp", [
    [2, 0],
    [0, 4],
  ]);
  expect([x, y]).toEqual([2.12132, 2.12132]);
});

test("multislerp of one model is that model, and beside a base model what it has changed is turned", async () => {
  expect(await merged("multislerp", [[1, 2, 3]])).toEqual([1, 2, 3]);
  expect(
    await merged(
      "multislerp",
      [
        [1, 1],
        [3, 1],
        [1, 3],
      ],
      { base: true },
    ),
  ).toEqual([2.41421, 2.41421]);
});

test("multislerp of two that cancel out is the weighted sum; of three, it is refused", async () => {
  const opposite = [
    [1, 0],
    [-1, 0],
  ];
  expect(await merged("multislerp", opposite)).toEqual([0, 0]);
  const weights = [1, 1, 2];
  await expect(merged("multislerp", [...opposite, [0, 0]], { weights })).rejects.toThrow("cancel out");
});

test("ram adds what one model alone has changed, and the mean of what several have", async () => {
  const vectors = [
    [1, 1, 1, 1],
    [2, 1, 3, 1],
    [1, 1, 5, 1],
  ];
  expect(await merged("ram", vectors, { base: true })).toEqual([2, 1, 4, 1]);
  expect(await merged("ram", vectors, { base: true, parameters: { epsilon: 1.5 } })).toEqual([1, 1, 4, 1]);
  // Of the first, one change is shared and one is its alone: it counts 1 + r * 0.2.
  expect(await merged("ramplus_tl", vectors, { base: true })).toEqual([2.02, 1, 4, 1]);
});

test("arcee_fusion takes what stands out, and leaves the rest", async () => {
  const base = [0, 0, 0, 0, 0, 0, 0, 0];
  const other = [0.01, -0.02, 0.03, 3, -0.04, 0.05, -0.06, 0.07];
  expect(await merged("arcee_fusion", [base, other], { base: true })).toEqual([0, 0, 0, 3, 0, 0, 0, 0]);
});
