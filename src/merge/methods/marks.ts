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

  /** Sets the values that are not marked to zero, keeping their sign as a product with zero does. */
  mask(values: Float32Array, start: number): void {
    for (let i = 0; i < values.length; i++) values[i] = (values[i] ?? 0) * (this.has(start + i) ? 1 : 0);
  }
}
