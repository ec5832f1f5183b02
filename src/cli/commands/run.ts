import type { CommandModule } from "yargs";
import { readSweepFile } from "../../sweep/file/config.ts";
import type { CliContext } from "../context.ts";
import { executionFlags } from "../flags/execution-flags.ts";
import { defineCommand, named } from "../flags/options.ts";
import { onlyFlag, searchFlag, setFlag, sweepFlags, variablesOf } from "../flags/sweep-flags.ts";
import { trustFlag } from "../flags/trust.ts";
import { planAndRun } from "../run/run-plan.ts";

/** `mergesweep run SWEEP`: make, evaluate and report every point that is not done yet. */
export function runCommand(context: CliContext): CommandModule {
  return defineCommand({
    builder: (parser) =>
      parser
        .positional("sweep", { type: "string", demandOption: true, description: "Sweep file (YAML)" })
        .options(named(sweepFlags))
        .options(named(onlyFlag))
        .options(setFlag)
        .options(named(executionFlags))
        .options(trustFlag)
        .options(named({ search: searchFlag }))
        .example("$0 run sweeps/pocket.yaml", "the whole sweep")
        .example("$0 run sweeps/pocket.yaml --only w=0.1 --limit 50 --out runs/try", "a quick look at one point"),
    handler: async (args) => {
      const set = variablesOf(args.set);
      const sweep = await readSweepFile(args.sweep, set);
      await planAndRun(context, sweep, args, { kind: "sweep", path: args.sweep, set });
    },
  });
}
