import { basename, resolve } from "node:path";
import type { Comparison } from "../../findings/compare-points.ts";
import { strataNote } from "../../findings/strata-text.ts";
import { summarize } from "../../findings/summarize.ts";
import { askedDifferently, gradedDifferently, refuseIncomparable } from "../../runs/comparable.ts";
import { readRun } from "../../runs/read-run.ts";
import { compareRuns } from "./compare-runs.ts";

/** Points that were compared, and what to know of how. */
export interface ComparedStores {
  /** Differences are of the other minus the first, on the problems that both answered; p is adjusted for their number. */
  readonly comparisons: readonly Comparison[];
  /** How the two were graded differently: accuracy is then not the same thing in both. */
  readonly graded: readonly string[];
  /** How the two were asked differently. */
  readonly asked: readonly string[];
  /** Which points were asked samples of the questions: differences are weighted by stratum. */
  readonly sampled: readonly string[];
}

/**
 * Compares two runs, or two points, problem by problem, from what is stored; needs no model.
 *
 * @param run folder of the run store that differences are taken from
 * @param other folder of the one that is compared; the same if left out
 * @param points a point of the first and one of the other; those of the same name if left out
 * @throws StoreError if one is no run store, if there is nothing to pair, or if the two cannot be compared, with what differs
 */
export async function compareStores(
  run: string,
  other?: string,
  points?: readonly [string, string],
): Promise<ComparedStores> {
  const baseline = { name: basename(resolve(run)), run: await readRun(run) };
  const compared = other === undefined ? baseline : { name: basename(resolve(other)), run: await readRun(other) };
  if (compared !== baseline) refuseIncomparable(baseline, compared);
  return {
    comparisons: compareRuns(baseline, compared, points),
    graded: gradedDifferently(baseline, compared),
    asked: askedDifferently(baseline, compared),
    sampled: [...new Set([baseline, compared])].flatMap(({ name, run: one }) => {
      const note = strataNote(summarize(one));
      return note === "" ? [] : [`${name}: ${note}`];
    }),
  };
}
