import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { formatBytes } from "../bytes.ts";
import { DiskFullError, messageOf, systemCodeOf, WorkError } from "../errors.ts";
import { makeFolder } from "./make-folder.ts";
import { temporaryPath } from "./temporary-path.ts";

/**
 * Writes a file so that its name shows either the old content or the whole new one: a temporary file in the same folder,
 * fsync, one rename. Missing folders are made.
 *
 * @throws WorkError if the disk is full or the place cannot be written; nothing is left behind then.
 */
export async function writeFileAtomic(
  path: string,
  content: string | Uint8Array | AsyncIterable<string | Uint8Array>,
): Promise<void> {
  const temporary = temporaryPath(path);
  try {
    await makeFolder(dirname(path));
    const file = await open(temporary, "wx");
    try {
      if (typeof content === "string" || content instanceof Uint8Array) await file.writeFile(content);
      // Each piece goes where the last one ended: what is larger than memory is written all the same.
      else for await (const piece of content) await file.writeFile(piece);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw describeWriteFailure(error, path);
  }
}

/**
 * A system error of writing, in the words of a person who has to act on it. Errors of other kinds come back as they are.
 *
 * @param hint what to do about a full disk, where nothing that was finished is kept
 */
export function describeWriteFailure(
  error: unknown,
  path: string,
  hint = "Free some space, then run the same command again: what is finished is kept.",
): unknown {
  const code = systemCodeOf(error);
  switch (code) {
    case "ENOSPC":
    case "EDQUOT":
      return new DiskFullError(`No space left on the disk while writing ${path}`, {
        hint,
        cause: error,
      });
    case undefined:
      return error;
    default:
      return new WorkError(`${path} cannot be written: ${WRITE_FAILURES[code] ?? messageOf(error)}`, { cause: error });
  }
}

/** The hint at a full disk for what is written as a whole or not at all. @param bytes that it takes */
export function wholeOrNothing(bytes: number): string {
  return `It takes about ${formatBytes(bytes)}, and nothing of it is left there: free that much space, then run the same command again.`;
}

const WRITE_FAILURES: Readonly<Record<string, string>> = {
  EACCES: "no permission",
  EPERM: "no permission",
  EROFS: "the file system is read-only",
  EEXIST: "a file is where a folder is wanted",
  ENOTDIR: "a file is where a folder is wanted",
  EISDIR: "a folder is where a file is wanted",
  ENOENT: "its folder cannot be made",
};
