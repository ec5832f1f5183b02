import { dtypeBytes, type FloatDtype } from "./dtype.ts";

/**
 * By dtype the bits of the exponent, in each element of a 32-bit word, and the lowest of them: added to an exponent of ones
 * (infinity, NaN), it carries into the sign's place, and of no other.
 */
const EXPONENT: Readonly<Record<FloatDtype, readonly [mask: number, lowest: number, carried: number]>> = {
  F32: [0x7f800000, 0x00800000, 0x80000000],
  BF16: [0x7f807f80, 0x00800080, 0x80008000],
  F16: [0x7c007c00, 0x04000400, 0x80008000],
};

/** How many elements are infinite or no number. Bytes are little-endian, whole elements. */
export function countNonFinite(dtype: FloatDtype, bytes: Uint8Array): number {
  const [mask, lowest, carried] = EXPONENT[dtype];
  const size = dtypeBytes(dtype);
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  const words = new Int32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength >> 2);
  let any = 0;
  for (let i = 0; i < words.length; i++) any |= ((words[i] ?? 0) & mask) + lowest;
  const rest = aligned.subarray(words.byteLength);
  if ((any & carried) === 0 && rest.byteLength === 0) return 0;
  let count = 0;
  const view = new DataView(aligned.buffer, aligned.byteOffset, aligned.byteLength);
  const ones = size === 4 ? mask : mask & 0xffff;
  for (let at = 0; at < aligned.byteLength; at += size) {
    const bits = size === 4 ? view.getUint32(at, true) : view.getUint16(at, true);
    if ((bits & ones) === ones) count++;
  }
  return count;
}
