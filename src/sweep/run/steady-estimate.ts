/** Nothing said of the first seconds holds: models are loaded, short answers are finished before long ones. */
const LEAST_SECONDS = 5;
const LEAST_ESTIMATES = 3;
/** How far apart the estimates of the second half of the time so far may lie, largest by smallest. */
const STEADY_RATIO = 1.25;

interface Estimate {
  readonly at: number;
  /** When all will be done, by what was known then. */
  readonly end: number;
}

/** Says how long something will take once the estimates of it agree: those made since half of the time so far. */
export class SteadyEstimate {
  #made: Estimate[] = [];

  /**
   * @param seconds since the beginning
   * @param left what is estimated now; null where nothing is known
   * @returns `left`, or null as long as the estimates move
   */
  of(seconds: number, left: number | null): number | null {
    if (left === null || left === 0) return left;
    this.#made = this.#made.filter(({ at }) => at >= seconds / 2);
    if (this.#made.at(-1)?.at !== seconds) this.#made.push({ at: seconds, end: seconds + left });
    const ends = this.#made.map(({ end }) => end);
    const agreed = Math.max(...ends) <= STEADY_RATIO * Math.min(...ends);
    return agreed && ends.length >= LEAST_ESTIMATES && seconds >= LEAST_SECONDS ? left : null;
  }
}
