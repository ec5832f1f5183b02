import { InputError } from "../../base/errors.ts";

/**
 * What a config.json says that would be lost on the way to llama.cpp: fields that are not known, and fields that llama.cpp
 * has no counterpart of. Each is refused by its name, or noted if the person has allowed it.
 */
export class Misfits {
  readonly #where: string;
  readonly #allowed: ReadonlySet<string>;
  readonly #refused = new Map<string, string>();
  readonly #notes: string[] = [];

  /**
   * @param where the checkpoint, for errors
   * @param allowed names of fields (`rope_scaling.beta_fast`, or its last part) that may be lost
   */
  constructor(where: string, allowed: Iterable<string> = []) {
    this.#where = where;
    this.#allowed = new Set(allowed);
  }

  /** What was allowed, and what stops nothing: for people, without the checkpoint's name. */
  get notes(): readonly string[] {
    return this.#notes;
  }

  /** Something that stops nothing. */
  note(text: string): void {
    this.#notes.push(`config.json: ${text}`);
  }

  /**
   * A field that is lost.
   * @param problem names the field, what it says and what llama.cpp does instead
   */
  add(field: string, problem: string): void {
    if (this.#allowed.has(field) || this.#allowed.has(field.slice(field.lastIndexOf(".") + 1))) {
      this.note(`${problem}. Accepted by --allow-unknown ${field}.`);
    } else this.#refused.set(field, problem);
  }

  /** @throws InputError with all that is refused */
  throwIfAny(): void {
    const [first, ...others] = this.#refused.values();
    if (first === undefined) return;
    const list = others.length === 0 ? first : ["what llama.cpp cannot take over:", first, ...others].join("\n  ");
    throw new InputError(`${this.#where}: config.json: ${list}`, {
      hint: `To go on without, add --allow-unknown ${[...this.#refused.keys()].join(",")}: a report names what was left out.`,
    });
  }
}
