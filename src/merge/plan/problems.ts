import { InputError } from "../../base/errors.ts";

/** How many problems one error shows. */
const MAX_SHOWN = 12;

/** Gathers what is wrong with a merge, so that all of it is reported at once. Equal problems are counted, not repeated. */
export class Problems {
  readonly #places = new Map<string, string[]>();
  readonly #hints = new Set<string>();

  /** @param place where it is, such as a tensor's name; undefined if the problem says it */
  add(problem: string, place?: string, hint?: string): void {
    const places = this.#places.get(problem) ?? [];
    if (place !== undefined) places.push(place);
    this.#places.set(problem, places);
    if (hint !== undefined) this.#hints.add(hint);
  }

  /** @throws InputError with every problem, if there is any */
  throwIfAny(): void {
    if (this.#places.size === 0) return;
    const lines = Array.from(this.#places, ([problem, places]) => {
      const [first, ...others] = places;
      if (first === undefined) return problem;
      return others.length === 0 ? `${first}: ${problem}` : `${first} and ${others.length} more: ${problem}`;
    });
    const shown = lines.slice(0, MAX_SHOWN);
    if (lines.length > MAX_SHOWN) shown.push(`... and ${lines.length - MAX_SHOWN} more`);
    const hint = this.#hints.size === 0 ? undefined : [...this.#hints].join(" ");
    const [only] = shown;
    if (shown.length === 1 && only !== undefined)
      throw new InputError(`These models cannot be merged: ${only}`, { hint });
    throw new InputError(`These models cannot be merged:\n${shown.map((line) => `  - ${line}`).join("\n")}`, { hint });
  }
}
