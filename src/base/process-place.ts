import { readFile, readlink } from "node:fs/promises";
import { hostname } from "node:os";
import { sha256 } from "./digest.ts";

/**
 * Names where a process id means a process: this boot of this machine, and its namespace of processes. The same for all
 * processes that see one another's ids; 16 hexadecimal digits.
 */
export async function processPlace(): Promise<string> {
  const boot = await readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => "");
  const namespace = await readlink("/proc/self/ns/pid").catch(() => "");
  return sha256(`${hostname()}\n${boot}\n${namespace}`).slice(0, 16);
}
