import { basename, join, resolve } from "node:path";
import type { CliContext } from "./context.ts";
import { EXIT } from "./exit-codes.ts";

/**
 * Where a report goes if nothing is said: beside the other reports, under the name of its store. That of a trial (a part of a
 * sweep) lies in a folder of its own, so that it leaves the report of the whole run alone.
 */
export function reportFolder(store: string, given: string | undefined, trial = false): string {
  return given ?? join("reports", basename(resolve(store)), ...(trial ? ["trial"] : []));
}

/** Names the pictures of a report that could not be drawn: the command has failed, though the tables are written. */
export function sayFailures(context: CliContext, failures: readonly string[]): void {
  if (failures.length === 0) return;
  context.terminal.error(
    ["Not drawn; the tables are complete:", ...failures.map((failure) => `  ${failure}`)].join("\n"),
  );
  context.setExitCode(EXIT.failed);
}
