import { join } from "node:path";
import { StoreError } from "../../base/errors.ts";
import { withGroupRewards } from "../../eval/score-samples.ts";
import { renderReport } from "../../report/render-report.ts";
import { enterAlone } from "../../runs/leases/enter-store.ts";
import { readRun } from "../../runs/read-run.ts";
import type { Manifest } from "../../runs/schema.ts";
import type { SweepOutcome } from "../../sweep/run/sweep-options.ts";
import type { CliContext } from "../context.ts";
import { sayFailures } from "../report-folder.ts";

interface Shown {
  readonly outcome: SweepOutcome;
  /** The run store. */
  readonly out: string;
  /** Gets the report. */
  readonly folder: string;
  readonly json: boolean;
  readonly rawCsv: boolean;
}

/**
 * Renders the report of what has just been worked on, and prints its table.
 *
 * @param view the part of the store that was asked for; all if left out
 */
export async function reportRun(
  context: CliContext,
  view: Manifest | undefined,
  { outcome, out, folder, json, rawCsv }: Shown,
): Promise<void> {
  const { terminal } = context;
  const run = await readRun(out, { view, regroup: withGroupRewards });
  const { files, table, decisions, failures } = await renderReport(run, folder, { csv: { raw: rawCsv } });
  terminal.out(json ? JSON.stringify({ ...outcome, run: out, report: files, decisions }) : table);
  for (const decision of decisions) terminal.note(decision);
  terminal.note(`Report: ${join(folder, "index.html")}`);
  sayFailures(context, failures);
}

/**
 * The same by the last of several workers: whoever is still at work makes the report when it ends.
 *
 * @returns whether it was for this worker to make
 */
export async function reportAsLast(context: CliContext, view: Manifest | undefined, shown: Shown): Promise<boolean> {
  const { signal, terminal } = context;
  const leases = await enterAlone(shown.out, "report", { signal, onWait: (text) => terminal.note(text) }).catch(
    (error: unknown) => {
      if (!(error instanceof StoreError)) throw error;
      terminal.note(`The report is left to the last worker: ${error.message}`);
      return undefined;
    },
  );
  if (leases === undefined) return false;
  try {
    await reportRun(context, view, shown);
    return true;
  } finally {
    await leases.leave();
  }
}
