import { realpathSync } from "node:fs";
import { isAbsolute, relative, sep } from "node:path";
import { UsageError } from "../../base/errors.ts";
import type { SweepFile } from "../../sweep/file/config.ts";
import type { Terminal } from "../terminal.ts";

/** Says yes to the commands in a sweep file. */
export const trustFlag = {
  trust: {
    type: "boolean",
    description: "Run the sweep file's serve command though the file is not under the working directory",
    group: "Execution:",
  },
} as const;

/**
 * A sweep file may name a command that is run (`serve`). One that lies under the working directory is taken to be the person's
 * own; of another a terminal is asked.
 *
 * @throws UsageError if the command is not to be run
 */
export async function checkTrust(
  { path, config }: SweepFile,
  { serve, trust }: { readonly serve: string | undefined; readonly trust?: boolean | undefined },
  terminal: Terminal,
): Promise<void> {
  if (config.serve === undefined || serve !== undefined || trust === true || isUnder(process.cwd(), path)) return;
  const question = `${path} is not under the working directory and runs this command for every point:\n  ${config.serve}\nRun it?`;
  if ((await terminal.confirm?.(question)) === true) return;
  throw new UsageError(`${path} runs a command, and the file is not under the working directory:\n  ${config.serve}`, {
    hint: "If you trust the file, say so with --trust, or copy it into your project.",
  });
}

function isUnder(folder: string, path: string): boolean {
  const way = relative(realpathSync(folder), realpathSync(path));
  // On Windows the way to another drive is absolute.
  return way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
