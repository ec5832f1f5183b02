/** Node fires timers of more than 31 bits at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** Watches over a server that may fall silent: `signal` aborts when nothing was heard for too long, and with the signal of the caller. */
export class Silence {
  readonly #controller = new AbortController();
  readonly #outer: AbortSignal | undefined;
  readonly #abort = (): void => this.#controller.abort(this.#outer?.reason);
  #timer: NodeJS.Timeout | undefined;
  #limit = 0;
  #over = false;
  #heard = false;
  readonly #end: NodeJS.Timeout | undefined;
  #endless = false;

  /**
   * @param milliseconds until something is heard for the first time
   * @param longest until the end, however much is heard: no limit if left out
   */
  constructor(outer: AbortSignal | undefined, milliseconds: number, longest?: number) {
    this.#outer = outer;
    if (outer?.aborted === true) this.#abort();
    // Not AbortSignal.any: the caller's signal lives as long as the sweep, and would remember each request.
    outer?.addEventListener("abort", this.#abort, { once: true });
    this.#wait(milliseconds);
    if (longest !== undefined) {
      this.#end = setTimeout(
        () => {
          this.#endless = true;
          this.#controller.abort();
        },
        Math.min(longest, LONGEST_TIMER),
      );
    }
  }

  /** Whether the time for all of it was up. */
  get endless(): boolean {
    return this.#endless;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** How long was too long, in milliseconds; undefined if it was not. */
  get tooLong(): number | undefined {
    return this.#over ? this.#limit : undefined;
  }

  /** Whether anything was heard at all. */
  get heard(): boolean {
    return this.#heard;
  }

  /** Something was heard; for so many milliseconds nothing more need be. */
  allow(milliseconds: number): void {
    this.#heard = true;
    this.#wait(milliseconds);
  }

  #wait(milliseconds: number): void {
    if (this.#timer !== undefined && milliseconds === this.#limit) {
      this.#timer.refresh();
      return;
    }
    clearTimeout(this.#timer);
    this.#limit = milliseconds;
    this.#timer = setTimeout(() => {
      this.#over = true;
      this.#controller.abort();
    }, milliseconds);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#end);
    this.#outer?.removeEventListener("abort", this.#abort);
  }
}
