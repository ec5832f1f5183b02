import { readFile } from "node:fs/promises";
import { sha256 } from "../../../src/base/digest.ts";

/** SHA-256 of a file's bytes. */
export async function sha256File(path: string): Promise<string> {
  return sha256(await readFile(path));
}
