import { realpath } from "node:fs/promises";
import { dirname, join, resolve, sep } from "node:path";
import { InputError } from "../errors.ts";

/**
 * Makes sure that a file of a checkpoint folder is not a link to somewhere else. Links may lead within the folder, or to the
 * blobs of the Hugging Face cache that the folder is a snapshot of.
 *
 * @throws InputError if it does, or if there is no such file
 */
export async function checkInsideFolder(folder: string, path: string): Promise<void> {
  const root = await realpath(folder);
  let real: string;
  try {
    real = await realpath(path);
  } catch (error) {
    throw new InputError(`Expected a file ${path}, found none`, {
      hint: "A file is missing: fetch the checkpoint again.",
      cause: error,
    });
  }
  const blobs = join(dirname(dirname(root)), "blobs");
  if (![root, blobs].some((allowed) => real.startsWith(resolve(allowed) + sep))) {
    throw new InputError(`${path}: expected a file in the checkpoint folder, found a link to ${real}`, {
      hint: "Link the whole folder, or copy the file into it.",
    });
  }
}
