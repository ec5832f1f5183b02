import { type ChildProcess, type ForkOptions, fork } from "node:child_process";
import { createRequire } from "node:module";
import { extname } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/**
 * Starts a module in a process of its own, in the same form as the module that asks: TypeScript in a checkout, through tsx,
 * or JavaScript in a package.
 *
 * @param name its path from the asking module, without extension
 * @param from `import.meta.url` of the asking module
 */
export function forkModule(name: string, from: string, { execArgv = [], ...options }: ForkOptions): ChildProcess {
  const extension = extname(fileURLToPath(from));
  const file = fileURLToPath(new URL(`${name}${extension}`, from));
  const loader =
    extension === ".ts" ? ["--import", pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href] : [];
  return fork(file, [], { ...options, execArgv: [...execArgv, ...loader] });
}
