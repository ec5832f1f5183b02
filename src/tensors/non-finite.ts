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
  const any = orOfAll(words, mask, lowest);
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

/** Of every word: what of it the mask keeps, and a number added to that. Eight at a time, as every merged byte passes here. */
function orOfAll(words: Int32Array, mask: number, added: number): number {
  const all = words.length;
  let [a, b, c, d] = [0, 0, 0, 0];
  let i = 0;
  for (; i + 8 <= all; i += 8) {
    a |= (((words[i] ?? 0) & mask) + added) | (((words[i + 1] ?? 0) & mask) + added);
    b |= (((words[i + 2] ?? 0) & mask) + added) | (((words[i + 3] ?? 0) & mask) + added);
    c |= (((words[i + 4] ?? 0) & mask) + added) | (((words[i + 5] ?? 0) & mask) + added);
    d |= (((words[i + 6] ?? 0) & mask) + added) | (((words[i + 7] ?? 0) & mask) + added);
  }
  for (; i < all; i++) a |= ((words[i] ?? 0) & mask) + added;
  return a | b | c | d;
}
