import { open } from "node:fs/promises";
import { join } from "node:path";
import { systemCodeOf } from "../../base/errors.ts";
import type { SampleRecord } from "../schema.ts";
import { completionFiles, parseRecord } from "./completion-files.ts";

const NEWLINE = 0x0a;

/** Follows the completions that other workers add to a unit: each look reads what was added since the one before. */
export class CompletionReader {
  readonly #folder: string;
  readonly #own: string | undefined;
  readonly #read = new Map<string, number>();

  /** @param own the file that needs no reading: what is in it is known */
  constructor(folder: string, own?: string) {
    this.#folder = folder;
    this.#own = own;
  }

  /** Completions that were not there at the last look. Damaged lines are left to whoever reads the unit as a whole. */
  async more(): Promise<SampleRecord[]> {
    const records: SampleRecord[] = [];
    for (const name of await completionFiles(this.#folder)) {
      if (name === this.#own) continue;
      const bytes = await this.#readNew(name);
      for (let from = 0, to = bytes.indexOf(NEWLINE); to >= 0; from = to + 1, to = bytes.indexOf(NEWLINE, from)) {
        const record = to > from ? parseRecord(bytes.subarray(from, to)) : "";
        if (typeof record !== "string") records.push(record);
      }
    }
    return records;
  }

  /** Whole lines that a file has more than before. One that was mended is shorter, and read again. */
  async #readNew(name: string): Promise<Buffer> {
    // Opened anew each time: only then does NFS look at the server.
    const file = await open(join(this.#folder, name), "r").catch((error: unknown) => {
      if (systemCodeOf(error) === "ENOENT") return undefined;
      throw error;
    });
    if (file === undefined) return Buffer.of();
    try {
      const { size } = await file.stat();
      const before = this.#read.get(name) ?? 0;
      const from = size < before ? 0 : before;
      const bytes = Buffer.alloc(size - from);
      let length = 0;
      while (length < bytes.length) {
        const { bytesRead } = await file.read(bytes, length, bytes.length - length, from + length);
        if (bytesRead === 0) break;
        length += bytesRead;
      }
      const whole = bytes.subarray(0, length).lastIndexOf(NEWLINE) + 1;
      this.#read.set(name, from + whole);
      return bytes.subarray(0, whole);
    } finally {
      await file.close();
    }
  }
}
