import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";

/** The names of the YAML files in a folder, without their ending; none where there is no folder. */
export async function yamlNamesIn(folder: string): Promise<string[]> {
  if (!existsSync(folder)) return [];
  return (await readdir(folder)).filter((name) => name.endsWith(".yaml")).map((name) => name.slice(0, -".yaml".length));
}
