import type { Checkpoint } from "../checkpoints/checkpoint.ts";
import { type OpenOptions, openCheckpoint } from "../checkpoints/open-checkpoint.ts";

/**
 * Checkpoints that stay open over several merges: a sweep opens and checks each once, whatever the number of its points.
 */
export class CheckpointPool {
  readonly #options: OpenOptions;
  readonly #opened = new Map<string, Promise<Checkpoint>>();
  readonly #made = new Map<string, Promise<object>>();

  /** @param root where relative paths start; if there is nothing there, they start at the working directory */
  constructor(root: string, options: Omit<OpenOptions, "roots"> = {}) {
    this.#options = { ...options, roots: [root, "."] };
  }

  /** A model as a recipe names it, opened if it was not yet. It is the pool's to close. */
  async open(model: string): Promise<Checkpoint> {
    let checkpoint = this.#opened.get(model);
    if (checkpoint === undefined) {
      checkpoint = openCheckpoint(model, this.#options);
      this.#opened.set(model, checkpoint);
      // One that could not be opened may be there at the next try.
      checkpoint.catch(() => this.#opened.delete(model));
    }
    return checkpoint;
  }

  /** What is the same for every merge of a sweep, made at the first one. */
  once<T extends object>(key: string, make: () => Promise<T>): Promise<T> {
    let made = this.#made.get(key);
    if (made === undefined) {
      made = make();
      this.#made.set(key, made);
      made.catch(() => this.#made.delete(key));
    }
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a key is one thing's
    return made as Promise<T>;
  }

  async close(): Promise<void> {
    const opened = await Promise.allSettled(this.#opened.values());
    this.#opened.clear();
    await Promise.all(opened.map(async (result) => result.status === "fulfilled" && result.value.close()));
  }
}
