import { toF16Bits } from "./convert.ts";

/** Elements that share one scale. */
const Q8_BLOCK = 32;
const BLOCK_BYTES = 2 + Q8_BLOCK;
/** The exponent of an F16 that is infinite or no number, in its upper byte. */
const INFINITE_F16 = 0x7c;

/** Bytes of this many elements as Q8_0; the number must be a multiple of 32. */
export function q8Bytes(elements: number): number {
  return (elements / Q8_BLOCK) * BLOCK_BYTES;
}

/**
 * GGUF's Q8_0: blocks of 32 elements, each an F16 scale (the largest magnitude / 127) and 32 signed bytes.
 * Source: llama.cpp ggml/src/ggml-quants.c, `quantize_row_q8_0_ref`
 */
export function quantizeQ8(values: Float32Array): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(q8Bytes(values.length));
  const view = new DataView(out.buffer);
  for (let block = 0; block * Q8_BLOCK < values.length; block++) {
    const at = block * Q8_BLOCK;
    let largest = 0;
    for (let i = 0; i < Q8_BLOCK; i++) largest = Math.max(largest, Math.abs(values[at + i] ?? 0));
    const scale = Math.fround(largest / 127);
    const inverse = scale === 0 ? 0 : Math.fround(1 / scale);
    view.setUint16(block * BLOCK_BYTES, toF16Bits(scale), true);
    for (let i = 0; i < Q8_BLOCK; i++) {
      const scaled = Math.fround((values[at + i] ?? 0) * inverse);
      // C's roundf: halves away from zero.
      view.setInt8(block * BLOCK_BYTES + 2 + i, Math.sign(scaled) * Math.round(Math.abs(scaled)));
    }
  }
  return out;
}

/** How many elements are in blocks whose scale F16 cannot hold. */
export function countInfiniteQ8(bytes: Uint8Array): number {
  let blocks = 0;
  for (let at = 0; at < bytes.byteLength; at += BLOCK_BYTES) {
    if (((bytes[at + 1] ?? 0) & INFINITE_F16) === INFINITE_F16) blocks++;
  }
  return blocks * Q8_BLOCK;
}
