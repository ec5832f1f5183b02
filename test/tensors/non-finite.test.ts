import { expect, test } from "vitest";
import { seededRandom } from "../../src/base/random.ts";
import { encodeTo } from "../../src/tensors/convert.ts";
import { countNonFinite } from "../../src/tensors/non-finite.ts";

test.each(["F32", "F16", "BF16"] as const)(
  "infinite and no numbers of %s are counted, whatever is beside them",
  (dtype) => {
    const random = seededRandom(1);
    const size = dtype === "F32" ? 4 : 2;
    for (const length of [1, 2, 3, 7, 64, 1001]) {
      const values = Float32Array.from({ length }, () => {
        const draw = random();
        if (draw < 0.1) return Number.POSITIVE_INFINITY;
        if (draw < 0.2) return Number.NEGATIVE_INFINITY;
        if (draw < 0.3) return Number.NaN;
        return draw < 0.6 ? 65_504 : -1e-30;
      });
      const bytes = new Uint8Array(length * size + 1);
      // Not where words begin.
      const shifted = bytes.subarray(1);
      encodeTo(shifted.slice(), dtype, values);
      const encoded = new Uint8Array(length * size);
      encodeTo(encoded, dtype, values);
      shifted.set(encoded);
      const expected = values.filter((value) => !Number.isFinite(value)).length;
      expect([countNonFinite(dtype, encoded), countNonFinite(dtype, shifted)]).toEqual([expected, expected]);
    }
  },
);

test("the largest and the smallest values are finite", () => {
  const largest = new Uint8Array(Uint16Array.of(0x7bff, 0xfbff, 0x0001, 0x03ff).buffer);
  expect(countNonFinite("F16", largest)).toBe(0);
  const bf16 = new Uint8Array(Uint16Array.of(0x7f7f, 0xff7f, 0x0001, 0x007f).buffer);
  expect(countNonFinite("BF16", bf16)).toBe(0);
});
