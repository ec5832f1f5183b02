import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { formatBytes } from "../bytes.ts";
import { InputError, messageOf, systemCodeOf } from "../errors.ts";

/**
 * The content of a file that is small enough to be held in memory; undefined if there is none.
 *
 * @throws InputError if it is a folder, a pipe or a device (which might never end), too large, or cannot be read
 */
export async function readWholeFile(path: string, maxBytes: number): Promise<Uint8Array | undefined> {
  let file: FileHandle | undefined;
  try {
    // Opening a named pipe would wait for its writer otherwise.
    file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const status = await file.stat();
    if (!status.isFile()) {
      const found = status.isDirectory() ? "a folder" : "a pipe or a device";
      throw new InputError(`${path}: expected a file, found ${found}`, { hint: "Name or put an ordinary file there." });
    }
    if (status.size > maxBytes) {
      throw new InputError(
        `${path}: expected at most ${formatBytes(maxBytes)}, found a file of ${formatBytes(status.size)}`,
        { hint: "This is probably another file than the one that is meant." },
      );
    }
    return await file.readFile();
  } catch (error) {
    if (error instanceof InputError) throw error;
    if (["ENOENT", "ENOTDIR"].includes(systemCodeOf(error) ?? "")) return undefined;
    throw new InputError(`${path}: cannot be read: ${messageOf(error)}`, { cause: error });
  } finally {
    await file?.close();
  }
}
