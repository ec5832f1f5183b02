import type { Checkpoint } from "../checkpoints/checkpoint.ts";
import { type OpenOptions, openCheckpoint } from "../checkpoints/open-checkpoint.ts";

/** How models are opened. */
export type PoolOptions = Omit<OpenOptions, "roots">;

/**
 * Checkpoints that stay open over several merges: a sweep opens and checks each once, whatever the number of its points.
 */
export class CheckpointPool {
  readonly #options: OpenOptions;
  readonly #opened = new Map<string, Promise<Checkpoint>>();
  readonly #made = new Map<string, Promise<object>>();
  readonly #places = new Map<string, string>();

  /** @param root where relative paths start; if there is nothing there, they start at the working directory */
  constructor(root: string, options: PoolOptions = {}) {
    this.#options = { ...options, roots: [root, "."] };
  }

  /** Says where the merge is that recipes call by a name of its own. */
  place(name: string, path: string): void {
    this.#places.set(name, path);
  }

  /** A model as a recipe names it, opened if it was not yet. It is the pool's to close. */
  async open(model: string): Promise<Checkpoint> {
    let checkpoint = this.#opened.get(model);
    if (checkpoint === undefined) {
      checkpoint = openCheckpoint(this.#placed(model), this.#options);
      this.#opened.set(model, checkpoint);
      // One that could not be opened may be there at the next try.
      checkpoint.catch(() => this.#opened.delete(model));
    }
    return checkpoint;
  }

  #placed(model: string): string {
    const [name = "", ...adapter] = model.split("+");
    const place = this.#places.get(name);
    return place === undefined ? model : [place, ...adapter].join("+");
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
