import { realpathSync } from "node:fs";
import { isAbsolute, relative, sep } from "node:path";
import { UsageError } from "../../base/errors.ts";
import type { SweepFile } from "../../sweep/file/config.ts";
import type { Terminal } from "../terminal.ts";

/** Says yes to the commands in a sweep file. */
export const trustFlag = {
  trust: {
    type: "boolean",
    description: "Run the commands in the sweep file (serve, cluster) although it is not under the working directory",
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
  if (config.serve === undefined || serve !== undefined) return;
  await checkFile(path, trust, { does: "runs a command", what: config.serve }, terminal);
}

/** The same for what a sweep file adds to the jobs of a cluster. @throws UsageError if it is not to be added */
export async function checkClusterTrust(
  { path, config }: SweepFile,
  trust: boolean | undefined,
  terminal: Terminal,
): Promise<void> {
  const { prelude, sbatch = [] } = config.cluster?.slurm ?? {};
  if (prelude === undefined && sbatch.length === 0) return;
  const what = [...(prelude === undefined ? [] : [`prelude ${prelude}`]), ...sbatch].join("\n  ");
  await checkFile(path, trust, { does: "adds this to your jobs", what }, terminal);
}

async function checkFile(
  path: string,
  trust: boolean | undefined,
  { does, what }: { readonly does: string; readonly what: string },
  terminal: Terminal,
): Promise<void> {
  if (trust === true || isUnder(process.cwd(), path)) return;
  const question = `${path} is not under the working directory and ${does}:\n  ${what}\nDo it?`;
  if ((await terminal.confirm?.(question)) === true) return;
  throw new UsageError(`${path} ${does}, and the file is not under the working directory:\n  ${what}`, {
    hint: "If you trust the file, pass --trust, or copy it into your project.",
  });
}

function isUnder(folder: string, path: string): boolean {
  const way = relative(realpathSync(folder), realpathSync(path));
  // On Windows the way to another drive is absolute.
  return way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
