import { describe, expect, test } from "vitest";
import { seededRandom } from "../../../../src/base/random.ts";
import { linear, linearReference } from "../../../../src/merge/methods/linear/linear.ts";
import type { Kernel, TensorMerge } from "../../../../src/merge/methods/method.ts";
import { dtypeBytes, type FloatDtype } from "../../../../src/tensors/dtype.ts";

const DTYPES: readonly FloatDtype[] = ["F32", "F16", "BF16"];

/** F32 bits at which conversions change what they do: around 0, subnormals, the ends of F16's and BF16's ranges, NaN. */
const CORNERS = [
  0, 1, 0x7fff, 0x8000, 0x8001, 0x17fff, 0x18000, 0x7f_ffff, 0x80_0000, 0x3300_0000, 0x3300_0001, 0x3380_0000,
  0x33c0_0000, 0x387f_efff, 0x387f_f000, 0x3880_0000, 0x3f80_0000, 0x3f80_0fff, 0x3f80_1000, 0x3f80_3000, 0x3f80_8000,
  0x3f81_8000, 0x477f_e000, 0x477f_efff, 0x477f_f000, 0x4780_0000, 0x7f7f_7fff, 0x7f7f_8000, 0x7f7f_ffff, 0x7f80_0000,
  0x7f80_0001, 0x7fbf_ffff, 0x7fc0_0000, 0x7fff_ffff,
].flatMap((bits) => [bits, (bits | 0x8000_0000) >>> 0]);

function tensorOf(
  dtypes: readonly FloatDtype[],
  {
    work,
    dtype,
    weights,
    elements,
    normalize = 1,
  }: {
    work: FloatDtype;
    dtype: FloatDtype;
    weights: readonly number[];
    elements: number;
    normalize?: number;
  },
): TensorMerge {
  const inputs = dtypes.map((input, index) => ({
    dtype: input,
    isBase: false,
    parameters: new Map([["weight", weights[index] ?? 0]]),
  }));
  return {
    name: "t",
    shape: [elements],
    work,
    result: work,
    dtype,
    inputs,
    compat: true,
    parameters: new Map([["normalize", normalize]]),
  };
}

/** Bits of all kinds: for a 2-byte dtype every one there is, if there is room; corners and random ones for F32. */
function bitsOf(dtype: FloatDtype, elements: number, seed: number): Uint8Array {
  const random = seededRandom(seed);
  if (dtype === "F32") {
    const bits = Uint32Array.from({ length: elements }, (_, i) => CORNERS[i] ?? Math.floor(random() * 2 ** 32));
    return new Uint8Array(bits.buffer);
  }
  const bits = Uint16Array.from({ length: elements }, (_, i) => (seed === 0 ? i : Math.floor(random() * 65_536)));
  return new Uint8Array(bits.buffer);
}

/** The bytes that a kernel makes of the inputs, with one NaN in F32. */
function run(kernel: Kernel, { inputs, dtype, shape: [elements = 0] }: TensorMerge): Buffer {
  for (const [index, input] of inputs.entries()) kernel.inputs[index]?.set(bitsOf(input.dtype, elements, index));
  kernel.run(elements, 0);
  const { buffer } = kernel.out.slice(0, elements * dtypeBytes(dtype));
  kernel.release?.();
  if (dtype === "F32") {
    const values = new Float32Array(buffer);
    for (let i = 0; i < values.length; i++) if (Number.isNaN(values[i])) values[i] = Number.NaN;
  }
  return Buffer.from(buffer);
}

/** @returns the bytes, which are those of the reference */
function expectAgreement(tensor: TensorMerge): Buffer {
  const [ours, expected] = [run(linear.prepare(tensor), tensor), run(linearReference(tensor), tensor)];
  expect(Buffer.compare(ours, expected)).toBe(0);
  return ours;
}

/** Every combination of two inputs', the work and the result's dtype. */
const combinations = DTYPES.flatMap((a) =>
  DTYPES.flatMap((b) => DTYPES.flatMap((work) => DTYPES.map((dtype) => [a, b, work, dtype] as const))),
);

/** Products that are rounded at all exponents, overflow and vanish. */
const WEIGHTS = [
  { weights: [0.1, 0.9], normalize: 0 },
  { weights: [0.3, 0.3], normalize: 1 },
  { weights: [3e4, -0.25], normalize: 1 },
  { weights: [-0.0007, 1e-40], normalize: 0 },
];

describe("the kernel in WebAssembly makes what the one in TypeScript makes, bit by bit", () => {
  test.each(combinations)("%s and %s in %s to %s", (a, b, work, dtype) => {
    for (const { weights, normalize } of WEIGHTS) {
      const bytes = expectAgreement(tensorOf([a, b], { work, dtype, weights, elements: 65_536, normalize }));
      expect(new Set(bytes).size).toBeGreaterThan(100);
    }
  });

  test.each([1, 2, 3, 5, 7, 8, 9, 15, 16, 31, 32, 33, 63, 65, 1000])(
    "%i elements of one to twenty models",
    (elements) => {
      for (const models of [1, 3, 4, 5, 15, 16, 20]) {
        for (const work of DTYPES) {
          const weights = Array.from({ length: models }, (_, i) => (i + 1) / 10);
          const dtypes = weights.map((_, i) => (i % 3 === 2 ? "F32" : work));
          const tensor = tensorOf(dtypes, { work, dtype: work, weights, elements });
          expect(expectAgreement(tensor).byteLength).toBe(elements * dtypeBytes(work));
        }
      }
    },
  );

  test("two tensors that are merged at the same time do not share a buffer", () => {
    const tensor = tensorOf(["BF16"], { work: "BF16", dtype: "BF16", weights: [1], elements: 8, normalize: 0 });
    const [first, second] = [linear.prepare(tensor), linear.prepare(tensor)];
    first.inputs[0]?.fill(0);
    second.inputs[0]?.fill(0x3f);
    first.run(8, 0);
    second.run(8, 0);
    expect(first.out[0]).toBe(0);
    expect(second.out[0]).toBe(0x3f);
    first.release?.();
    expect(linear.prepare(tensor).out.buffer).toBe(first.out.buffer);
  });
});
