/**
 * Marks the `count` largest of non-negative values with 1. Of equal ones at the border, those are taken that come first (or
 * last). Found by counting, 16 bits of the values at a time: no sorting, no copies.
 */
export function selectLargest(magnitudes: Float32Array, count: number, takeFirst: boolean): Uint8Array {
  const marks = new Uint8Array(magnitudes.length);
  if (count <= 0) return marks;
  if (count >= magnitudes.length) return marks.fill(1);
  // The bits of non-negative floats are in the order of their values.
  const bits = new Uint32Array(magnitudes.buffer, magnitudes.byteOffset, magnitudes.length);
  const high = border(bits, count, (value) => value >>> 16);
  const low = border(bits, high.left, (value) => (value >>> 16 === high.value ? value & 0xffff : -1));
  const threshold = high.value * 65_536 + low.value;
  let { left } = low;
  for (let step = 0; step < bits.length; step++) {
    const index = takeFirst ? step : bits.length - 1 - step;
    const value = bits[index] ?? 0;
    if (value > threshold) marks[index] = 1;
    else if (value === threshold && left > 0) {
      marks[index] = 1;
      left--;
    }
  }
  return marks;
}

/** The largest key for which there are at least `count` values with it or a larger one, and how many of it are needed. */
function border(bits: Uint32Array, count: number, key: (value: number) => number): { value: number; left: number } {
  const histogram = new Uint32Array(65_536);
  for (const value of bits) {
    const at = key(value);
    if (at >= 0) histogram[at] = (histogram[at] ?? 0) + 1;
  }
  let left = count;
  let value = histogram.length - 1;
  while (value > 0 && (histogram[value] ?? 0) < left) left -= histogram[value--] ?? 0;
  return { value, left };
}
