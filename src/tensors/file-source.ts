import { type FileHandle, open } from "node:fs/promises";
import { InputError, messageOf, systemCodeOf } from "../base/errors.ts";
import type { ByteSource } from "./byte-source.ts";

/**
 * Opens a file for reading by ranges. Reads may overlap in time: every one says its own position.
 *
 * @throws InputError if there is no such file, or if it is no regular file or cannot be read
 */
export async function openFileSource(path: string): Promise<ByteSource> {
  let file: FileHandle;
  try {
    file = await open(path, "r");
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") throw new InputError(`Expected a file ${path}, found none`, { cause: error });
    throw new InputError(`Cannot open ${path}: ${messageOf(error)}`, { cause: error });
  }
  const status = await file.stat();
  if (!status.isFile()) {
    await file.close();
    throw new InputError(`Expected ${path} to be a file, found something else`);
  }
  return new FileSource(path, status.size, file);
}

class FileSource implements ByteSource {
  readonly name: string;
  readonly byteLength: number;
  readonly #file: FileHandle;

  constructor(name: string, byteLength: number, file: FileHandle) {
    this.name = name;
    this.byteLength = byteLength;
    this.#file = file;
  }

  async read(position: number, into: Uint8Array): Promise<void> {
    let filled = 0;
    while (filled < into.byteLength) {
      const { bytesRead } = await this.#file.read(into, filled, into.byteLength - filled, position + filled);
      if (bytesRead === 0) {
        throw new InputError(
          `${this.name} ends too early: expected ${into.byteLength} bytes at ${position}, found ${filled}`,
          { hint: "The file is truncated or being written: fetch or make it again." },
        );
      }
      filled += bytesRead;
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
