import { access, constants, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { InputError, messageOf, systemCodeOf } from "./errors.ts";

/**
 * Checks that files can be written into a folder, or that the folder can be made; makes nothing.
 *
 * @throws InputError if not, before hours of work end there
 */
export async function checkWritable(folder: string): Promise<void> {
  for (let place = resolve(folder); ; place = dirname(place)) {
    try {
      if (!(await stat(place)).isDirectory()) {
        throw new InputError(`${folder} cannot be written: a file is where a folder should be: ${place}`);
      }
      await access(place, constants.W_OK | constants.X_OK);
      return;
    } catch (error) {
      const code = systemCodeOf(error);
      if (code === "ENOENT" && place !== dirname(place)) continue;
      if (code === undefined) throw error;
      throw new InputError(
        `${folder} cannot be written: ${code === "ENOTDIR" ? `a file is where a folder should be: ${dirname(place)}` : messageOf(error)}`,
        { cause: error },
      );
    }
  }
}
