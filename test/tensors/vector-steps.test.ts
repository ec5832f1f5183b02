import * as fc from "fast-check";
import { expect, test } from "vitest";
import { roundTo } from "../../src/tensors/convert.ts";
import { VectorStep } from "../../src/tensors/wasm/vector-steps.ts";

const OPERATIONS = {
  add: (a: number, b: number) => a + b,
  subtract: (a: number, b: number) => a - b,
  multiply: (a: number, b: number) => a * b,
  divide: (a: number, b: number) => a / b,
  round: (a: number) => a,
} as const;

const numbers = fc.oneof(
  fc.float(),
  fc.constantFrom(
    0,
    -0,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.NaN,
    2 ** -149,
    -(2 ** -133),
    Math.fround(3e38),
  ),
);

for (const dtype of ["F32", "F16", "BF16"] as const) {
  test.each(Object.entries(OPERATIONS))(`${dtype}: %s is one operation and one rounding`, (name, operation) => {
    const key = fc.constant(name).filter((known): known is keyof typeof OPERATIONS => known in OPERATIONS);
    fc.assert(
      fc.property(key, fc.array(fc.tuple(numbers, numbers), { minLength: 1, maxLength: 40 }), (of, pairs) => {
        const [a, b] = [0, 1].map((side) => Float32Array.from(pairs, (pair) => pair[side] ?? 0));
        if (a === undefined || b === undefined) throw new Error("two sides");
        const [number = 0] = b;
        const out = new Float32Array(a.length);
        VectorStep.of(of, dtype, false).apply(out, a, b);
        expect(out).toEqual(a.map((value, i) => roundTo(dtype, Math.fround(operation(value, b[i] ?? 0)))));
        VectorStep.of(of, dtype, true).apply(a, a, number);
        expect(a).toEqual(Float32Array.from(pairs, ([value]) => roundTo(dtype, Math.fround(operation(value, number)))));
      }),
    );
  });
}

test("a vector of any length is gone through to its end, and nothing behind it is touched", () => {
  for (const length of [1, 3, 4, 4095, 4096, 4097, 10_000]) {
    const values = Float32Array.from({ length: length + 1 }, (_, i) => i + 1 / 3);
    const expected = values.map((value, i) => (i < length ? roundTo("BF16", value) : value));
    VectorStep.of("round", "BF16", true).apply(values.subarray(0, length), values.subarray(0, length));
    expect(values).toEqual(expected);
  }
});
