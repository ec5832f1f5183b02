import { seededRandom } from "../../src/base/random.ts";
import { encodeTo } from "../../src/tensors/convert.ts";
import { dtypeBytes, type FloatDtype } from "../../src/tensors/dtype.ts";

/** Bytes of a base model's tensor and of two others that are near it, the same in every run. */
export function torchInputs(dtype: FloatDtype, elements: number): Uint8Array[] {
  const random = seededRandom(17);
  const base = Float32Array.from({ length: elements }, () => (random() - 0.5) / 16);
  const others = [0, 1].map(() => base.map((value) => value + (random() - 0.5) / 128));
  return [base, ...others].map((values) => {
    const bytes = new Uint8Array(elements * dtypeBytes(dtype));
    encodeTo(bytes, dtype, values);
    return bytes;
  });
}
