import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { InputError, messageOf, systemCodeOf } from "../base/errors.ts";
import { checkInsideFolder } from "../base/files/inside-folder.ts";
import { readWholeFile } from "../base/files/read-whole-file.ts";
import type { ByteSource } from "./byte-source.ts";
import { openFileSource } from "./file-source.ts";

/** The files of a checkpoint or adapter, wherever they are: in a folder of this machine, or on the hub. */
export interface FileFolder {
  /** What to call it in errors; of a folder of this machine, its path. */
  readonly path: string;
  /** What is in it. */
  readonly names: readonly string[];
  /**
   * Reads a file into memory.
   * @returns undefined if there is none of the name
   * @throws InputError if it is larger than `maxBytes`, is no file, or leads out of the folder
   */
  readFile(name: string, maxBytes: number): Promise<Uint8Array | undefined>;
  /** Opens a file that is read by ranges. @throws InputError if it cannot be read or leads out of the folder */
  openFile(name: string): Promise<ByteSource>;
}

/** Opens a folder of this machine. @throws InputError if there is none */
export async function openFileFolder(path: string): Promise<FileFolder> {
  const names = await listFolder(path);
  return {
    path,
    names,
    async readFile(name, maxBytes) {
      if (!names.includes(name)) return undefined;
      // A downloaded folder must not make a merge publish other files of this machine.
      await checkInsideFolder(path, join(path, name));
      return await readWholeFile(join(path, name), maxBytes);
    },
    async openFile(name) {
      await checkInsideFolder(path, join(path, name));
      return await openFileSource(join(path, name));
    },
  };
}

async function listFolder(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    const found = systemCodeOf(error) === "ENOENT" ? "none" : messageOf(error);
    throw new InputError(`Expected a checkpoint folder ${path}, found ${found}`, { cause: error });
  }
}
