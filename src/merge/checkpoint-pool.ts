import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { type Checkpoint, openCheckpoint } from "../checkpoints/checkpoint.ts";

/**
 * Checkpoints that stay open over several merges: a sweep opens and checks each once, whatever the number of its points.
 */
export class CheckpointPool {
  readonly #root: string;
  readonly #opened = new Map<string, Promise<Checkpoint>>();

  /** @param root where relative paths start; if there is nothing there, they start at the working directory */
  constructor(root: string) {
    this.#root = root;
  }

  /** The checkpoint, opened if it was not yet. It is the pool's to close. */
  async open(model: string): Promise<Checkpoint> {
    const inRoot = resolve(this.#root, model);
    const path = existsSync(inRoot) || !existsSync(resolve(model)) ? inRoot : resolve(model);
    let checkpoint = this.#opened.get(path);
    if (checkpoint === undefined) {
      checkpoint = openCheckpoint(path);
      this.#opened.set(path, checkpoint);
      // One that could not be opened may be there at the next try.
      checkpoint.catch(() => this.#opened.delete(path));
    }
    return checkpoint;
  }

  async close(): Promise<void> {
    const opened = await Promise.allSettled(this.#opened.values());
    this.#opened.clear();
    await Promise.all(opened.map(async (result) => result.status === "fulfilled" && result.value.close()));
  }
}
