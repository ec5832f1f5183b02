import { open } from "node:fs/promises";
import { basename } from "node:path";
import { describeWriteFailure } from "../../base/files/atomic-write.ts";
import type { SampleRecord } from "../schema.ts";
import type { DamagedLine } from "./completion-files.ts";

/** How a file is when its writer begins. */
interface WriterState {
  readonly existing: readonly SampleRecord[];
  readonly setAside: readonly DamagedLine[];
  readonly lease: FileLease;
}

/** What makes a file one writer's alone. */
export interface FileLease {
  /** @throws if the file may be another's by now */
  check(): Promise<void>;
  release(): Promise<void>;
}

/** Appends completions to a file of this process's own, each in one write that has reached the operating system when `append` returns. */
export class SampleWriter {
  /** What was stored before this process. */
  readonly existing: readonly SampleRecord[];
  /** Damaged lines that were set aside when the unit was opened. */
  readonly setAside: readonly DamagedLine[];
  readonly #file: Awaited<ReturnType<typeof open>>;
  readonly #path: string;
  readonly #lease: FileLease;
  #last: Promise<void> = Promise.resolve();

  private constructor(
    path: string,
    file: Awaited<ReturnType<typeof open>>,
    { existing, setAside, lease }: WriterState,
  ) {
    this.#path = path;
    this.#lease = lease;
    this.#file = file;
    this.existing = existing;
    this.setAside = setAside;
  }

  static async open(path: string, state: WriterState): Promise<SampleWriter> {
    return new SampleWriter(path, await open(path, "a"), state);
  }

  /** The file's name in the unit's folder. */
  get name(): string {
    return basename(this.#path);
  }

  /**
   * @throws WorkError if the disk is full, or LeasesLost if others have taken this worker for dead; what was stored before stays
   *   readable
   */
  async append(record: SampleRecord): Promise<void> {
    // One after the other, and none after a failed one: a torn line may only ever be the last.
    this.#last = this.#last.then(async () => {
      await this.#lease.check();
      await this.#file.appendFile(`${JSON.stringify(record)}\n`);
    });
    try {
      await this.#last;
    } catch (error) {
      throw describeWriteFailure(error, this.#path);
    }
  }

  /** Makes sure that other hosts see what was appended. */
  async sync(): Promise<void> {
    await this.#last.catch(() => {});
    await this.#file.datasync();
  }

  async close(): Promise<void> {
    try {
      await this.sync();
    } finally {
      await this.#file.close();
      await this.#lease.release();
    }
  }
}
