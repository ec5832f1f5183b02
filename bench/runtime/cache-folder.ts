import { join } from "node:path";
import { cacheRoot } from "../../src/sweep/run/gguf-folder.ts";

/** Where the benchmarks keep what takes long to make: a random model of a gigabyte, headers, the built native program. */
export function cacheFolder(): string {
  return join(cacheRoot(), "bench");
}
