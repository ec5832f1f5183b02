/** What each bit of a byte multiplies with, for every byte. */
const FACTORS = Float32Array.from({ length: 256 * 8 }, (_, i) => ((i >> 3) >> (i & 7)) & 1);

/** One bit for each element of a tensor. */
export class Marks {
  readonly #bits: Uint8Array;

  constructor(count: number) {
    this.#bits = new Uint8Array(Math.ceil(count / 8));
  }

  /** Marks elements by their places. */
  addAll(places: Uint32Array): void {
    for (let i = 0; i < places.length; i++) this.add(places[i] ?? 0);
  }

  add(place: number): void {
    const byte = place >>> 3;
    this.#bits[byte] = (this.#bits[byte] ?? 0) | (1 << (place & 7));
  }

  /** Takes the marks of these elements away. */
  removeAll(places: Uint32Array): void {
    for (let i = 0; i < places.length; i++) {
      const byte = (places[i] ?? 0) >>> 3;
      this.#bits[byte] = (this.#bits[byte] ?? 0) & ~(1 << ((places[i] ?? 0) & 7));
    }
  }

  has(place: number): boolean {
    return (((this.#bits[place >>> 3] ?? 0) >>> (place & 7)) & 1) === 1;
  }

  /** Marks those of the elements from `start` on, a multiple of 8, that are 1 here. */
  addOnes(ones: Uint8Array, start: number): void {
    for (let i = 0; i < ones.length; i += 8) {
      let byte = 0;
      for (let bit = 0; bit < 8; bit++) byte |= (ones[i + bit] ?? 0) << bit;
      this.#bits[(start + i) / 8] = byte;
    }
  }

  /**
   * Sets the values that are not marked to zero, keeping their sign as a product with zero does.
   *
   * @param start of the values: a multiple of 8
   */
  mask(values: Float32Array, start: number): void {
    const bits = this.#bits;
    let i = 0;
    const end = values.length - (values.length % 8);
    for (let byte = start / 8; i < end; byte++, i += 8) {
      const factors = (bits[byte] ?? 0) * 8;
      for (let bit = 0; bit < 8; bit++) values[i + bit] = (values[i + bit] ?? 0) * (FACTORS[factors + bit] ?? 0);
    }
    for (; i < values.length; i++) values[i] = (values[i] ?? 0) * (this.has(start + i) ? 1 : 0);
  }
}
