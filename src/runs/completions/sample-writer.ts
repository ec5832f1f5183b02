import { open } from "node:fs/promises";
import { describeWriteFailure } from "../../base/files/atomic-write.ts";
import type { SampleRecord } from "../schema.ts";
import type { DamagedLine } from "./completion-files.ts";

/** Appends completions to `samples.jsonl`, each in one write that has reached the operating system when `append` returns. */
export class SampleWriter {
  /** What was stored before this process. */
  readonly existing: readonly SampleRecord[];
  /** Damaged lines that were set aside when the unit was opened. */
  readonly setAside: readonly DamagedLine[];
  readonly #file: Awaited<ReturnType<typeof open>>;
  readonly #path: string;
  #last: Promise<void> = Promise.resolve();

  private constructor(
    path: string,
    file: Awaited<ReturnType<typeof open>>,
    existing: readonly SampleRecord[],
    setAside: readonly DamagedLine[],
  ) {
    this.#path = path;
    this.#file = file;
    this.existing = existing;
    this.setAside = setAside;
  }

  static async open(
    path: string,
    existing: readonly SampleRecord[],
    setAside: readonly DamagedLine[] = [],
  ): Promise<SampleWriter> {
    return new SampleWriter(path, await open(path, "a"), existing, setAside);
  }

  /** @throws WorkError if the disk is full; what was stored before stays readable. */
  async append(record: SampleRecord): Promise<void> {
    // One after the other, and none after a failed one: a torn line may only ever be the last.
    this.#last = this.#last.then(() => this.#file.appendFile(`${JSON.stringify(record)}\n`));
    try {
      await this.#last;
    } catch (error) {
      throw describeWriteFailure(error, this.#path);
    }
  }

  async close(): Promise<void> {
    try {
      await this.#last.catch(() => {});
      await this.#file.sync();
    } finally {
      await this.#file.close();
    }
  }
}
