import { type ChildProcess, type ForkOptions, fork } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { siblingModule } from "./start-thread.ts";

/**
 * Starts a module in a process of its own, in the same form as the module that asks: TypeScript in a checkout, through tsx,
 * or JavaScript in a package.
 *
 * @param name its path from the asking module, without extension
 * @param from `import.meta.url` of the asking module
 */
export function forkModule(name: string, from: string, { execArgv = [], ...options }: ForkOptions): ChildProcess {
  const file = fileURLToPath(siblingModule(name, from));
  return fork(file, [], { ...options, execArgv: [...execArgv, ...loaderOf(file)] });
}

/** Flags of Node that it needs to run a file: for TypeScript, tsx. */
export function loaderOf(file: string): readonly string[] {
  return file.endsWith(".ts") ? ["--import", pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href] : [];
}
