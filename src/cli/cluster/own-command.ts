import { fileURLToPath } from "node:url";
import { loaderOf } from "../../base/threads/fork-module.ts";
import { siblingModule } from "../../base/threads/start-thread.ts";

/** What starts mergesweep as it was started here, word by word, from any folder: there may be none on the PATH of a node. */
export function ownCommand(): string[] {
  const main = fileURLToPath(siblingModule("../main", import.meta.url));
  return [process.execPath, ...loaderOf(main), main];
}
