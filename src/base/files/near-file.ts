import { readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { nearestWord } from "../suggest.ts";

/** Says which file was probably meant where one is missing: one beside it of a near name, if there is one. */
export async function nearFile(missing: string): Promise<string | undefined> {
  const folder = dirname(missing);
  const names = await readdir(folder).catch((): string[] => []);
  const near = nearestWord(basename(missing), names.toSorted());
  return near === undefined ? undefined : `Did you mean ${join(folder, near)}?`;
}
