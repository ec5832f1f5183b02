import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { type ResourceLimits, Worker } from "node:worker_threads";

/**
 * The file of a module for a thread or a process to run, in the same form as the module that asks: TypeScript in a checkout, JavaScript
 * in a package.
 *
 * @param name its path from the asking module, without extension
 * @param from `import.meta.url` of the asking module
 */
export function siblingModule(name: string, from: string): URL {
  return new URL(`${name}${extname(fileURLToPath(from))}`, from);
}

/**
 * Starts a thread with a module.
 *
 * @param resourceLimits of its memory; what takes more ends with an "error"
 */
export function startThread(module: URL, resourceLimits?: ResourceLimits): Worker {
  const options = resourceLimits === undefined ? {} : { resourceLimits };
  if (!module.pathname.endsWith(".ts")) return new Worker(module, options);
  // Node 20 takes no loader of TypeScript for a thread, so the thread registers it by itself.
  const loader = JSON.stringify(import.meta.resolve("tsx/esm/api"));
  const code = `import { register } from ${loader}; register(); await import(${JSON.stringify(module.href)});`;
  return new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`), options);
}
