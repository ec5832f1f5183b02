import { studentQuantile } from "../stats/distributions.ts";

/**
 * The critical values of one family of tests that is looked at several times (Lan and DeMets 1983), from the largest statistic
 * of the family under each sign flip (Westfall and Young 1993). With at most the error that was given any true hypothesis of the
 * family is ever rejected, at whatever look.
 */
export class Boundary {
  readonly #crossed: Uint8Array;
  #count = 0;
  #spent = 0;

  constructor(draws: number) {
    this.#crossed = new Uint8Array(draws);
  }

  /**
   * The value that a statistic must exceed at this look. Draws count as (1 + exceeding) / (1 + draws): counted plainly, too few
   * draws give twice the error.
   *
   * @param largest of the family under each draw
   * @param error that may be spent up to this look in all
   * @param degrees of freedom of Student's t, which is the least that one comparison takes where few questions differ
   * @returns infinite where no error is left
   */
  critical(largest: Float64Array, error: number, degrees: number): number {
    const share = error - this.#spent;
    this.#spent = error;
    const left = Math.floor(error * (largest.length + 1) + 1e-9) - 1 - this.#count;
    if (left < 0 || share <= 0) return Number.POSITIVE_INFINITY;
    const open = largest.filter((_, draw) => this.#crossed[draw] === 0).toSorted();
    const place = open.length - 1 - left;
    const flipped = place < 0 ? Number.NEGATIVE_INFINITY : (open[place] ?? Number.POSITIVE_INFINITY);
    return Math.max(flipped, studentQuantile(1 - share, Math.max(1, Math.min(degrees, 1e6))));
  }

  /** Notes the draws that exceed what was used at a look: they count at no later one. */
  cross(largest: Float64Array, critical: number): void {
    for (let draw = 0; draw < largest.length; draw++) {
      if (this.#crossed[draw] === 1 || (largest[draw] ?? 0) <= critical) continue;
      this.#crossed[draw] = 1;
      this.#count++;
    }
  }
}
