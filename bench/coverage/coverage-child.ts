import { isFound, POWER_CASES, statedDifference } from "./detectable-power.ts";
import { measureRun } from "./measure-run.ts";
import type { Tally } from "./tally.ts";
import { WORLDS } from "./world-list.ts";

/** Runs of a world, or of a power case at a difference. */
export interface CoverageTask {
  readonly world?: number;
  readonly power?: number;
  readonly difference?: number;
  readonly from: number;
  readonly to: number;
}

/** What came of a task. */
export interface CoverageAnswer {
  readonly tally: Tally;
  readonly stated: readonly number[];
  readonly found: number;
}

process.on("message", (task: CoverageTask) => {
  process.send?.(answer(task));
});
process.on("disconnect", () => process.exit());

function answer({ world, power, difference, from, to }: CoverageTask): CoverageAnswer {
  const tally: Tally = {};
  const stated: number[] = [];
  let found = 0;
  const listed = WORLDS[world ?? -1];
  const one = POWER_CASES[power ?? -1];
  for (let seed = from; seed < to; seed++) {
    if (listed !== undefined) measureRun(listed, seed, tally);
    if (one === undefined) continue;
    if (difference === undefined) {
      const value = statedDifference(one, seed);
      if (value !== null) stated.push(value);
    } else if (isFound(one, difference, seed)) found++;
  }
  return { tally, stated, found };
}
