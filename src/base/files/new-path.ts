import { access, constants, lstat, readdir, stat } from "node:fs/promises";
import { dirname, resolve, sep } from "node:path";
import { InputError, messageOf, systemCodeOf } from "../errors.ts";

const NOTHING_THERE = new Set(["ENOENT", "ENOTDIR"]);

/**
 * Makes sure that a file can be made that is not there yet, before the work that it takes. What is there stays as it is.
 *
 * @throws InputError if the name is taken, be it by a link that leads nowhere, or if no folder can be there to hold it
 */
export async function checkNewFile(path: string): Promise<void> {
  const what = "a new file";
  checkNamed(path, what);
  if (path.endsWith("/") || path.endsWith(sep)) {
    throw new InputError(`Expected the name of ${what}, found that of a folder: ${path}`, {
      hint: "Write the file's name behind it.",
    });
  }
  const found = await kindAt(path);
  if (found !== undefined) throw taken(path, what, found);
  await checkHolder(path, dirname(resolve(path)));
}

/**
 * Makes sure that a folder can be made that is not there yet, or is empty.
 *
 * @throws InputError as `checkNewFile` does
 */
export async function checkNewFolder(path: string): Promise<void> {
  const what = "a new folder";
  checkNamed(path, what);
  const found = await kindAt(resolve(path));
  if (found === "a folder") {
    const { length } = await readdir(path);
    if (length > 0) throw taken(path, what, `one with ${length} ${length === 1 ? "file" : "files"} in it`);
  } else if (found !== undefined) throw taken(path, what, found);
  await checkHolder(path, dirname(resolve(path)));
}

function checkNamed(path: string, what: string): void {
  if (path !== "") return;
  throw new InputError(`Expected the name of ${what}, found an empty one`, {
    hint: "A variable of the shell may be empty.",
  });
}

function taken(path: string, what: string, found: string): InputError {
  return new InputError(`Expected ${what} ${path}, found ${found}`, {
    hint: "What is there is left as it is: name another place, or remove it.",
  });
}

/** What has a name, in the words of an error; undefined if nothing has. */
async function kindAt(path: string): Promise<string | undefined> {
  try {
    const status = await lstat(path);
    if (status.isDirectory()) return "a folder";
    if (status.isFile()) return "a file";
    return status.isSymbolicLink() ? "a link" : "something that is neither file nor folder";
  } catch (error) {
    if (NOTHING_THERE.has(systemCodeOf(error) ?? "")) return undefined;
    throw new InputError(`Expected to be able to make ${path}, found no way there: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/**
 * Makes sure that files can be written into a folder, or that the folder can be made. Makes nothing.
 *
 * @throws InputError if not
 */
export async function checkWritable(folder: string): Promise<void> {
  await checkHolder(folder, resolve(folder));
}

/** A folder, or the nearest one above it that exists, must be one, and be ours to write to. */
async function checkHolder(path: string, folder: string): Promise<void> {
  const found = await kindAt(folder);
  if (found === undefined) {
    if (folder !== dirname(folder)) await checkHolder(path, dirname(folder));
    return;
  }
  const isFolder = await stat(folder).then(
    (status) => status.isDirectory(),
    () => false,
  );
  if (!isFolder) {
    throw new InputError(`${path}: expected ${folder} to be a folder, found ${found}`, { hint: "Name another place." });
  }
  await access(folder, constants.W_OK | constants.X_OK).catch((error: unknown) => {
    throw new InputError(`${path}: expected a folder that can be written to, found that ${folder} cannot`, {
      hint: "Name another place, or get the permission.",
      cause: error,
    });
  });
}
