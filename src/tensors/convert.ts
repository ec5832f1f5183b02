import type { FloatDtype } from "./dtype.ts";
import { VectorStep } from "./wasm/vector-steps.ts";

// Conversions between F32, F16 and BF16 as PyTorch does them: round to nearest, ties to even; subnormals are kept; what is
// too large becomes infinity; NaN stays NaN. Node 20 has no Float16Array, so all of it is integer arithmetic on bits.

const floatCell = new Float32Array(1);
const bitsCell = new Uint32Array(floatCell.buffer);

/** The bits of a number as BF16. The number is rounded to F32 first, as PyTorch does with Python's doubles. */
export function toBf16Bits(value: number): number {
  floatCell[0] = value;
  return bf16BitsOf(bitsCell[0] ?? 0);
}

/** The bits of a number as F16. The number is rounded to F32 first, as PyTorch does with Python's doubles. */
export function toF16Bits(value: number): number {
  floatCell[0] = value;
  return f16BitsOf(bitsCell[0] ?? 0);
}

/** The number that 16 BF16 bits stand for. */
export function fromBf16Bits(bits: number): number {
  bitsCell[0] = bits << 16;
  return floatCell[0] ?? 0;
}

/** The number that 16 F16 bits stand for. */
export function fromF16Bits(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (0x400 + fraction) * 2 ** (exponent - 25);
}

/** A number rounded to a dtype: what is left of it after being stored and read again. */
export function roundTo(dtype: FloatDtype, value: number): number {
  if (dtype === "F32") return Math.fround(value);
  return dtype === "BF16" ? fromBf16Bits(toBf16Bits(value)) : fromF16Bits(toF16Bits(value));
}

/** Every number that a 2-byte dtype can hold, by its bits: 65,536 F32 values. Do not write to it. */
function valueTable(dtype: "F16" | "BF16"): Float32Array<ArrayBuffer> {
  let table = valueTables.get(dtype);
  if (table === undefined) {
    const of = dtype === "BF16" ? fromBf16Bits : fromF16Bits;
    table = Float32Array.from({ length: 65_536 }, (_, bits) => of(bits));
    valueTables.set(dtype, table);
  }
  return table;
}
const valueTables = new Map<"F16" | "BF16", Float32Array<ArrayBuffer>>();

/** Rounds every value of `values` in place to a 2-byte dtype; F32 values are there already. */
export function roundAll(dtype: FloatDtype, values: Float32Array): void {
  if (dtype !== "F32") VectorStep.of("round", dtype, true).apply(values, values);
}

/** Reads little-endian elements of a dtype as F32 values. `bytes` may start anywhere. */
export function decodeTo(values: Float32Array, dtype: FloatDtype, bytes: Uint8Array): void {
  if (dtype === "F32") {
    new Uint8Array(values.buffer, values.byteOffset, values.byteLength).set(bytes);
    return;
  }
  const halves = asUint16(bytes);
  if (dtype === "BF16") {
    const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
    for (let i = 0; i < halves.length; i++) bits[i] = (halves[i] ?? 0) << 16;
  } else {
    const table = valueTable("F16");
    for (let i = 0; i < halves.length; i++) values[i] = table[halves[i] ?? 0] ?? 0;
  }
}

/** Writes F32 values as little-endian elements of a dtype, rounded. `bytes` must start at a multiple of the element size. */
export function encodeTo(bytes: Uint8Array, dtype: FloatDtype, values: Float32Array): void {
  if (dtype === "F32") {
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    return;
  }
  const halves = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2);
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const of = dtype === "BF16" ? bf16BitsOf : f16BitsOf;
  for (let i = 0; i < bits.length; i++) halves[i] = of(bits[i] ?? 0);
}

/** The bytes as 16-bit units, copied if they start at an odd address. */
export function asUint16(bytes: Uint8Array): Uint16Array {
  const aligned = bytes.byteOffset % 2 === 0 ? bytes : bytes.slice();
  return new Uint16Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 2);
}

/** F32 bits to BF16 bits. */
function bf16BitsOf(bits: number): number {
  // A NaN must not be rounded: that could carry it over into infinity, or clear its fraction.
  if ((bits & 0x7fff_ffff) > 0x7f80_0000) return 0x7fc0;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

/** F32 bits to F16 bits. */
function f16BitsOf(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fff_ffff;
  if (magnitude > 0x7f80_0000) return 0x7e00;
  // 65520 and more rounds to infinity.
  if (magnitude >= 0x477f_f000) return sign | 0x7c00;
  if (magnitude >= 0x3880_0000) {
    const rebased = magnitude - 0x3800_0000;
    return sign | ((rebased + 0xfff + ((rebased >>> 13) & 1)) >>> 13);
  }
  // Below 2^-25, or exactly it, rounds to zero.
  if (magnitude <= 0x3300_0000) return sign;
  const fraction = (magnitude & 0x7f_ffff) | 0x80_0000;
  const shift = 126 - (magnitude >>> 23);
  const half = (1 << (shift - 1)) - 1;
  return sign | ((fraction + half + ((fraction >>> shift) & 1)) >>> shift);
}
